import { expect, it } from "vitest";
import { listFolder } from "../../src/tree/listing.ts";
import { emptyIndex, fileOf, nodeOf, placeAt, take, Writer } from "../support/writers.ts";

it("shows what a change puts into a folder", () => {
  const db = emptyIndex();
  const [folder, file] = [nodeOf("d", "folder"), nodeOf("f", "file")];
  const change = new Writer("alice").change([
    placeAt(folder, "root", "docs"),
    placeAt(file, folder, "a.txt"),
    fileOf(file, "hello"),
  ]);
  take(db, [change]);
  expect([...listFolder(db, "", { recursive: true })]).toMatchObject([
    { path: "docs", kind: "folder", node: folder },
    { path: "docs/a.txt", kind: "file", size: 5, by: change.device, version: change.digest, conflict: false },
  ]);
});
