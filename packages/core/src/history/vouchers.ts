import { toHex } from "../encoding/hex.ts";
import type { SqlDatabase } from "../ports/sql.ts";
import type { DeviceKey, RecordDigest } from "../records/shapes.ts";

/** So many who vouch for one record tell all that is asked; more are not gathered. */
const VOUCHERS_WANTED = 2;

interface Waiter {
  readonly digest: RecordDigest;
  readonly device: DeviceKey;
  readonly needs: readonly RecordDigest[];
}

/**
 * Who vouches for records that were never held here: whoever has signed what builds on them, however far. An honest device
 * builds on nothing that it has not applied, so each has had them all; one that lies vouches for what it names itself.
 *
 * @param personOf - Whose a device is; undefined for whoever does not matter.
 * @returns For each digest that something waits for, up to two people.
 */
export function vouchers(
  db: SqlDatabase,
  personOf: (device: DeviceKey) => string | undefined,
): ReadonlyMap<RecordDigest, ReadonlySet<string>> {
  const people = new Map<RecordDigest, Set<string>>();
  for (const { digest, device, needs } of lastFirst(waiters(db))) {
    const person = personOf(device);
    const own = [...(people.get(digest) ?? []), ...(person === undefined ? [] : [person])];
    for (const needed of needs) {
      const known = people.get(needed) ?? new Set();
      for (const each of own) if (known.size < VOUCHERS_WANTED) known.add(each);
      people.set(needed, known);
    }
  }
  return people;
}

function waiters(db: SqlDatabase): Map<RecordDigest, Waiter> {
  const rows = db.all<{ digest: Uint8Array; device: Uint8Array; needed: Uint8Array }>(
    `SELECT r.digest, d.device, k.needed FROM history_link k JOIN history_waiting r ON r.id = k.waiter
     JOIN history_writer w ON w.id = r.writer JOIN history_device d ON d.id = w.device`,
  );
  const links = Map.groupBy(rows, ({ digest }) => toHex(digest));
  return new Map(
    [...links].map(([digest, each]) => [
      digest,
      { digest, device: toHex(each[0]?.device ?? new Uint8Array()), needs: each.map(({ needed }) => toHex(needed)) },
    ]),
  );
}

/** Each after all that builds on it. Digests name one another, so there are no circles. */
function lastFirst(all: ReadonlyMap<RecordDigest, Waiter>): Waiter[] {
  const above = new Map<RecordDigest, number>();
  for (const { needs } of all.values()) for (const needed of needs) above.set(needed, (above.get(needed) ?? 0) + 1);
  const order = [...all.values()].filter(({ digest }) => !above.has(digest));
  for (const { needs } of order) {
    for (const needed of needs) {
      const left = (above.get(needed) ?? 0) - 1;
      above.set(needed, left);
      const waiter = all.get(needed);
      if (left === 0 && waiter) order.push(waiter);
    }
  }
  return order;
}
