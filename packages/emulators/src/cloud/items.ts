/** Making, changing, moving, trashing and deleting items. */
import { parentOf, requireRight, rightsOf, upwards, visibleItem } from "./access.ts";
import { type Contents, toContents } from "./contents.ts";
import { below, recorded } from "./feed.ts";
import { type Cloud, CloudError, type Item, type User, type Viewer } from "./model.ts";
import { newItem } from "./new-item.ts";
import { requireQuota } from "./quota.ts";

/** How many older states of a file are kept, unless they are kept forever. */
const REVISIONS_MAX = 100;

/** What an item is made of. All but the name may be missing. */
export interface Draft {
  readonly id?: string;
  readonly name: string;
  readonly mimeType: string;
  readonly isFolder: boolean;
  readonly parentId?: string;
  readonly targetId?: string;
  readonly createdMs?: number;
  readonly modifiedMs?: number;
}

/** Makes an item in a folder, the asking person's own drive by default. Throws `exists` if its id was ever used. */
export function createItem(cloud: Cloud, viewer: Viewer, draft: Draft, chunks?: readonly Uint8Array[]): Item {
  const parent = visibleItem(cloud, viewer, draft.parentId ?? "root");
  if (!parent.isFolder) throw new CloudError("forbidden", "The specified parent is not a folder.");
  requireRight(cloud, viewer, parent, "canEdit");
  if (draft.id !== undefined && (cloud.items.has(draft.id) || cloud.deleted.has(draft.id))) {
    throw new CloudError("exists", "A file already exists with the provided ID.");
  }
  const contents = chunks && toContents(chunks);
  if (contents && parent.driveId === undefined) requireQuota(cloud, viewer.userId, contents.sizeBytes);
  const item = newItem(cloud, viewer, draft, parent);
  if (contents) addRevision(cloud, viewer, item, contents);
  recorded(cloud, item, {}, () => place(cloud, item, parent.id));
  return item;
}

/** Puts an item into the tables. */
function place(cloud: Cloud, item: Item, parentId: string | undefined): void {
  if (item.parentId !== undefined) cloud.children.get(item.parentId)?.delete(item.id);
  item.parentId = parentId;
  cloud.items.set(item.id, item);
  if (parentId === undefined) return;
  const siblings = cloud.children.get(parentId) ?? new Set();
  cloud.children.set(parentId, siblings.add(item.id));
}

function addRevision(cloud: Cloud, viewer: Viewer, item: Item, contents: Contents): void {
  const revision = { contents, modifiedMs: cloud.clock.now(), modifiedBy: viewer.userId, keepForever: false };
  item.revisions.push({ id: cloud.random.id(51), ...revision });
  const oldest = item.revisions.findIndex(({ keepForever }) => !keepForever);
  if (item.revisions.length > REVISIONS_MAX && oldest >= 0) item.revisions.splice(oldest, 1);
}

/** Gives a file new bytes. */
export function replaceContents(cloud: Cloud, viewer: Viewer, item: Item, chunks: readonly Uint8Array[]): void {
  requireRight(cloud, viewer, item, "canEdit");
  const contents = toContents(chunks);
  if (item.ownerId !== undefined) requireQuota(cloud, item.ownerId, contents.sizeBytes);
  changeItem(cloud, viewer, item, () => addRevision(cloud, viewer, item, contents));
}

/** Changes what is written about an item. */
export function changeItem(cloud: Cloud, viewer: Viewer, item: Item, change: () => void): void {
  requireRight(cloud, viewer, item, "canEdit");
  recorded(cloud, item, {}, () => {
    item.modifiedMs = cloud.clock.now();
    item.modifiedBy = viewer.userId;
    change();
  });
}

/** Moves an item into another folder. */
export function moveItem(cloud: Cloud, viewer: Viewer, item: Item, to: Item): void {
  const from = parentOf(cloud, item);
  requireRight(cloud, viewer, item, "canEdit");
  if (from) requireRight(cloud, viewer, from, "canRemoveChildren");
  requireRight(cloud, viewer, to, "canEdit");
  if (!to.isFolder || [...upwards(cloud, to)].some((at) => at === item)) {
    throw new CloudError("forbidden", "The specified parent is not a folder, or lies in the item itself.");
  }
  if (to.driveId !== item.driveId) throw new CloudError("invalid", "Items are not moved between drives here.");
  recorded(cloud, item, { deep: true }, () => place(cloud, item, to.id));
}

/** Takes an item out of its folder. It stays its owner's, in no folder; for others who saw it only there, it is gone. */
export function detachItem(cloud: Cloud, viewer: Viewer, item: Item): void {
  const from = parentOf(cloud, item);
  if (!from || item.driveId !== undefined)
    throw new CloudError("forbidden", "A file in a shared drive needs a parent.");
  requireRight(cloud, viewer, from, "canRemoveChildren");
  recorded(cloud, item, { deep: true }, () => place(cloud, item, undefined));
}

/** Trashes an item with all below it, or takes it back out. */
export function setTrashed(cloud: Cloud, viewer: Viewer, item: Item, trashed: boolean): void {
  requireRight(cloud, viewer, item, "canTrash");
  if ((item.trash !== undefined) === trashed) return;
  recorded(cloud, item, { deep: true }, () => {
    item.trash = trashed ? { atMs: cloud.clock.now(), by: viewer.userId } : undefined;
  });
}

/** Deletes an item for good, with all below it that its owner owns; what others own is left in no folder. */
export function deleteItem(cloud: Cloud, viewer: Viewer, item: Item): void {
  requireRight(cloud, viewer, item, "canDelete");
  if (item.parentId === undefined && isRootFolder(cloud, item)) {
    throw new CloudError("forbidden", "A root folder cannot be deleted.");
  }
  recorded(cloud, item, { deep: true }, () => {
    for (const each of [...below(cloud, item)].reverse()) erase(cloud, each, item.ownerId);
  });
}

function isRootFolder(cloud: Cloud, item: Item): boolean {
  return cloud.drives.has(item.id) || [...cloud.users.values()].some(({ rootId }) => rootId === item.id);
}

function erase(cloud: Cloud, item: Item, ownerId: string | undefined): void {
  if (item.ownerId !== ownerId) return;
  for (const id of cloud.children.get(item.id) ?? []) {
    const left = cloud.items.get(id);
    if (left) left.parentId = undefined;
  }
  if (item.parentId !== undefined) cloud.children.get(item.parentId)?.delete(item.id);
  cloud.children.delete(item.id);
  cloud.items.delete(item.id);
  cloud.deleted.add(item.id);
}

/** Deletes everything for good that a person owns and has trashed, or what a shared drive's trash holds. */
export function emptyTrash(cloud: Cloud, viewer: Viewer, driveId: string | undefined): void {
  for (const item of [...cloud.items.values()]) {
    const isMeant = driveId === undefined ? item.ownerId === viewer.userId : item.driveId === driveId;
    const isThere = cloud.items.has(item.id) && isMeant && item.trash !== undefined;
    if (isThere && rightsOf(cloud, viewer.userId, item).canDelete) deleteItem(cloud, viewer, item);
  }
}

/** The user behind an id that the cloud itself noted. */
export function userOf(cloud: Cloud, id: string): User {
  const user = cloud.users.get(id);
  if (!user) throw new CloudError("not-found", `User not found: ${id}.`);
  return user;
}

/** Whether an item shows in lists yet. */
export function isListed(cloud: Cloud, item: Item): boolean {
  return item.createdMs + cloud.lag.listMs <= cloud.clock.now();
}
