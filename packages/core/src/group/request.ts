/**
 * Join requests: a person's card, sealed to an epoch whose recipient an address names. A request asks and proves nothing
 * but its card; who may come in is for an admin to decide, who compares fingerprints. SPEC.md §7.
 */
import { openFile, sealFile } from "../age/file.ts";
import { suiteOf } from "../age/suite.ts";
import { concatBytes } from "../encoding/bytes.ts";
import { labelledDigest, NAME_DIGEST_LENGTH, nameDigest } from "../encoding/digest.ts";
import { fromHex } from "../encoding/hex.ts";
import { readLine } from "../encoding/strict.ts";
import { ConclaveError } from "../errors.ts";
import { readCard, type SignedCard } from "../identity/card.ts";
import type { Crypto } from "../ports/crypto.ts";
import { type Invited, invited as invitedShape } from "../records/invited.ts";
import { type OpenEpoch, padLines } from "../records/records-file.ts";
import type { DeviceKey, RecordDigest } from "../records/shapes.ts";
import { decodeSignedLines, encodeSignedLine, type SignedLine } from "../records/signed-line.ts";
import { isInvitationProof } from "./invitation.ts";
import { isAnyKeyTaken } from "./rules.ts";
import { departureOf, type GroupState, memberById, memberOfDevice } from "./state.ts";

/** The folder that requests lie in. */
export const REQUESTS_FOLDER = "requests";
/** Largest stored request that is looked at, in bytes. */
export const REQUEST_BYTES_MAX: number = 32 * 1024;

const REQUEST_KEY = /^requests\/(?<id>[0-9a-f]{32})-(?<digest>[0-9a-f]{32})\.age$/;

/** What the name of a request says; nothing of it is trusted before the card inside agrees. */
export interface RequestName {
  readonly id: string;
  readonly digest: string;
}

/** What a request asks. */
export interface Asking {
  readonly card: SignedCard;
  /** Where somebody was invited: the line that the invitation's key has signed for this card. */
  readonly invited: { readonly invitation: DeviceKey; readonly signed: SignedLine } | null;
}

/** One device asks one group under one id, so that asking twice is one request; by an invitation, under another. */
export function requestId(options: {
  readonly group: RecordDigest;
  readonly device: DeviceKey;
  readonly invitation?: DeviceKey | undefined;
}): string {
  const { group, device, invitation = "" } = options;
  const digest = labelledDigest("conclave/v1/request", fromHex(group), fromHex(device), fromHex(invitation));
  return digest.slice(0, NAME_DIGEST_LENGTH);
}

/** Reads a key; undefined if it is not of the form of a request's. */
export function parseRequestKey(key: string): RequestName | undefined {
  const groups = REQUEST_KEY.exec(key)?.groups;
  if (!groups) return undefined;
  const { id = "", digest = "" } = groups;
  return { id, digest };
}

/** Seals a card, and what an invitation's key has signed for it, as a request to a group. */
export async function sealRequest(
  crypto: Crypto,
  options: {
    readonly group: RecordDigest;
    readonly asking: Asking;
    /** Of the address's epoch, or the newest known. Its suite is the group's: who asks knows no log yet. */
    readonly recipient: string;
  },
): Promise<{ readonly key: string; readonly bytes: Uint8Array<ArrayBuffer> }> {
  const { group, asking, recipient } = options;
  const { card, invited } = asking;
  const lines = [card.signed, ...(invited ? [invited.signed] : [])];
  const id = requestId({ group, device: card.card.device.verifyingKey, invitation: invited?.invitation });
  return sealRequestLines(crypto, { id, lines, recipient });
}

/** Seals the lines of a request of any kind under their name. */
export async function sealRequestLines(
  crypto: Crypto,
  options: { readonly id: string; readonly lines: readonly SignedLine[]; readonly recipient: string },
): Promise<{ readonly key: string; readonly bytes: Uint8Array<ArrayBuffer> }> {
  const { id, lines, recipient } = options;
  const plaintext = padLines(concatBytes(...lines.map(encodeSignedLine)));
  const { sealed } = await sealFile(crypto, { recipients: [recipient], suite: suiteOf(recipient), plaintext });
  return { key: `${REQUESTS_FOLDER}/${id}-${nameDigest(sealed)}.age`, bytes: sealed };
}

