import type { SqlDatabase } from "../ports/sql.ts";

/** Single values of an index. */
export type MetaName =
  | "group" // The group's id.
  | "suite" // "hybrid" or "classic".
  | "writer" // This copy of the state's writer id.
  | "number" // Number of the writer's newest record.
  | "previous" // Digest of the writer's newest record.
  | "pinned" // The entry on whose branch this device stands.
  | "settled" // The entry that this device's person has settled on, if any.
  | "looked" // When this device last looked at the storage, by its own clock.
  | "sought" // When this device last looked for what it does not find there, by its own clock.
  | "listing" // Epoch, time, rows and history sequence of the newest listing that this device put, as JSON.
  | "confirmed" // The entry of a member's address by which a recovered device was confirmed.
  | "deleting" // 1 once this device has begun to delete the group from its storage.
  | "keepers" // Receipts of other devices that name what the provider keeps, and that were not cleared after.
  | "access" // What of the provider's folder does not fit the log, as of which entry and when, as JSON.
  | "judged" // What the verdicts on all changes follow from, as of when they were last asked.
  | "restoring" // 1 while what the storage has lost, and its person has accepted, is being put back.
  | "applied"; // Sequence of the newest history record that the tree has seen.

export function readMeta<Value extends string | number>(index: SqlDatabase, name: MetaName): Value | undefined {
  return index.get<{ value: Value }>("SELECT value FROM meta WHERE name = ?", name)?.value;
}

export function writeMeta(index: SqlDatabase, name: MetaName, value: string | number | null): void {
  index.run(
    "INSERT INTO meta(name, value) VALUES(?, ?) ON CONFLICT(name) DO UPDATE SET value = excluded.value",
    name,
    value,
  );
}
