/** How much a person may own. */
import { type Cloud, CloudError, type Item } from "./model.ts";

/** What an item takes: all its states. */
export function quotaBytesOf(item: Item): number {
  return item.revisions.reduce((sum, { contents }) => sum + contents.sizeBytes, 0);
}

/** What a person owns, and how much of it is in the trash. */
export function usageOf(cloud: Cloud, userId: string): { readonly usedBytes: number; readonly trashBytes: number } {
  const owned = [...cloud.items.values()].filter(({ ownerId }) => ownerId === userId);
  const trashed = owned.filter(({ trash }) => trash !== undefined);
  const sum = (items: readonly Item[]): number => items.reduce((total, item) => total + quotaBytesOf(item), 0);
  return { usedBytes: sum(owned), trashBytes: sum(trashed) };
}

/** Throws `quota` if `moreBytes` would be too much for a person. */
export function requireQuota(cloud: Cloud, userId: string, moreBytes: number): void {
  const limit = cloud.users.get(userId)?.quotaBytes;
  if (limit === undefined || usageOf(cloud, userId).usedBytes + moreBytes <= limit) return;
  throw new CloudError("quota", "The user's Drive storage quota has been exceeded.");
}