/** A stored request of any kind, before anything of it is known to agree. */
export interface StoredRequest {
  readonly name: RequestName;
  /** As stored, not trusted. Taken over. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly epoch: Pick<OpenEpoch, "identity" | "suite">;
}

/**
 * Opens a request of any kind as far as its name and seal go. Whose lines they are is still to be checked.
 *
 * @param options.what - What kind it is, for errors.
 * @throws ConclaveError `limit` if it is too large, `corrupt` or `malformed` if name, seal and lines do not agree.
 */
export async function openRequestLines(
  crypto: Crypto,
  { what, name, bytes, epoch }: StoredRequest & { readonly what: string },
): Promise<readonly SignedLine[]> {
  if (bytes.length > REQUEST_BYTES_MAX) throw new ConclaveError(`${what} is too large`, { code: "limit" }); // check: size
  if (nameDigest(bytes) !== name.digest) {
    throw new ConclaveError(`found a ${what} whose bytes do not fit its name`, { code: "corrupt" }); // check: digest
  }
  return decodeSignedLines(await openFile(crypto, { sealed: bytes, identities: [epoch.identity], suite: epoch.suite }));
}

/**
 * Opens and verifies a request: its name, its seal, the card's own signature, and that of an invitation's key for this card
 * in this group. Whether there is such an invitation is another question.
 *
 * @throws ConclaveError `limit` if it is too large, `corrupt` if name, seal, contents and card do not agree.
 */
export async function openRequest(
  crypto: Crypto,
  options: StoredRequest & { readonly group: RecordDigest },
): Promise<Asking> {
  const { group, name } = options;
  const [signed, proof, ...others] = await openRequestLines(crypto, { ...options, what: "join request" });
  if (!signed || others.length > 0) refuse("that holds no card, or more than one and an invitation's line"); // check: canonical
  const card = await readCard(crypto, signed);
  const invited = proof ? await readInvited(crypto, { group, card, signed: proof }) : null;
  // Else a card could be copied from one group's requests to another's.
  if (requestId({ group, device: card.card.device.verifyingKey, invitation: invited?.invitation }) !== name.id)
    refuse("made for another group or device"); // check: link
  return { card, invited };
}

/** The line beside the card: it must be of this group and card, and its key must have signed it. */
async function readInvited(
  crypto: Crypto,
  options: { readonly group: RecordDigest; readonly card: SignedCard; readonly signed: SignedLine },
): Promise<NonNullable<Asking["invited"]>> {
  const { group, card, signed } = options;
  const line = readInvitedLine(signed);
  if (line.group !== group) refuse("whose invitation is of another group"); // check: link
  if (line.card !== card.member) refuse("whose card was swapped: its invitation's key has signed another"); // check: key
  if (!(await isInvitationProof(crypto, signed, line.invitation))) refuse("whose invitation's key has not signed it"); // check: signature
  return { invitation: line.invitation, signed };
}

/**
 * What to make of a request: `waiting` for an admin, `refused` because somebody who is out asks (or somebody who uses
 * keys of another card), `member` because it was answered, or is of a device that is listed. None of them gives any key away.
 */
export function requestState(state: GroupState, card: SignedCard): "waiting" | "refused" | "member" {
  // A listed device has signed this card for itself, whichever card its member was admitted with.
  if (memberById(state, card.member) || memberOfDevice(state, card.card.device.verifyingKey)) return "member";
  return departureOf(state, card.member) || isAnyKeyTaken(state, card) ? "refused" : "waiting"; // check: role
}

function readInvitedLine(signed: SignedLine): Invited {
  try {
    return readLine(signed.line, invitedShape);
  } catch {
    refuse("that holds something else than an invitation's line beside its card"); // check: canonical
  }
}

function refuse(what: string): never {
  throw new ConclaveError(`found a join request ${what}`, { code: "corrupt" });
}
