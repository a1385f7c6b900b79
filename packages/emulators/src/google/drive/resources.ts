/** Items, people and permissions as Drive's JSON. */
import {
  effectivePermissions,
  isAtLeast,
  isTrashed,
  isVisible,
  parentOf,
  rightsOf,
  roleOf,
} from "../../cloud/access.ts";
import type { Cloud, Item, Permission, Revision, SharedDrive, Viewer } from "../../cloud/model.ts";
import { quotaBytesOf } from "../../cloud/quota.ts";
import { canSeePermissions } from "../../cloud/sharing.ts";

/** Drive's types for what has no bytes. */
export const FOLDER_TYPE = "application/vnd.google-apps.folder";
export const SHORTCUT_TYPE = "application/vnd.google-apps.shortcut";

/** What Drive calls an item's type. */
export function typeOf(item: Item): string {
  if (item.isFolder) return FOLDER_TYPE;
  return item.targetId === undefined ? item.mimeType : SHORTCUT_TYPE;
}

/** A time as Drive writes it. */
export function time(ms: number): string {
  return new Date(ms).toISOString();
}

/** Leaves out what is undefined, as JSON would, so that masks and referees see the same. */
function defined(value: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(value).filter(([, held]) => held !== undefined));
}

/** `drive#user`. */
export function userResource(cloud: Cloud, viewer: Viewer, userId: string): object | undefined {
  const user = cloud.users.get(userId);
  if (!user) return undefined;
  const { id: permissionId, name: displayName, email: emailAddress } = user;
  return { kind: "drive#user", displayName, me: userId === viewer.userId, permissionId, emailAddress };
}

/** `drive#file`, as one person sees it. */
export function fileResource(cloud: Cloud, viewer: Viewer, item: Item): object {
  return defined({
    kind: "drive#file",
    id: item.id,
    name: item.name,
    mimeType: typeOf(item),
    description: item.description,
    starred: item.starredBy.has(viewer.userId),
    ...places(cloud, viewer, item),
    ...trash(cloud, viewer, item),
    properties: item.properties.size > 0 ? Object.fromEntries(item.properties) : undefined,
    appProperties: item.appProperties.size > 0 ? Object.fromEntries(item.appProperties) : undefined,
    version: String(item.version),
    webViewLink: `https://drive.google.com/${item.isFolder ? "drive/folders" : "file/d"}/${item.id}`,
    createdTime: time(item.createdMs),
    modifiedTime: time(item.modifiedMs),
    lastModifyingUser: userResource(cloud, viewer, item.modifiedBy),
    modifiedByMe: item.modifiedBy === viewer.userId,
    isAppAuthorized: item.apps.has(`${viewer.app}/${viewer.userId}`),
    shortcutDetails: shortcut(cloud, item),
    ...access(cloud, viewer, item),
    ...bytes(item),
  });
}

/** Only those who see the folder are told that the file lies in it. */
function places(cloud: Cloud, viewer: Viewer, item: Item): Record<string, unknown> {
  const parent = parentOf(cloud, item);
  return {
    parents: parent && isVisible(cloud, viewer, parent) ? [parent.id] : undefined,
    spaces: ["drive"],
    driveId: item.driveId,
    teamDriveId: item.driveId,
  };
}

function trash(cloud: Cloud, viewer: Viewer, item: Item): Record<string, unknown> {
  const isDrives = item.driveId !== undefined && item.trash !== undefined;
  return {
    trashed: isTrashed(cloud, item),
    explicitlyTrashed: item.trash !== undefined,
    trashedTime: isDrives && item.trash ? time(item.trash.atMs) : undefined,
    trashingUser: isDrives && item.trash ? userResource(cloud, viewer, item.trash.by) : undefined,
  };
}

function shortcut(cloud: Cloud, { targetId }: Item): object | undefined {
  if (targetId === undefined) return undefined;
  const target = cloud.items.get(targetId);
  return { targetId, ...(target && { targetMimeType: typeOf(target) }) };
}

