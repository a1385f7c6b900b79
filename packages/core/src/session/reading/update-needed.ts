/** Entries that only a newer version can read: while an admin's lies there, this one reads on and writes nothing. SPEC.md §3. */
import { ConclaveError } from "../../errors.ts";
import { isNewer, newerEntryBy } from "../../group/newer-entry.ts";
import { isAtLeast, memberOfDevice } from "../../group/state.ts";
import type { DeviceKey, MemberId } from "../../records/shapes.ts";
import type { SignedLine } from "../../records/signed-line.ts";
import type { Session } from "../session.ts";
import { everListed } from "../view.ts";

/** Keeps, of lines that were met, those that are newer entries of devices of the group. */
export async function keepNewerEntries(session: Session, lines: readonly SignedLine[]): Promise<void> {
  for (const signed of lines) {
    const device = await newerEntryBy(session.crypto, signed);
    if (device === undefined || !everListed(session.view.log).has(device)) continue; // check: role
    session.index.run(
      "INSERT OR IGNORE INTO newer(digest, device, line) VALUES(?, ?, ?)",
      signed.digest,
      device,
      signed.line,
    );
  }
}

/**
 * Whether an admin or owner has done something that this version cannot read.
 *
 * @param options.except - What this member did does not matter: else one who signs nonsense could not even be removed.
 */
export function isUpdateNeeded(session: Session, options: { readonly except?: MemberId } = {}): boolean {
  return session.index
    .all<{ device: DeviceKey; line: Uint8Array }>("SELECT device, line FROM newer")
    .some(({ device, line }) => {
      const member = memberOfDevice(session.view.state, device);
      if (member === undefined || member.id === options.except) return false;
      return isAtLeast(member.role, "admin") && isNewer(line); // check: downgrade
    });
}

/** @throws ConclaveError `unsupported` if {@link isUpdateNeeded}. */
export function requireUpToDate(session: Session, options: { readonly except?: MemberId } = {}): void {
  if (!isUpdateNeeded(session, options)) return;
  throw new ConclaveError("an admin's program is newer than this one: update conclave, then write again", {
    code: "unsupported",
  }); // check: downgrade
}
