/** Keeping the remembered tree as Drive has it: by its feed of changes, or by listing everything where that fails. */
import { StoreError } from "@conclave/core";
import type { CallContext } from "./calls.ts";
import type { DriveClient } from "./client.ts";
import type { DriveTree } from "./tree.ts";

/** How long Drive's listings may miss what was stored, in seconds: rclone's users have seen an hour. */
export const LAG_SECONDS = 3600;
/** Folders that one request lists; rclone asks for fifty. */
const FOLDERS_AT_ONCE = 50;
/** More pages than any folder has; a feed or listing that goes on for ever ends here. */
const PAGES_MAX = 100_000;

export interface CatchUp {
  readonly client: DriveClient;
  readonly tree: DriveTree;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/**
 * Brings the tree up to date: one request where nothing or little has changed.
 *
 * @throws StoreError `gone` if the folder is deleted, in the trash, or not shared with this account any more.
 */
export async function catchUp(parts: CatchUp, context: CallContext): Promise<void> {
  const { tree } = parts;
  const isFollowed = tree.state("token") !== undefined && (await follow(parts, context));
  if (!isFollowed || isListingDue(parts)) await listAll(parts, context);
  await listUnlisted(parts, context);
}

/** A listing may have missed what was stored shortly before it, and the feed does not tell that again. */
function isListingDue({ tree, now }: CatchUp): boolean {
  const listed = tree.state("listed") ?? "";
  return listed !== "" && now() - Number(listed) > LAG_SECONDS * 1000;
}

/** Reads the feed to its end; false if it cannot be followed from where we are. */
async function follow(parts: CatchUp, context: CallContext): Promise<boolean> {
  const { client, tree } = parts;
  for (let pages = 0; pages < PAGES_MAX; pages++) {
    const token = tree.state("token") ?? "";
    const page = await client.changes(token, driveOf(tree), context);
    if (page === undefined) return false;
    const isRoot = page.changes.find(({ id }) => id === tree.root);
    if (isRoot !== undefined && (isRoot.file === undefined || isRoot.file.trashed)) return false;
    tree.transaction(() => {
      // Another process that shares this memory may have read on meanwhile.
      if (tree.state("token") !== token) return;
      for (const change of page.changes) tree.takeChange(change);
      tree.setState("token", page.next ?? page.newStart ?? token);
    });
    if (page.next === undefined) return true;
  }
  return false;
}

async function listAll(parts: CatchUp, context: CallContext): Promise<void> {
  const { client, tree, now } = parts;
  const root = await client.file(tree.root, context);
  if (root === undefined || root.trashed || !root.isFolder) throw folderGone(context, root?.trashed === true);
  const token = await client.startToken(root.driveId, context);
  const isSecond = (tree.state("listed") ?? "") !== "";
  const begun = now();
  tree.transaction(() => {
    tree.setState("drive", root.driveId ?? "");
    tree.beginRound();
  });
  await listUnlisted(parts, context);
  tree.transaction(() => {
    tree.setState("token", token);
    tree.setState("listed", isSecond ? "" : String(begun));
  });
}

function folderGone({ doing }: CallContext, isTrashed: boolean): StoreError {
  const why = isTrashed
    ? "the group's folder lies in the trash of Google Drive"
    : "the group's folder is not on Google Drive any more, or not shared with this account";
  return new StoreError(`cannot ${doing}: ${why}`, { code: "gone" });
}

async function listUnlisted({ client, tree, now }: CatchUp, context: CallContext): Promise<void> {
  for (let rounds = 0; rounds < PAGES_MAX; rounds++) {
    const folders = tree.unlistedFolders(FOLDERS_AT_ONCE);
    if (folders.length === 0) return;
    const isComplete = await listFolders({ client, tree }, folders, context);
    const keepSince = isComplete ? now() - LAG_SECONDS * 1000 : Number.NEGATIVE_INFINITY;
    tree.transaction(() => {
      for (const id of folders) tree.folderListed(id, keepSince);
    });
  }
}

/** Lists folders page by page, short and empty pages too; false if Drive says that it has not looked everywhere. */
async function listFolders(
  { client, tree }: Pick<CatchUp, "client" | "tree">,
  folders: readonly string[],
  context: CallContext,
): Promise<boolean> {
  const q = `trashed = false and (${inAnyOf(folders)})`;
  let isComplete = true;
  let page: string | undefined;
  for (let pages = 0; pages < PAGES_MAX; pages++) {
    const { files, incomplete, next } = await client.files({ q, page, driveId: driveOf(tree) }, context);
    if (incomplete) isComplete = false;
    tree.transaction(() => {
      for (const file of files) tree.take(file);
    });
    if (next === undefined) return isComplete;
    page = next;
  }
  return false;
}

/** Looks for the files of one name in folders, past the listings; takes them in. */
export async function lookFor(
  { client, tree }: Pick<CatchUp, "client" | "tree">,
  wanted: { readonly name: string; readonly folders: readonly string[] },
  context: CallContext,
): Promise<void> {
  const q = `name = ${quoted(wanted.name)} and trashed = false and (${inAnyOf(wanted.folders)})`;
  const { files } = await client.files({ q, driveId: driveOf(tree) }, context);
  tree.transaction(() => {
    for (const file of files) tree.take(file);
  });
}

function inAnyOf(folders: readonly string[]): string {
  return folders.map((id) => `${quoted(id)} in parents`).join(" or ");
}

/** A text in a query: a quote or backslash in it must not end it. */
export function quoted(text: string): string {
  return `'${text.replace(/[\\']/g, "\\$&")}'`;
}

/** The shared drive, if the folder lies in one. */
export function driveOf(tree: DriveTree): string | undefined {
  const drive = tree.state("drive") ?? "";
  return drive === "" ? undefined : drive;
}
