/** Giving others a role at an item, and taking it back. */
import { effectivePermissions, requireRight, rightsOf } from "./access.ts";
import { recorded } from "./feed.ts";
import { type Cloud, CloudError, type Item, type Permission, type Role, type Viewer } from "./model.ts";

/** The id of the permission of whoever has the link. */
export const ANYONE_ID = "anyoneWithLink";

/** Gives somebody, or anyone with the link, a role at an item and all below it. */
export function share(
  cloud: Cloud,
  viewer: Viewer,
  item: Item,
  to: { readonly email?: string; readonly role: Role },
): Permission {
  requireRight(cloud, viewer, item, "canShare");
  requireRoleFits(item, to.role);
  const userId = to.email === undefined ? undefined : userIdOf(cloud, to.email);
  const permission: Permission = { id: userId ?? ANYONE_ID, userId, role: to.role };
  if (item.permissions.get(permission.id)?.role === "owner") {
    throw new CloudError("forbidden", "The owner's permission cannot be changed.");
  }
  recorded(cloud, item, { deep: true }, () => item.permissions.set(permission.id, permission));
  return permission;
}

function userIdOf(cloud: Cloud, email: string): string {
  const user = [...cloud.users.values()].find((each) => each.email.toLowerCase() === email.toLowerCase());
  if (!user) throw new CloudError("invalid", `There is no account ${email}.`);
  return user.id;
}

function requireRoleFits(item: Item, role: Role): void {
  const isOfDrives = role === "organizer" || role === "fileOrganizer";
  if (role !== "owner" && (!isOfDrives || item.driveId !== undefined)) return;
  throw new CloudError("invalid", "The specified role is not valid here.");
}

/** Gives a permission another role. */
export function changeRole(cloud: Cloud, viewer: Viewer, item: Item, permissionId: string, role: Role): Permission {
  requireRight(cloud, viewer, item, "canShare");
  requireRoleFits(item, role);
  const permission = ownPermission(cloud, item, permissionId);
  recorded(cloud, item, { deep: true }, () => {
    permission.role = role;
  });
  return permission;
}

/** Takes a role back. Everybody may leave; the owner's role stays. */
export function unshare(cloud: Cloud, viewer: Viewer, item: Item, permissionId: string): void {
  const permission = ownPermission(cloud, item, permissionId);
  if (permission.userId !== viewer.userId) requireRight(cloud, viewer, item, "canShare");
  recorded(cloud, item, { deep: true }, () => item.permissions.delete(permissionId));
}

/** A permission that stands at the item itself and can be changed there. */
function ownPermission(cloud: Cloud, item: Item, permissionId: string): Permission {
  const permission = item.permissions.get(permissionId);
  if (permission?.role === "owner") throw new CloudError("forbidden", "The owner's permission cannot be changed.");
  if (permission) return permission;
  findPermission(cloud, item, permissionId);
  throw new CloudError("forbidden", "An inherited permission is changed where it was given.");
}

/** A permission that holds at an item, given there or above. */
export function findPermission(cloud: Cloud, item: Item, permissionId: string): Permission {
  const permission = effectivePermissions(cloud, item).find(({ id }) => id === permissionId);
  if (permission) return permission;
  throw new CloudError("not-found", `Permission not found: ${permissionId}.`);
}

/** Whether a person may see who else has access. */
export function canSeePermissions(cloud: Cloud, viewer: Viewer, item: Item): boolean {
  return rightsOf(cloud, viewer.userId, item).canEdit;
}
