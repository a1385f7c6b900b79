import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openFolderStore } from "../src/folder.ts";
import { describeStore } from "./store-contract.ts";

describeStore("folder store", async () => {
  const path = await mkdtemp(join(tmpdir(), "conclave-store-"));
  return {
    store: await openFolderStore({ path, settled: true }),
    close: () => rm(path, { recursive: true }),
  };
});
