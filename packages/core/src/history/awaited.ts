import { toHex } from "../encoding/hex.ts";
import type { SqlDatabase } from "../ports/sql.ts";
import type { DeviceKey, RecordDigest, WriterId } from "../records/shapes.ts";

/** A record that others name, and that was never held here: claimed by those devices, seen by nobody else. */
export interface AwaitedRecord {
  readonly digest: RecordDigest;
  /** Whose it is, where a record of the same chain follows it; null where it is only named as a parent. */
  readonly device: DeviceKey | null;
  readonly writer: WriterId | null;
  readonly number: number | null;
  /** The devices whose records name it, in order. */
  readonly claimedBy: readonly DeviceKey[];
}

interface LinkRow {
  needed: Uint8Array;
  parent: number;
  device: Uint8Array;
  writer: Uint8Array;
  number: number;
}

/** All records that are named but not held, ordered by digest. */
export function awaited(db: SqlDatabase): AwaitedRecord[] {
  const rows = db.all<LinkRow>(
    `SELECT k.needed, k.parent, d.device, w.writer, r.number FROM history_link k
     JOIN history_waiting r ON r.id = k.waiter
     JOIN history_writer w ON w.id = r.writer
     JOIN history_device d ON d.id = w.device
     WHERE NOT EXISTS (SELECT 1 FROM history_record WHERE digest = k.needed)
       AND NOT EXISTS (SELECT 1 FROM history_waiting WHERE digest = k.needed)
     ORDER BY k.needed`,
  );
  const byDigest = new Map<string, LinkRow[]>();
  for (const row of rows) {
    const digest = toHex(row.needed);
    const group = byDigest.get(digest);
    if (group === undefined) byDigest.set(digest, [row]);
    else group.push(row);
  }
  return [...byDigest].map(([digest, links]) => describe(digest, links));
}

function describe(digest: RecordDigest, links: readonly LinkRow[]): AwaitedRecord {
  // Several chains may claim the same previous record, and only one of them can be right: then it is nobody's yet.
  const followers = links.filter((link) => link.parent === 0);
  const owners = new Set(followers.map((link) => `${toHex(link.device)} ${toHex(link.writer)} ${link.number}`));
  const follower = owners.size === 1 ? followers[0] : undefined;
  return {
    digest,
    device: follower === undefined ? null : toHex(follower.device),
    writer: follower === undefined ? null : toHex(follower.writer),
    number: follower === undefined ? null : follower.number - 1,
    claimedBy: [...new Set(links.map((link) => toHex(link.device)))].sort(),
  };
}
