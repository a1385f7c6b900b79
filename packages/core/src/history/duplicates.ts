import { toHex } from "../encoding/hex.ts";
import type { SqlDatabase } from "../ports/sql.ts";
import type { DeviceKey, RecordDigest, WriterId } from "../records/shapes.ts";

/** Proof that a writer was copied, or lies: different records of it that all follow the same one. */
export interface Duplicate {
  readonly device: DeviceKey;
  readonly writer: WriterId;
  readonly number: number;
  /** Two or more, in order. */
  readonly digests: readonly RecordDigest[];
}

interface PairRow {
  device: Uint8Array;
  writer: Uint8Array;
  number: number;
  one: Uint8Array;
  other: Uint8Array;
}

// A lane that forked parts from the next record of its base; one that began anew, from its writer's first first record.
const PAIRS = `
SELECT d.device, w.writer, mine.number, mine.digest AS one, theirs.digest AS other
FROM history_lane l
JOIN history_record mine ON mine.lane = l.id AND mine.number = l.forked + 1
JOIN history_record theirs ON theirs.number = l.forked + 1 AND theirs.lane = coalesce(
  l.base, (SELECT min(id) FROM history_lane r WHERE r.writer = l.writer AND r.base IS NULL))
JOIN history_writer w ON w.id = l.writer
JOIN history_device d ON d.id = w.device
WHERE theirs.lane <> l.id`;

/**
 * Where writers' chains part, ordered by device, writer, number and digest. What follows on either side bears the same
 * numbers again and is not listed.
 */
export function duplicates(db: SqlDatabase): Duplicate[] {
  const found = new Map<RecordDigest, { row: PairRow; digests: RecordDigest[] }>();
  for (const row of db.all<PairRow>(PAIRS)) {
    const other = toHex(row.other);
    const group = found.get(other) ?? { row, digests: [other] };
    group.digests.push(toHex(row.one));
    found.set(other, group);
  }
  return [...found.values()].map(toDuplicate).sort(inOrder);
}

function toDuplicate({ row, digests }: { row: PairRow; digests: readonly RecordDigest[] }): Duplicate {
  return {
    device: toHex(row.device),
    writer: toHex(row.writer),
    number: row.number,
    digests: digests.toSorted(),
  };
}

function inOrder(left: Duplicate, right: Duplicate): number {
  const key = (one: Duplicate) =>
    `${one.device} ${one.writer} ${String(one.number).padStart(16, "0")} ${one.digests[0]}`;
  return key(left) < key(right) ? -1 : 1;
}
