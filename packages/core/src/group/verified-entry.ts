/**
 * The slow half of reading the log: signatures and keys. It is done once for each entry, before the fold, and says
 * nothing about rights. SPEC.md §6.
 */
import { requireRecipient } from "../age/suite.ts";
import { fromHex } from "../encoding/hex.ts";
import { ConclaveError } from "../errors.ts";
import { readCard, type SignedCard } from "../identity/card.ts";
import { readDeviceCard, type SignedDeviceCard } from "../identity/device-card.ts";
import type { Crypto } from "../ports/crypto.ts";
import { claimedCard, claimedDevices, signedCardOf } from "../records/claimed-cards.ts";
import { isAdmissibleKey } from "../records/ed25519.ts";
import type { LogEntry } from "../records/entry.ts";
import { readRecord } from "../records/record.ts";
import type { RecordDigest } from "../records/shapes.ts";
import { isSignedBy, type SignedLine } from "../records/signed-line.ts";
import { invitedLine, isInvitationProof } from "./invitation.ts";

/** An entry that its author's device really signed. */
export interface VerifiedEntry {
  readonly signed: SignedLine;
  readonly digest: RecordDigest;
  readonly entry: LogEntry;
  /** The card that it admits, if it admits one and that card proves itself. */
  readonly card: SignedCard | null;
  /** The device cards that it brings, if they prove themselves: of a device, of a kit, or of both in this order. */
  readonly devices: readonly SignedDeviceCard[];
  /** Why nothing it says can count, whoever says it: a card or a recipient that is none. */
  readonly flaw: string | null;
}

/**
 * Reads and verifies one entry.
 *
 * @param signed - Not trusted.
 * @throws ConclaveError `corrupt` for a wrong signature; `malformed`, `limit`, `unsupported` as the strict reader.
 */
export async function verifyEntry(crypto: Crypto, signed: SignedLine): Promise<VerifiedEntry> {
  const entry = readRecord(signed.line);
  if (entry.type !== "conclave/v1/found" && entry.type !== "conclave/v1/entry") {
    throw new ConclaveError("record is no entry of a log", { code: "malformed" }); // check: canonical
  }
  if (!(await isSignedBy(crypto, { signed, type: entry.type, device: entry.device }))) {
    throw new ConclaveError("entry is not signed by the device that it names", { code: "corrupt" }); // check: signature
  }
  return { signed, digest: signed.digest, entry, ...(await readClaims(crypto, entry)) };
}

/**
 * Verifies many entries; those already known are not verified again.
 *
 * @returns Those that are rightly signed, in the same order without repetitions, and what is wrong with the others.
 */
export async function verifyEntries(
  crypto: Crypto,
  lines: readonly SignedLine[],
  known: ReadonlyMap<RecordDigest, VerifiedEntry> = new Map(),
): Promise<{ readonly entries: readonly VerifiedEntry[]; readonly problems: readonly ConclaveError[] }> {
  const entries = new Map<RecordDigest, VerifiedEntry>();
  const problems: ConclaveError[] = [];
  for (const signed of lines) {
    if (entries.has(signed.digest)) continue;
    try {
      entries.set(signed.digest, known.get(signed.digest) ?? (await verifyEntry(crypto, signed)));
    } catch (error) {
      if (!(error instanceof ConclaveError)) throw error;
      problems.push(error);
    }
  }
  return { entries: [...entries.values()], problems };
}

/** What an entry brings that can be judged without knowing the group. A flaw is kept, so that the audit view can show it. */
async function readClaims(crypto: Crypto, entry: LogEntry): Promise<Pick<VerifiedEntry, "card" | "devices" | "flaw">> {
  try {
    const recipient = newRecipient(entry);
    if (recipient !== undefined) requireRecipient(recipient, recipient.startsWith("age1pq1") ? "hybrid" : "classic"); // check: key
    requireInvitationKey(entry); // check: key
    const claim = claimedCard(entry);
    const devices = await Promise.all(
      claimedDevices(entry).map(async (each) => readDeviceCard(crypto, signedCardOf(each))),
    );
    const card = claim ? await readCard(crypto, signedCardOf(claim)) : null;
    await requireProof(crypto, { entry, card }); // check: signature
    return { card, devices, flaw: null };
  } catch (error) {
    if (!(error instanceof ConclaveError)) throw error;
    return { card: null, devices: [], flaw: error.message };
  }
}

/** The recipient of the epoch that an entry starts, if it starts one. */
export function newRecipient(entry: LogEntry): string | undefined {
  if (entry.type === "conclave/v1/found") return entry.recipient;
  return "recipient" in entry.act ? entry.act.recipient : undefined;
}

/** As for a device's key: else platforms could disagree on what it has signed. */
function requireInvitationKey(entry: LogEntry): void {
  if (entry.type === "conclave/v1/found" || entry.act.act !== "invite") return;
  if (isAdmissibleKey(fromHex(entry.act.invitation))) return;
  throw new ConclaveError("its invitation has a verifying key that is not safe to use", { code: "malformed" }); // check: key
}

/** Who admits by an invitation shows that its secret was used for this card in this group. */
async function requireProof(
  crypto: Crypto,
  { entry, card }: { readonly entry: LogEntry; readonly card: SignedCard | null },
): Promise<void> {
  if (entry.type === "conclave/v1/found" || entry.act.act !== "admit" || !card) return;
  const { invitation, proof } = entry.act;
  const signed = invitedLine({ group: entry.group, invitation, card: card.member, proof });
  if (await isInvitationProof(crypto, signed, invitation)) return;
  throw new ConclaveError("its invitation was not signed for that card", { code: "corrupt" }); // check: signature
}
