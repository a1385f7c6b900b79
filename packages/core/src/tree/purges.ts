/** Purges: deleted nodes that somebody has let go for good. They are hidden at once; bytes go later, by `session/let-go.ts`. SPEC.md §8. */
import { toHex } from "../encoding/hex.ts";
import { reach } from "../history/lanes.ts";
import type { SqlDatabase } from "../ports/sql.ts";
import type { Operation } from "../records/change.ts";
import type { DeviceKey, RecordDigest } from "../records/shapes.ts";
import type { Fold } from "./fold.ts";
import { unpackNumbers } from "./packing.ts";

/** Writes down that a change purges a node, and what touches the node that its author cannot have seen. */
export function storePurge(fold: Fold, operation: Extract<Operation, { op: "purge" }>): void {
  const node = fold.nodes.byKey(operation.node).id;
  fold.db.run("INSERT INTO tree_purge (node, change) VALUES (?, ?)", node, fold.change);
  for (const touch of unseenTouches(fold, node)) {
    fold.db.run("INSERT INTO tree_purge_unseen (node, change, touch) VALUES (?, ?, ?)", node, fold.change, touch);
  }
}

/** What places the node or gives it a version, is applied already, and is not in the past of the change. Later ones never are. */
function unseenTouches(fold: Fold, node: number): number[] {
  return fold.db
    .all<{ id: number; lane: number; number: number }>(
      `SELECT r.id, r.lane, r.number FROM history_record r WHERE r.id <> ?2 AND r.id IN
       (SELECT change FROM tree_place WHERE node = ?1 UNION SELECT change FROM tree_version WHERE node = ?1)`,
      node,
      fold.change,
    )
    .filter(({ lane, number }) => reach(fold.db, fold.at, lane) < number) // check: link
    .map(({ id }) => id);
}

/**
 * SQL: whether the counting purge `p` holds for its node `n`: the node is hidden, and all that counts and touches it lies in
 * the purge's past. So whoever writes, moves or restores it without knowing of the purge, or after it, keeps it.
 */
const HOLDS = `n.deleted IS NOT NULL AND NOT EXISTS (
  SELECT 1 FROM tree_place t JOIN tree_change tc ON tc.id = t.change AND tc.counts = 1
  WHERE t.node = n.id AND t.change >= p.change
) AND NOT EXISTS (
  SELECT 1 FROM tree_version t JOIN tree_change tc ON tc.id = t.change AND tc.counts = 1
  WHERE t.node = n.id AND t.change >= p.change
) AND NOT EXISTS (
  SELECT 1 FROM tree_purge_unseen t JOIN tree_change tc ON tc.id = t.touch AND tc.counts = 1
  WHERE t.node = n.id AND t.change = p.change
)`;

/** SQL: whether the node `n` is purged. */
export const IS_PURGED: string = `EXISTS (
  SELECT 1 FROM tree_purge p JOIN tree_change pc ON pc.id = p.change AND pc.counts = 1 WHERE p.node = n.id AND ${HOLDS})`;

/** Somebody's word that a node may go for good, while it holds. */
export interface Purge {
  readonly node: string;
  readonly change: RecordDigest;
  readonly device: DeviceKey;
}

/** Every purge that holds. */
export function purges(db: SqlDatabase): Purge[] {
  return db
    .all<{ node: string; digest: Uint8Array; device: Uint8Array }>(
      `SELECT n.key AS node, r.digest, d.device FROM tree_purge p JOIN tree_node n ON n.id = p.node
       JOIN tree_change pc ON pc.id = p.change AND pc.counts = 1
       JOIN history_record r ON r.id = p.change JOIN history_lane l ON l.id = r.lane
       JOIN history_writer w ON w.id = l.writer JOIN history_device d ON d.id = w.device WHERE ${HOLDS}`,
    )
    .map(({ node, digest, device }) => ({ node, change: toHex(digest), device: toHex(device) }));
}

interface ReferringRow {
  readonly key: string;
  readonly extents: Uint8Array;
  readonly digest: Uint8Array;
  readonly counts: number;
  readonly purged: number;
}

/**
 * Blobs that nothing refers to but versions of purged nodes: their digests, each with those nodes.
 *
 * @param options.isVoid - Whether a change that does not count will never count either: what it refers to is not needed for it.
 *   Default: any may.
 */
export function purgedBlobs(
  db: SqlDatabase,
  { isVoid = () => false }: { readonly isVoid?: (change: RecordDigest) => boolean } = {},
): Map<string, ReadonlySet<string>> {
  if (db.get("SELECT 1 FROM tree_purge LIMIT 1") === undefined) return new Map();
  const needed = new Set<number>();
  const purged = new Map<number, Set<string>>();
  const versions = db.each<ReferringRow>(
    `SELECT n.key, v.extents, r.digest, c.counts, c.counts = 1 AND ${IS_PURGED} AS purged
     FROM tree_version v JOIN tree_node n ON n.id = v.node JOIN tree_change c ON c.id = v.change
     JOIN history_record r ON r.id = c.id WHERE v.extents IS NOT NULL`,
  );
  const doubtful: { readonly change: RecordDigest; readonly blobs: readonly number[] }[] = [];
  for (const { key, extents, digest, counts, purged: isPurged } of versions) {
    const blobs = unpackNumbers(extents).filter((_, index) => index % 3 === 0);
    if (isPurged === 1) for (const blob of blobs) purged.set(blob, (purged.get(blob) ?? new Set()).add(key));
    else if (counts === 1) for (const blob of blobs) needed.add(blob);
    else doubtful.push({ change: toHex(digest), blobs });
  }
  for (const { change, blobs } of doubtful) {
    const wanted = blobs.filter((blob) => purged.has(blob) && !needed.has(blob));
    if (wanted.length > 0 && !isVoid(change)) for (const blob of wanted) needed.add(blob);
  }
  return new Map([...purged].filter(([blob]) => !needed.has(blob)).map(([blob, nodes]) => [digestOf(db, blob), nodes]));
}

function digestOf(db: SqlDatabase, blob: number): string {
  const row = db.get<{ digest: Uint8Array }>("SELECT digest FROM tree_blob WHERE id = ?", blob);
  if (row === undefined) throw new Error(`no blob ${blob}`);
  return toHex(row.digest);
}
