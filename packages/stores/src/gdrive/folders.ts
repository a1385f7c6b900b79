/** Folders: finding the group's own, and making those that a key needs, once each however many ask. */
import { StoreError } from "@conclave/core";
import { unlessAborted } from "../http/unless-aborted.ts";
import { type DriveFile, FOLDER_TYPE } from "./answers.ts";
import type { CallContext } from "./calls.ts";
import { quoted } from "./catch-up.ts";
import type { DriveClient } from "./client.ts";
import type { DriveTree } from "./tree.ts";

/** Tries with fresh ids, should one be taken. */
const IDS_MAX = 3;

/**
 * The folder of a name in My Drive: the oldest, if there are several.
 *
 * @param options.create - Makes it if there is none.
 * @returns Its id.
 * @throws StoreError `not-found` if there is none.
 */
export async function findFolder(
  client: DriveClient,
  options: { readonly name: string; readonly create: boolean; readonly signal?: AbortSignal | undefined },
): Promise<string> {
  const { name, create, signal } = options;
  const context = { doing: `open the folder ${name}`, signal };
  const q = `name = ${quoted(name)} and mimeType = ${quoted(FOLDER_TYPE)} and 'root' in parents and trashed = false`;
  const { files } = await client.files({ q }, context);
  const [oldest] = files
    .filter((file) => file.isFolder && file.name === name)
    .sort((left, right) => left.created - right.created || (left.id < right.id ? -1 : 1));
  if (oldest !== undefined) return oldest.id;
  if (create) return (await makeFolder(client, { name, parent: "root", nextId: ids(client) }, context)).id;
  throw new StoreError(`there is no folder ${name} in My Drive`, { code: "not-found" });
}

async function makeFolder(
  client: DriveClient,
  options: {
    readonly name: string;
    readonly parent: string;
    readonly nextId: (context: CallContext) => Promise<string>;
  },
  context: CallContext,
): Promise<DriveFile> {
  const { name, parent, nextId } = options;
  for (let tries = 0; tries < IDS_MAX; tries++) {
    const id = await nextId(context);
    const made =
      (await client.makeFolder({ id, name, parents: [parent] }, context)) ?? (await client.file(id, context));
    if (made?.name === name && made.isFolder) return made;
  }
  throw new StoreError(`cannot ${context.doing}: Google Drive gives ids that are taken`, { code: "unavailable" });
}

/** How many ids one request asks for. */
const IDS_AT_ONCE = 100;

/** Gives ids that Drive has made up for us, each once. */
export function ids(client: DriveClient): (context: CallContext) => Promise<string> {
  const ready: string[] = [];
  let asking: Promise<void> | undefined;
  return async (context) => {
    for (;;) {
      const id = ready.pop();
      if (id !== undefined) return id;
      asking ??= client
        .newIds(IDS_AT_ONCE, { doing: context.doing })
        .then((fresh) => {
          if (fresh.length === 0) throw new StoreError("Google Drive gives no ids", { code: "unavailable" });
          ready.push(...fresh);
        })
        .finally(() => {
          asking = undefined;
        });
      await unlessAborted(asking, context.signal);
    }
  };
}

/** Finds, or makes, the folder at a path. */
export type FolderMaker = (path: string, context: CallContext) => Promise<string>;

export function folderMaker(options: {
  readonly client: DriveClient;
  readonly tree: DriveTree;
  readonly nextId: (context: CallContext) => Promise<string>;
}): FolderMaker {
  const { client, tree, nextId } = options;
  const making = new Map<string, Promise<string>>();

  async function make(path: string, context: CallContext): Promise<string> {
    const slash = path.lastIndexOf("/");
    const parent = await find(path.slice(0, Math.max(slash, 0)), context);
    const name = path.slice(slash + 1);
    const made = await makeFolder(client, { name, parent, nextId }, context);
    tree.take(made, true);
    return made.id;
  }

  async function find(path: string, context: CallContext): Promise<string> {
    const [known] = tree.foldersAt(path);
    if (known !== undefined) return known;
    // Others wait for it too: it goes on when whoever began it is called off.
    const running = making.get(path) ?? make(path, { doing: context.doing }).finally(() => making.delete(path));
    making.set(path, running);
    return unlessAborted(running, context.signal);
  }
  return find;
}
