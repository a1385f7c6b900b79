/**
 * What Drive still keeps of deleted objects, and who can end it. Each of our files carries, as properties, the folder and
 * path that it was made for: so its owner finds it again when somebody else has taken it out of the folder.
 */
import type { CallOptions, KeptObject, Retention } from "@conclave/core";
import type { DriveFile } from "./answers.ts";
import type { CallContext } from "./calls.ts";
import { driveOf, quoted } from "./catch-up.ts";
import type { DriveClient } from "./client.ts";
import { fitsName } from "./named-digest.ts";
import type { DriveTree } from "./tree.ts";

const ROOT_PROPERTY = "conclave-folder";
const PATH_PROPERTY = "conclave-path";
/** Drive's limit for one property, its name and value together, in bytes. */
const PROPERTY_BYTES_MAX = 124;
const PAGES_MAX = 10_000;

/** What a file that is put under a key is marked with. */
export function marksOf(root: string, folder: string): Record<string, string> {
  const marks = { [ROOT_PROPERTY]: root, [PATH_PROPERTY]: folder };
  return Object.fromEntries(
    Object.entries(marks).filter(([name, value]) => value !== "" && name.length + value.length <= PROPERTY_BYTES_MAX),
  );
}

/** @param catchUp - Brings the tree up to date. */
export function driveRetention(
  client: DriveClient,
  tree: DriveTree,
  catchUp: (context: CallContext) => Promise<void>,
): Retention {
  async function* keptFiles(context: CallContext): AsyncGenerator<DriveFile> {
    await catchUp(context);
    const driveId = driveOf(tree);
    const mark = `properties has { key=${quoted(ROOT_PROPERTY)} and value=${quoted(tree.root)} }`;
    const q = driveId === undefined ? `'me' in owners and ${mark}` : `trashed = true and ${mark}`;
    let page: string | undefined;
    for (let pages = 0; pages < PAGES_MAX; pages++) {
      const { files, next } = await client.files({ q, page, driveId }, context);
      yield* files.filter((file) => isOurs(file) && (file.trashed || !tree.holds(file.id)));
      if (next === undefined) return;
      page = next;
    }
  }

  return {
    async *kept({ signal }: CallOptions = {}): AsyncGenerator<KeptObject> {
      const context = { doing: "look for what Google Drive still keeps", signal };
      for await (const file of keptFiles(context)) {
        yield { key: keyOf(file), id: file.id, owner: file.owner, where: file.trashed ? "trash" : "detached" };
      }
    },

    async purge({ key, id }, { signal } = {}) {
      const deleted = await client.delete(id, { doing: `delete ${key} for good`, signal });
      return deleted === "refused" ? "kept" : "purged";
    },
  };
}

/** Anybody who may write to a file can mark it like one of ours. What is kept is deleted for good, so its bytes must be ours. */
function isOurs(file: DriveFile): boolean {
  return file.isPlain && fitsName(keyOf(file), file.sha256) !== false; // check: digest
}

function keyOf({ name, properties }: DriveFile): string {
  const path = properties.get(PATH_PROPERTY);
  return path === undefined ? name : `${path}/${name}`;
}
