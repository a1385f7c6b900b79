/** A fresh item, whose it is, and for whom. */
import type { Cloud, Item, Permission, Viewer } from "./model.ts";

const ID_LENGTH = 33;

/** An id as the provider would give it. */
export function newId(cloud: Cloud): string {
  return `1${cloud.random.id(ID_LENGTH - 1)}`;
}

/**
 * An item that lies nowhere yet. In a personal drive it is the maker's, whoever's the folder is; in a shared drive it is
 * the drive's.
 */
export function newItem(
  cloud: Cloud,
  viewer: Viewer,
  draft: {
    readonly id?: string;
    readonly name: string;
    readonly mimeType: string;
    readonly isFolder: boolean;
    readonly targetId?: string;
    readonly createdMs?: number;
    readonly modifiedMs?: number;
  },
  parent: Pick<Item, "driveId"> | undefined,
): Item {
  const nowMs = cloud.clock.now();
  const ownerId = parent?.driveId === undefined ? viewer.userId : undefined;
  const owning: Permission[] = ownerId === undefined ? [] : [{ id: ownerId, userId: ownerId, role: "owner" }];
  return {
    id: draft.id ?? newId(cloud),
    mimeType: draft.mimeType,
    isFolder: draft.isFolder,
    createdMs: draft.createdMs ?? nowMs,
    driveId: parent?.driveId,
    ownerId,
    targetId: draft.targetId,
    apps: new Set([`${viewer.app}/${viewer.userId}`]),
    permissions: new Map(owning.map((permission) => [permission.id, permission])),
    revisions: [],
    properties: new Map(),
    appProperties: new Map(),
    starredBy: new Set(),
    name: draft.name,
    originalName: draft.name,
    description: undefined,
    parentId: undefined,
    modifiedMs: draft.modifiedMs ?? nowMs,
    modifiedBy: viewer.userId,
    version: 0,
    trash: undefined,
    writersCanShare: true,
    isAbusive: false,
  };
}
