/** Where entries stand in the tree of the log, so that "lies under" is one comparison. */
import type { RecordDigest } from "../records/shapes.ts";
import type { Log } from "./log.ts";

/** An entry's own number, and the number after the last entry under it, in one walk over the whole tree. */
interface Span {
  readonly start: number;
  readonly end: number;
}

/** Spans of every entry that counts. */
export type TreeOrder = ReadonlyMap<RecordDigest, Span>;

const orders = new WeakMap<Log, TreeOrder>();

/** The order of a log's tree, worked out once for each log. */
export function treeOrder(log: Log): TreeOrder {
  let order = orders.get(log);
  if (!order) {
    order = walk(log);
    orders.set(log, order);
  }
  return order;
}

/** No recursion: a log is as deep as it is long. */
function walk(log: Log): TreeOrder {
  const order = new Map<RecordDigest, { start: number; end: number }>();
  const open: RecordDigest[] = log.nodes.has(log.group) ? [log.group] : [];
  let next = 0;
  for (let digest = open.at(-1); digest !== undefined; digest = open.at(-1)) {
    const span = order.get(digest);
    if (span) {
      span.end = next;
      open.pop();
    } else {
      order.set(digest, { start: next++, end: next });
      // The last one pushed is walked first, so children stand in the order in which the log lists them.
      for (const child of (log.children.get(digest) ?? []).toReversed()) open.push(child);
    }
  }
  return order;
}

/** Whether `entry` is `ancestor` or comes after it on some branch. */
export function isUnder(
  order: TreeOrder,
  options: { readonly entry: RecordDigest; readonly ancestor: RecordDigest },
): boolean {
  const entry = order.get(options.entry);
  const ancestor = order.get(options.ancestor);
  return !!entry && !!ancestor && ancestor.start <= entry.start && entry.start < ancestor.end;
}

/**
 * The one of an entry's children that another entry lies under.
 *
 * @param options.children - As the log lists them: in the order of the walk.
 */
export function childAbove(
  order: TreeOrder,
  options: { readonly entry: RecordDigest; readonly children: readonly RecordDigest[] },
): RecordDigest | undefined {
  const { entry, children } = options;
  const start = order.get(entry)?.start ?? -1;
  let low = 0;
  let high = children.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((order.get(children[middle] ?? "")?.start ?? 0) <= start) low = middle + 1;
    else high = middle;
  }
  const child = children[low - 1];
  return child !== undefined && isUnder(order, { entry, ancestor: child }) ? child : undefined;
}
