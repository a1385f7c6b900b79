/** Plain files in a folder of Google Drive, taken into a group on a folder here; on an emulated Google. */
import { expect, it } from "vitest";
import { FOLDER_TYPE, googleStage } from "../support/google.ts";
import type { Person } from "../support/stage.ts";

interface Scene {
  readonly alice: Person;
  /** Puts something into Alice's Drive; gives its id. */
  put(parent: string, name: string, contents: string | undefined): Promise<string>;
  /** What lies in a folder of Alice's Drive now. */
  names(folder: string): Promise<readonly string[]>;
}

async function scene(): Promise<Scene> {
  const { newcomer, onDrive } = await googleStage();
  const alice = await newcomer("Alice");
  await alice.json("create", "family", "store", "--settled");
  const put: Scene["put"] = async (parent, name, contents) => {
    const meta = { name, parents: [parent], ...(contents === undefined ? { mimeType: FOLDER_TYPE } : {}) };
    const make = (path: string, request: object) =>
      onDrive<{ id: string }>("Alice", path, { method: "POST", ...request });
    if (contents === undefined) return (await make("/drive/v3/files", { json: meta })).id;
    const body = `--b\r\ncontent-type: application/json\r\n\r\n${JSON.stringify(meta)}\r\n--b\r\ncontent-type: text/plain\r\n\r\n${contents}\r\n--b--`;
    const headers = { "content-type": "multipart/related; boundary=b" };
    return (await make("/upload/drive/v3/files?uploadType=multipart", { headers, body })).id;
  };
  const names: Scene["names"] = async (folder) => {
    const q = encodeURIComponent(`'${folder}' in parents and trashed = false`);
    const { files } = await onDrive<{ files: { name: string }[] }>("Alice", `/drive/v3/files?q=${q}`);
    return files.map(({ name }) => name).sort();
  };
  return { alice, put, names };
}

it("takes them in, reads them back, and deletes the originals only when told to", { timeout: 120_000 }, async () => {
  const { alice, put, names } = await scene();
  const top = await put("root", "photos", undefined);
  const sub = await put(top, "a b", undefined);
  await put(top, "one.txt", "1");
  await put(sub, "it's.txt", "22");
  await put(sub, "empty", "");
  expect(await alice.json("import", "gdrive:photos", "family:from drive")).toMatchObject({
    transferred: 3,
    verified: 3,
    deleted: 0,
    failed: [],
  });
  expect((await alice("cat", "family:from drive/a b/it's.txt")).out).toBe("22");
  expect(await names(top)).toEqual(["a b", "one.txt"]);
  expect(await alice.json("import", `gdrive:id=${top}`, "family:from drive", "--delete-originals")).toMatchObject({
    transferred: 0,
    skipped: 3,
    verified: 3,
    deleted: 3,
    failed: [],
  });
  expect(await names(top)).toEqual([]);
});

it("leaves what has no one name or no bytes, and says why", { timeout: 120_000 }, async () => {
  const { alice, put, names } = await scene();
  const top = await put("root", "mixed", undefined);
  await put(top, "twice", "1");
  await put(top, "twice", "2");
  await put(top, "a/b", "3");
  await put(top, "..", "4");
  await put(top, "well", "5");
  const { exit, out } = await alice("import", "gdrive:mixed", "family:", "--delete-originals", "--json");
  const { deleted, failed } = JSON.parse(out) as { deleted: number; failed: { path: string; error: string }[] };
  expect({ exit, deleted }).toEqual({ exit: 1, deleted: 1 });
  expect(Object.fromEntries(failed.map(({ path, error }) => [path, error.split(":")[0]]))).toEqual({
    "..": "its name cannot be that of a file",
    "a/b": "its name cannot be that of a file",
    twice: "several things have this name",
  });
  expect(await names(top)).toEqual(["..", "a/b", "twice", "twice"]);
});

it("leaves a home of private keys out, and never deletes it", { timeout: 120_000 }, async () => {
  const { alice, put, names } = await scene();
  const top = await put("root", "backup", undefined);
  const home = await put(top, "conclave", undefined);
  for (const name of ["identity.txt", "card.txt"]) await put(home, name, name);
  await put(top, "one.txt", "1");
  for (const [place, path, deleted] of [
    ["gdrive:backup", "conclave", 1],
    [`gdrive:id=${home}`, "", 0],
  ] as const) {
    const { exit, out } = await alice("import", place, "family:", "--delete-originals", "--json");
    const failed = [{ path, error: expect.stringContaining("Conclave home") }];
    expect([exit, JSON.parse(out)]).toEqual([1, expect.objectContaining({ files: deleted, deleted, failed })]);
  }
  expect(await names(home)).toEqual(["card.txt", "identity.txt"]);
});

it("refuses a folder that holds a group, or lies in one, and one that is not there", { timeout: 120_000 }, async () => {
  const { alice, put } = await scene();
  const top = await put("root", "club", undefined);
  const sub = await put(top, "below", undefined);
  await put(top, "conclave.json", "{}");
  for (const place of ["gdrive:club", `gdrive:id=${sub}`]) {
    expect(await alice.refusal("import", place, "family:")).toMatchObject({ code: "conflict" });
  }
  expect(await alice.refusal("import", "gdrive:nowhere", "family:")).toMatchObject({ code: "not-found", exit: 4 });
});
