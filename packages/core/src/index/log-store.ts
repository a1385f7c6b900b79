import { toUtf8 } from "../encoding/bytes.ts";
import { readLine } from "../encoding/strict.ts";
import type { VerifiedEntry } from "../group/verified-entry.ts";
import type { SignedCard } from "../identity/card.ts";
import type { SqlDatabase } from "../ports/sql.ts";
import { card as cardShape } from "../records/card.ts";
import type { LogEntry } from "../records/entry.ts";
import { readRecord } from "../records/record.ts";
import type { RecordDigest } from "../records/shapes.ts";
import { signedLine } from "../records/signed-line.ts";

interface EntryRow {
  readonly digest: string;
  readonly line: Uint8Array<ArrayBuffer>;
  readonly signature: Uint8Array<ArrayBuffer>;
  readonly flaw: string | null;
}

/**
 * The log's entries as this device verified them, but those that are loaded already: signatures and cards once, when they were taken in. Whoever can write
 * to the index has this device anyway.
 */
export function loadEntries(
  index: SqlDatabase,
  options: { readonly except: ReadonlyMap<RecordDigest, unknown> },
): VerifiedEntry[] {
  return index
    .all<EntryRow>("SELECT digest, line, signature, flaw FROM entries")
    .filter(({ digest }) => !options.except.has(digest))
    .map(({ digest, line, signature, flaw }) => {
      const entry = readRecord(line) as LogEntry;
      return { signed: { digest, line, signature }, digest, entry, card: flaw === null ? cardOf(entry) : null, flaw };
    });
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

function cardOf(entry: LogEntry): SignedCard | null {
  const claim = entry.type === "conclave/v1/found" ? entry : entry.act.act === "add" ? entry.act : undefined;
  if (claim === undefined) return null;
  const signed = signedLine(toUtf8(claim.card), claim.signature);
  return { card: readLine(signed.line, cardShape), signed, member: signed.digest };
}
