/**
 * Join requests: a person's card, sealed to an epoch whose recipient an address names. A request asks and proves nothing
 * but its card; who may come in is for an admin to decide, who compares fingerprints. SPEC.md §7.
 */
import { openFile, sealFile } from "../age/file.ts";
import { suiteOf } from "../age/suite.ts";
import { labelledDigest, NAME_DIGEST_LENGTH, nameDigest } from "../encoding/digest.ts";
import { fromHex } from "../encoding/hex.ts";
import { ConclaveError } from "../errors.ts";
import { readCard, type SignedCard } from "../identity/card.ts";
import type { Crypto } from "../ports/crypto.ts";
import { type OpenEpoch, padLines } from "../records/records-file.ts";
import type { DeviceKey, RecordDigest } from "../records/shapes.ts";
import { decodeSignedLines, encodeSignedLine } from "../records/signed-line.ts";
import { isAnyKeyTaken } from "./rules.ts";
import { departureOf, type GroupState, memberById } from "./state.ts";

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

/** One device asks one group under one id, so that asking twice is one request. */
export function requestId(options: { readonly group: RecordDigest; readonly device: DeviceKey }): string {
  const digest = labelledDigest("conclave/v1/request", fromHex(options.group), fromHex(options.device));
  return digest.slice(0, NAME_DIGEST_LENGTH);
}

/** Reads a key; undefined if it is not of the form of a request's. */
export function parseRequestKey(key: string): RequestName | undefined {
  const groups = REQUEST_KEY.exec(key)?.groups;
  if (!groups) return undefined;
  const { id = "", digest = "" } = groups;
  return { id, digest };
}

/** Seals a card as a request to a group. */
export async function sealRequest(
  crypto: Crypto,
  options: {
    readonly group: RecordDigest;
    readonly card: SignedCard;
    /** Of the address's epoch, or the newest known. Its suite is the group's: who asks knows no log yet. */
    readonly recipient: string;
  },
): Promise<{ readonly key: string; readonly bytes: Uint8Array<ArrayBuffer> }> {
  const { group, card, recipient } = options;
  const plaintext = padLines(encodeSignedLine(card.signed));
  const { sealed } = await sealFile(crypto, { recipients: [recipient], suite: suiteOf(recipient), plaintext });
  const id = requestId({ group, device: card.card.device.verifyingKey });
  return { key: `${REQUESTS_FOLDER}/${id}-${nameDigest(sealed)}.age`, bytes: sealed };
}

/**
 * Opens and verifies a request: its name, its seal, and the card's own signature.
 *
 * @param options.bytes - As stored, not trusted. Taken over.
 * @throws ConclaveError `limit` if it is too large, `corrupt` if name, seal, contents and card do not agree.
 */
export async function openRequest(
  crypto: Crypto,
  options: {
    readonly group: RecordDigest;
    readonly name: RequestName;
    readonly bytes: Uint8Array<ArrayBuffer>;
    readonly epoch: Pick<OpenEpoch, "identity" | "suite">;
  },
): Promise<SignedCard> {
  const { group, name, bytes, epoch } = options;
  if (bytes.length > REQUEST_BYTES_MAX) throw new ConclaveError("join request is too large", { code: "limit" }); // check: size
  if (nameDigest(bytes) !== name.digest) refuse("whose bytes do not fit its name"); // check: digest
  const plaintext = await openFile(crypto, { sealed: bytes, identities: [epoch.identity], suite: epoch.suite });
  const [signed, ...others] = decodeSignedLines(plaintext);
  if (!signed || others.length > 0) refuse("that holds more or less than one card"); // check: canonical
  const card = await readCard(crypto, signed); // check: signature
  // Else a card could be copied from one group's requests to another's.
  if (requestId({ group, device: card.card.device.verifyingKey }) !== name.id)
    refuse("made for another group or device"); // check: link
  return card;
}

/**
 * What to make of a request: `waiting` for an admin, `refused` because somebody who is out asks (or somebody who uses
 * keys of another card), `member` because it was answered. None of them gives any key away.
 */
export function requestState(state: GroupState, card: SignedCard): "waiting" | "refused" | "member" {
  if (memberById(state, card.member)) return "member";
  return departureOf(state, card.member) || isAnyKeyTaken(state, card) ? "refused" : "waiting"; // check: role
}

function refuse(what: string): never {
  throw new ConclaveError(`found a join request ${what}`, { code: "corrupt" });
}
