/** Entries that only a newer version can read: while an admin's lies there, this one reads on and writes nothing. SPEC.md §3. */
import { ConclaveError } from "../../errors.ts";
import { isNewer, newerEntryBy } from "../../group/newer-entry.ts";
import { isAtLeast, memberOfDevice } from "../../group/state.ts";
import { verifyEntries } from "../../group/verified-entry.ts";
import { saveEntries } from "../../index/log-store.ts";
import type { DeviceKey, MemberId } from "../../records/shapes.ts";
import type { SignedLine } from "../../records/signed-line.ts";
import type { Session } from "../session.ts";
import { everListed, verifiedOf } from "../view.ts";

/** Most such entries of one device that are kept: one is enough to know of. */
const NEWER_MAX = 16;

/** Keeps, of lines that were met, those that are newer entries of devices of the group. */
export async function keepNewerEntries(session: Session, lines: readonly SignedLine[]): Promise<void> {
  for (const signed of lines) {
    const device = await newerEntryBy(session.crypto, signed);
    if (device === undefined) continue;
    if (!everListed(session.view.log).has(device)) continue; // check: role
    const kept = session.index.get<{ n: number }>("SELECT count(*) AS n FROM newer WHERE device = ?", device)?.n ?? 0;
    if (kept >= NEWER_MAX) continue; // check: size
    session.index.run(
      "INSERT OR IGNORE INTO newer(digest, device, line, signature) VALUES(?, ?, ?, ?)",
      signed.digest,
      device,
      signed.line,
      signed.signature,
    );
  }
}

/**
 * Takes in what this program can read and an older one could not: entries at once, as the storage may show them nowhere any
 * more, and files that were given up are tried again.
 */
export async function takeUpdated(session: Session): Promise<void> {
  const { index } = session;
  const rows = index.all<SignedLine>("SELECT digest, line, signature FROM newer").filter(({ line }) => !isNewer(line));
  if (rows.length === 0) return;
  const { entries } = await verifyEntries(session.crypto, rows, verifiedOf(session.view.log));
  index.transaction(() => {
    saveEntries(index, entries);
    for (const { digest } of rows) index.run("DELETE FROM newer WHERE digest = ?", digest);
    index.run("UPDATE files SET tried = 0 WHERE state = 'unsupported'");
  });
}

/**
 * Whether an admin or owner has done something that this version cannot read.
 *
 * @param options.removes - Who is to be removed. One of them, and all is well: else those who sign nonsense could not even be
 *   removed, each because of another.
 */
export function isUpdateNeeded(session: Session, options: { readonly removes?: MemberId } = {}): boolean {
  const authors = session.index
    .all<{ device: DeviceKey }>("SELECT device FROM newer")
    .flatMap(({ device }) => memberOfDevice(session.view.state, device) ?? [])
    .filter(({ role }) => isAtLeast(role, "admin")); // check: downgrade
  return authors.length > 0 && authors.every(({ id }) => id !== options.removes);
}

/** @throws ConclaveError `unsupported` if {@link isUpdateNeeded}. */
export function requireUpToDate(session: Session, options: { readonly removes?: MemberId } = {}): void {
  if (!isUpdateNeeded(session, options)) return;
  throw new ConclaveError("an admin's program is newer than this one: update conclave, then write again", {
    code: "unsupported",
  }); // check: downgrade
}
