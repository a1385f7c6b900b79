import { readLine } from "../encoding/strict.ts";
import type { VerifiedEntry } from "../group/verified-entry.ts";
import type { SqlDatabase } from "../ports/sql.ts";
import { card as cardShape } from "../records/card.ts";
import { claimedCard, claimedDevices, signedCardOf } from "../records/claimed-cards.ts";
import { deviceCard } from "../records/device-card.ts";
import type { LogEntry } from "../records/entry.ts";
import { readRecord } from "../records/record.ts";
import type { RecordDigest } from "../records/shapes.ts";

interface EntryRow {
  readonly line: Uint8Array<ArrayBuffer>;
  readonly signature: Uint8Array<ArrayBuffer>;
  readonly flaw: string | null;
}

/**
 * The log's entries as this device verified them, but those that are loaded already: signatures and cards once, when they
 * were taken in. Whoever can write to the index has this device anyway.
 */
export function loadEntries(
  index: SqlDatabase,
  options: { readonly except: ReadonlyMap<RecordDigest, unknown> },
): VerifiedEntry[] {
  return index
    .all<{ digest: RecordDigest }>("SELECT digest FROM entries")
    .filter(({ digest }) => !options.except.has(digest))
    .map(({ digest }) => loadEntry(index, digest));
}

function loadEntry(index: SqlDatabase, digest: RecordDigest): VerifiedEntry {
  const row = index.get<EntryRow>("SELECT line, signature, flaw FROM entries WHERE digest = ?", digest);
  if (!row) throw new Error("an entry went from the index while it was read");
  const { line, signature, flaw } = row;
  const entry = readRecord(line) as LogEntry;
  const cards = flaw === null ? cardsOf(entry) : { card: null, devices: [] };
  return { signed: { digest, line, signature }, digest, entry, ...cards, flaw };
}

/** How many entries there are, counting or not. */
export function countEntries(index: SqlDatabase): number {
  return index.get<{ n: number }>("SELECT count(*) AS n FROM entries")?.n ?? 0;
}

/** Keeps verified entries; those known already stay as they are. */
export function saveEntries(index: SqlDatabase, entries: readonly VerifiedEntry[]): void {
  for (const { digest, signed, flaw } of entries) {
    index.run(
      "INSERT OR IGNORE INTO entries(digest, line, signature, flaw) VALUES(?, ?, ?, ?)",
      digest,
      signed.line,
      signed.signature,
      flaw,
    );
  }
}

/** What an entry brings, as it was found right when the entry was verified. */
function cardsOf(entry: LogEntry): Pick<VerifiedEntry, "card" | "devices"> {
  const claim = claimedCard(entry);
  const signed = claim && signedCardOf(claim);
  return {
    card: signed ? { card: readLine(signed.line, cardShape), signed, member: signed.digest } : null,
    devices: claimedDevices(entry).map((each) => {
      const device = signedCardOf(each);
      return { card: readLine(device.line, deviceCard), signed: device, id: device.digest };
    }),
  };
}
