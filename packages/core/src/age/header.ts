/**
 * Headers of age files: made and opened by the library, bounded before it sees them.
 *
 * Only headers of the group's own suite are looked at, and theirs have one exact length for each number of stanzas. So
 * where a header ends is found without parsing anything, and no header can be long, mixed or padded. SPEC.md §4.
 */
import { Decrypter, Encrypter, type Recipient } from "age-encryption";
import { toUtf8 } from "../encoding/bytes.ts";
import { ConclaveError } from "../errors.ts";
import type { Suite } from "../records/entry.ts";
import { NONCE_BYTES, TAG_BYTES } from "./chunks.ts";
import { requireIdentity, requireRecipient } from "./suite.ts";

/** Most stanzas in one header: the devices and kits that one grant can reach. */
export const STANZAS_MAX = 256;

const VERSION_LINE = toUtf8("age-encryption.org/v1\n");
const MAC_START = toUtf8("--- ");
/** `--- `, 32 bytes in unpadded base64, line feed. */
const MAC_LINE_BYTES = 48;
/** A wrapped file key: 32 bytes in unpadded base64. */
const BODY_LENGTH = 43;
const LINE_FEED = 0x0a;

/** How each suite's stanzas begin, and how long their one argument is: 1,120 or 32 bytes in unpadded base64. */
const STANZAS: Readonly<Record<Suite, { readonly start: Uint8Array; readonly argumentLength: number }>> = {
  hybrid: { start: toUtf8("-> mlkem768x25519 "), argumentLength: 1494 },
  classic: { start: toUtf8("-> X25519 "), argumentLength: 43 },
};

/** How many bytes a header with that many stanzas has, from its first line to the line feed after its MAC. */
export function headerBytes(suite: Suite, stanzas = 1): number {
  return VERSION_LINE.length + stanzas * stanzaBytes(suite) + MAC_LINE_BYTES;
}

function stanzaBytes(suite: Suite): number {
  return STANZAS[suite].start.length + STANZAS[suite].argumentLength + 1 + BODY_LENGTH + 1;
}

/** A finished header and the file key that its stanzas wrap. */
export interface SealedHeader {
  readonly header: Uint8Array<ArrayBuffer>;
  /** 16 bytes, secret, drawn for this one file. */
  readonly fileKey: Uint8Array<ArrayBuffer>;
}

/**
 * Makes a header with a fresh file key for one file.
 *
 * The library draws the file key and hands it to every recipient; one recipient of ours keeps a copy and adds no stanza.
 *
 * @throws ConclaveError `limit` for none or more than {@link STANZAS_MAX} recipients; as `requireRecipient`.
 */
export async function sealHeader(options: {
  readonly recipients: readonly string[];
  readonly suite: Suite;
}): Promise<SealedHeader> {
  const { recipients, suite } = options;
  if (recipients.length === 0 || recipients.length > STANZAS_MAX) {
    throw new ConclaveError(`an age file is for 1 to ${STANZAS_MAX} recipients`, { code: "limit" }); // check: size
  }
  for (const recipient of recipients) requireRecipient(recipient, suite);
  return sealHeaderFor(recipients);
}

/** As {@link sealHeader}, for recipients of any kind that the library takes. */
export async function sealHeaderFor(recipients: readonly (string | Recipient)[]): Promise<SealedHeader> {
  let captured: Uint8Array<ArrayBuffer> | undefined;
  const encrypter = new Encrypter();
  for (const recipient of recipients) encrypter.addRecipient(recipient);
  encrypter.addRecipient({
    wrapFileKey(fileKey) {
      captured = new Uint8Array(fileKey);
      return [];
    },
  });
  // The empty payload is thrown away: our own gets a nonce of its own, and so another key.
  const file = await encrypter.encrypt(new Uint8Array(0));
  if (captured === undefined) throw new Error("the age library handed no file key over");
  return { header: file.slice(0, file.length - NONCE_BYTES - TAG_BYTES), fileKey: captured };
}

/** What an opened header gives: all that opens the chunks behind it. */
export interface OpenedHeader {
  /** 16 bytes, secret. */
  readonly fileKey: Uint8Array;
  /** The payload's nonce. */
  readonly nonce: Uint8Array<ArrayBuffer>;
  /** Where the first chunk begins in the file. */
  readonly payloadOffset: number;
}

/**
 * Opens a file's header.
 *
 * @param options.start - The file's first bytes: header and nonce at least, more does no harm. Not trusted.
 * @param options.identities - Of the group's suite, tried in order; secret.
 * @param options.maxStanzas - Default 1, as every file of an epoch has; at most {@link STANZAS_MAX}.
 * @throws ConclaveError `corrupt`, without saying why: altered, cut, foreign, or not for these identities.
 */
export async function openHeader(options: {
  readonly start: Uint8Array;
  readonly identities: readonly string[];
  readonly suite: Suite;
  readonly maxStanzas?: number;
}): Promise<OpenedHeader> {
  const { start, identities, suite } = options;
  for (const identity of identities) requireIdentity(identity, suite);
  const length = headerLength(start, suite, Math.min(options.maxStanzas ?? 1, STANZAS_MAX));
  const payloadOffset = length + NONCE_BYTES;
  if (start.length < payloadOffset) refuse(); // check: cut
  const decrypter = new Decrypter();
  for (const identity of identities) decrypter.addIdentity(identity);
  const fileKey = await decrypter.decryptHeader(start.slice(0, length)).catch(refuse); // check: digest
  return { fileKey, nonce: start.slice(length, payloadOffset), payloadOffset };
}

/**
 * How long the header at the start of a file is. Looks only at the places where lines must begin and end: the library then
 * reads what is between.
 *
 * @throws ConclaveError `corrupt` for a header of another version or suite, mixed, or with none or too many stanzas.
 */
export function headerLength(file: Uint8Array, suite: Suite, maxStanzas: number): number {
  if (!startsWith(file, VERSION_LINE, 0)) refuse(); // check: downgrade
  let offset = VERSION_LINE.length;
  for (let stanza = 0; stanza < maxStanzas && !startsWith(file, MAC_START, offset); stanza++) {
    offset = stanzaEnd(file, suite, offset);
  }
  // Also where more stanzas follow than are allowed.
  if (offset === VERSION_LINE.length || !startsWith(file, MAC_START, offset)) refuse(); // check: size
  return lineEnd(file, offset, MAC_LINE_BYTES - 1);
}

function stanzaEnd(file: Uint8Array, suite: Suite, offset: number): number {
  const { start, argumentLength } = STANZAS[suite];
  if (!startsWith(file, start, offset)) refuse(); // check: downgrade
  return lineEnd(file, lineEnd(file, offset, start.length + argumentLength), BODY_LENGTH);
}

/** The offset behind a line of exactly `length` characters and its line feed. */
function lineEnd(file: Uint8Array, offset: number, length: number): number {
  if (file.subarray(offset, offset + length + 1).indexOf(LINE_FEED) !== length) refuse(); // check: canonical
  return offset + length + 1;
}

function startsWith(file: Uint8Array, expected: Uint8Array, offset: number): boolean {
  return expected.every((byte, index) => file[offset + index] === byte);
}

/** One message for every failure: which check failed is nobody's business. */
function refuse(): never {
  throw new ConclaveError("age file does not open", { code: "corrupt" });
}
