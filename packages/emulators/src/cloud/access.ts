/** Who may do what: roles are inherited from folders, but owning is not. */
import { type Cloud, CloudError, type Item, type Permission, ROLES, type Role, type Viewer } from "./model.ts";

/** Whether a role is as much as another. */
export function isAtLeast(role: Role | undefined, wanted: Role): boolean {
  return role !== undefined && ROLES.indexOf(role) >= ROLES.indexOf(wanted);
}

/** The folder an item lies in, if any. */
export function parentOf(cloud: Cloud, item: Item): Item | undefined {
  return item.parentId === undefined ? undefined : cloud.items.get(item.parentId);
}

/** An item, its folder, and so on to the root. */
export function* upwards(cloud: Cloud, item: Item): Generator<Item> {
  for (let at: Item | undefined = item; at !== undefined; at = parentOf(cloud, at)) yield at;
}

/** The role that a user has at an item, whether by a permission of their own or by a link. */
export function roleOf(cloud: Cloud, userId: string, item: Item, options = { byLink: true }): Role | undefined {
  let best: Role | undefined;
  for (const permission of effectivePermissions(cloud, item)) {
    const isMeant = permission.userId === userId || (options.byLink && permission.userId === undefined);
    if (isMeant && !isAtLeast(best, permission.role)) best = permission.role;
  }
  return best;
}

/** All permissions that hold at an item, the strongest one for each person. */
export function effectivePermissions(cloud: Cloud, item: Item): Permission[] {
  const best = new Map<string, Permission>();
  for (const at of upwards(cloud, item)) {
    for (const permission of at.permissions.values()) {
      const role = at === item ? permission.role : inheritedRole(permission.role);
      if (!isAtLeast(best.get(permission.id)?.role, role)) best.set(permission.id, { ...permission, role });
    }
  }
  return [...best.values()];
}

/** A personal folder's owner may edit what others put into it, but does not own it. */
function inheritedRole(role: Role): Role {
  return role === "owner" ? "writer" : role;
}

/** Whether `viewer` knows of an item at all. */
export function isVisible(cloud: Cloud, viewer: Viewer, item: Item, options = { byLink: true }): boolean {
  if (viewer.ownFilesOnly && !item.apps.has(`${viewer.app}/${viewer.userId}`) && !isRoot(cloud, viewer, item))
    return false;
  return roleOf(cloud, viewer.userId, item, options) !== undefined;
}

function isRoot(cloud: Cloud, viewer: Viewer, item: Item): boolean {
  return cloud.users.get(viewer.userId)?.rootId === item.id;
}

/** An item that `viewer` can see. Throws `not-found`, as for one that does not exist. */
export function visibleItem(cloud: Cloud, viewer: Viewer, id: string): Item {
  const item = cloud.items.get(id === "root" ? (cloud.users.get(viewer.userId)?.rootId ?? id) : id);
  if (item && isVisible(cloud, viewer, item)) return item;
  throw new CloudError("not-found", `File not found: ${id}.`);
}

/** Whether an item, or a folder that it lies in, was trashed. */
export function isTrashed(cloud: Cloud, item: Item): boolean {
  return [...upwards(cloud, item)].some((at) => at.trash !== undefined);
}

/** What a user may do to an item. */
export interface Rights {
  readonly canEdit: boolean;
  readonly canShare: boolean;
  readonly canTrash: boolean;
  readonly canDelete: boolean;
  readonly canRemoveChildren: boolean;
}

/** Only owners trash and delete in personal drives; in shared drives, those with the drive's higher roles do. */
export function rightsOf(cloud: Cloud, userId: string, item: Item): Rights {
  const role = roleOf(cloud, userId, item);
  const canEdit = isAtLeast(role, "writer");
  if (item.driveId !== undefined) {
    const canArrange = isAtLeast(role, "fileOrganizer");
    const canDelete = isAtLeast(role, "organizer");
    return { canEdit, canShare: canArrange, canTrash: canArrange, canDelete, canRemoveChildren: canArrange };
  }
  const isOwner = item.ownerId === userId;
  const canShare = isOwner || (canEdit && item.writersCanShare);
  return { canEdit, canShare, canTrash: isOwner, canDelete: isOwner, canRemoveChildren: canEdit };
}

/** Throws `forbidden` unless the right is there. */
export function requireRight(cloud: Cloud, viewer: Viewer, item: Item, right: keyof Rights): void {
  if (rightsOf(cloud, viewer.userId, item)[right]) return;
  throw new CloudError("forbidden", "The user does not have sufficient permissions for this file.");
}
