/** An empty cloud, and who is in it. */
import type { Clock } from "../clock.ts";
import type { Random } from "../random.ts";
import type { Cloud, Item, Role, SharedDrive, User } from "./model.ts";
import { newId, newItem } from "./new-item.ts";

/** A cloud without people and files. */
export function newCloud(clock: Clock, random: Random): Cloud {
  return {
    clock,
    random,
    lag: { listMs: 0, changesMs: 0 },
    users: new Map(),
    drives: new Map(),
    items: new Map(),
    children: new Map(),
    deleted: new Set(),
    feeds: new Map(),
    changeNumber: 0,
  };
}

/** Somebody who gets an account. */
export interface UserDraft {
  readonly email: string;
  readonly name?: string;
  /** How much they may own; undefined for no limit. */
  readonly quotaBytes?: number;
}

/** Makes an account with an empty drive. */
export function addUser(cloud: Cloud, { email, name, quotaBytes }: UserDraft): User {
  const id = `1${String(Math.floor(cloud.random.next() * 1e15)).padStart(15, "0")}`;
  const root = addRoot(cloud, newId(cloud), { name: "My Drive", userId: id, driveId: undefined });
  const user = { id, email, name: name ?? email.replace(/@.*/, ""), rootId: root.id, quotaBytes };
  cloud.users.set(id, user);
  return user;
}

/** Makes a shared drive with its members. */
export function addSharedDrive(cloud: Cloud, name: string, members: ReadonlyMap<User, Role>): SharedDrive {
  const drive = { id: `0A${cloud.random.id(17)}`, name, createdMs: cloud.clock.now() };
  cloud.drives.set(drive.id, drive);
  const root = addRoot(cloud, drive.id, { name, userId: "", driveId: drive.id });
  for (const [{ id }, role] of members) root.permissions.set(id, { id, userId: id, role });
  return drive;
}

function addRoot(
  cloud: Cloud,
  id: string,
  { name, userId, driveId }: { name: string; userId: string; driveId: string | undefined },
): Item {
  const maker = { userId, app: "", ownFilesOnly: false };
  const item = newItem(cloud, maker, { id, name, mimeType: "", isFolder: true }, { driveId });
  cloud.items.set(id, item);
  return item;
}