function access(cloud: Cloud, viewer: Viewer, item: Item): Record<string, unknown> {
  const permissions = effectivePermissions(cloud, item);
  const owner = item.ownerId === undefined ? undefined : userResource(cloud, viewer, item.ownerId);
  const isTold = canSeePermissions(cloud, viewer, item);
  const isPersonal = item.driveId === undefined;
  return {
    owners: owner && [owner],
    ownedByMe: isPersonal ? item.ownerId === viewer.userId : undefined,
    shared: permissions.length > 1 || !isPersonal,
    writersCanShare: isPersonal ? item.writersCanShare : undefined,
    permissionIds: isTold ? permissions.map(({ id }) => id) : undefined,
    permissions: isTold && isPersonal ? permissions.map((each) => permissionResource(cloud, item, each)) : undefined,
    capabilities: capabilities(cloud, viewer, item),
    copyRequiresWriterPermission: false,
    viewersCanCopyContent: true,
  };
}

function capabilities(cloud: Cloud, viewer: Viewer, item: Item): object {
  const { canEdit, canShare, canTrash, canDelete, canRemoveChildren } = rightsOf(cloud, viewer.userId, item);
  const parent = parentOf(cloud, item);
  const isRemovable = parent !== undefined && rightsOf(cloud, viewer.userId, parent).canRemoveChildren;
  return {
    canEdit,
    canShare,
    canTrash,
    canUntrash: canTrash,
    canDelete,
    canRename: canEdit,
    canDownload: !item.isFolder,
    canAddChildren: item.isFolder && canEdit,
    canListChildren: item.isFolder,
    canRemoveChildren: item.isFolder && canRemoveChildren,
    canModifyContent: canEdit,
    canReadRevisions: !item.isFolder && isAtLeast(roleOf(cloud, viewer.userId, item), "writer"),
    canMoveItemWithinDrive: canEdit && isRemovable,
  };
}

function bytes(item: Item): Record<string, unknown> {
  const head = item.revisions.at(-1);
  if (!head) return {};
  const [, extension = ""] = /\.([^.]+)$/.exec(item.name) ?? [];
  return {
    originalFilename: item.originalName,
    fullFileExtension: extension,
    fileExtension: extension,
    size: String(head.contents.sizeBytes),
    quotaBytesUsed: String(quotaBytesOf(item)),
    headRevisionId: head.id,
    md5Checksum: head.contents.md5,
    sha1Checksum: head.contents.sha1,
    sha256Checksum: head.contents.sha256,
    hasThumbnail: false,
    thumbnailVersion: "0",
    webContentLink: `https://drive.google.com/uc?id=${item.id}&export=download`,
  };
}

/** `drive#permission`. */
export function permissionResource(cloud: Cloud, item: Item, { id, userId, role }: Permission): object {
  const kind = "drive#permission";
  if (userId === undefined) return { kind, id, type: "anyone", role, allowFileDiscovery: false };
  const user = cloud.users.get(userId);
  const person = { displayName: user?.name, emailAddress: user?.email, deleted: false, pendingOwner: false };
  const inherited = !item.permissions.has(id);
  const details = [{ permissionType: item.id === item.driveId ? "member" : "file", role, inherited }];
  return { kind, id, type: "user", role, ...person, ...(item.driveId && { permissionDetails: details }) };
}

/** `drive#drive`. */
export function driveResource({ id, name, createdMs }: SharedDrive): object {
  return { kind: "drive#drive", id, name, createdTime: time(createdMs), hidden: false };
}

/** `drive#revision`. */
export function revisionResource(item: Item, { id, contents, modifiedMs, keepForever }: Revision): object {
  const written = { mimeType: item.mimeType, modifiedTime: time(modifiedMs), keepForever, published: false };
  const content = { md5Checksum: contents.md5, size: String(contents.sizeBytes), originalFilename: item.originalName };
  return { kind: "drive#revision", id, ...written, ...content };
}
