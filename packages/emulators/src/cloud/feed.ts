/** The change feeds: each person's, and each shared drive's. */
import { roleOf } from "./access.ts";
import type { Change, Cloud, Item } from "./model.ts";

/** An item and all that lies below it. */
export function* below(cloud: Cloud, item: Item): Generator<Item> {
  yield item;
  for (const id of cloud.children.get(item.id) ?? []) {
    const child = cloud.items.get(id);
    if (child) yield* below(cloud, child);
  }
}

/**
 * Does something to an item, and notes it in the feed of everybody who could see the item, or can now: what somebody can
 * no longer see shows in their feed as removed. With `deep`, also for all that lies below.
 */
export function recorded<Result>(
  cloud: Cloud,
  item: Item,
  options: { readonly deep?: boolean },
  act: () => Result,
): Result {
  const before = [...below(cloud, item)].slice(0, options.deep ? undefined : 1);
  const feeds = new Map(before.map((each) => [each, audience(cloud, each)]));
  const result = act();
  for (const [each, readers] of feeds) note(cloud, each, new Set([...readers, ...audience(cloud, each)]));
  return result;
}

function note(cloud: Cloud, item: Item, feeds: ReadonlySet<string>): void {
  item.version++;
  cloud.changeNumber++;
  const change = { number: cloud.changeNumber, itemId: item.id, atMs: cloud.clock.now() };
  for (const id of feeds) {
    const feed = cloud.feeds.get(id) ?? [];
    feed.push(change);
    cloud.feeds.set(id, feed);
  }
}

function audience(cloud: Cloud, item: Item): Set<string> {
  if (!cloud.items.has(item.id)) return new Set();
  const users = [...cloud.users.keys()].filter((id) => roleOf(cloud, id, item, { byLink: false }) !== undefined);
  return new Set(item.driveId === undefined ? users : [...users, item.driveId]);
}

/** The changes in a feed after a number, of each item only the last, oldest first. What lags is not there yet. */
export function changesAfter(cloud: Cloud, feedId: string, number: number): Change[] {
  const shownUntilMs = cloud.clock.now() - cloud.lag.changesMs;
  const last = new Map<string, Change>();
  for (const change of cloud.feeds.get(feedId) ?? []) {
    if (change.number <= number || change.atMs > shownUntilMs) continue;
    last.delete(change.itemId);
    last.set(change.itemId, change);
  }
  return [...last.values()];
}

/** The number of the last change that shows in a feed. */
export function lastChange(cloud: Cloud, feedId: string): number {
  const shownUntilMs = cloud.clock.now() - cloud.lag.changesMs;
  return cloud.feeds.get(feedId)?.findLast(({ atMs }) => atMs <= shownUntilMs)?.number ?? 0;
}
