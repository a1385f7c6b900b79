/** Opening a listing whole, as stock tools do, but with its signature: only whoever verifies needs it. SPEC.md §11. */
import { openFile } from "../../age/file.ts";
import { concatBytes, toUtf8 } from "../../encoding/bytes.ts";
import { nameDigest } from "../../encoding/digest.ts";
import { fromHex } from "../../encoding/hex.ts";
import { base64, decodeBase64, readLine } from "../../encoding/strict.ts";
import { ConclaveError, MisfitError } from "../../errors.ts";
import type { Crypto } from "../../ports/crypto.ts";
import { verifySignature } from "../../records/ed25519.ts";
import { type ListingStart, listingStart } from "../../records/listing-start.ts";
import type { OpenEpoch } from "../../records/records-file.ts";
import type { ListingName } from "./listing-due.ts";

const LINE_FEED = 0x0a;
const signatureShape = base64(64);

/**
 * Opens one part of a listing and verifies that its first line's device has signed it. Its rows are not read.
 *
 * @param options.bytes - As stored, not trusted. Taken over.
 * @throws ConclaveError `corrupt` or `malformed` if name, seal, first line and signature do not agree.
 */
export async function openListing(
  crypto: Crypto,
  options: {
    readonly name: ListingName;
    readonly bytes: Uint8Array<ArrayBuffer>;
    readonly epoch: OpenEpoch;
    readonly group: string;
  },
): Promise<ListingStart> {
  const { name, bytes, epoch, group } = options;
  if (nameDigest(bytes) !== name.digest) throw new MisfitError("listing does not fit its name"); // check: digest
  const sealed = { sealed: bytes, identities: [epoch.identity], suite: epoch.suite, maxStanzas: 1 };
  const { start, body, signature } = split(await openFile(crypto, sealed));
  if (start.group !== group || start.epoch !== name.epoch || start.number !== name.number)
    refuse("is of another place"); // check: link
  const message = concatBytes(toUtf8(start.type), new Uint8Array(1), body);
  const isSigned = await verifySignature(crypto, { verifyingKey: fromHex(start.device), signature, message });
  if (!isSigned) refuse("is not signed by its device"); // check: signature
  return start;
}

/** The first line, all lines before the last, and the last one: a signature, behind which is nothing but padding. */
function split(plaintext: Uint8Array<ArrayBuffer>): {
  readonly start: ListingStart;
  readonly body: Uint8Array<ArrayBuffer>;
  readonly signature: Uint8Array<ArrayBuffer>;
} {
  let end = plaintext.length;
  while (end > 0 && plaintext[end - 1] === LINE_FEED) end -= 1;
  const last = plaintext.lastIndexOf(LINE_FEED, end - 1) + 1;
  const text = String.fromCharCode(...plaintext.subarray(last, Math.min(end, last + 100)));
  const start = readLine(plaintext.subarray(0, plaintext.indexOf(LINE_FEED)), listingStart);
  return { start, body: plaintext.slice(0, last), signature: decodeBase64(signatureShape(text, "signature")) };
}

function refuse(how: string): never {
  throw new ConclaveError(`listing ${how}`, { code: "corrupt" });
}
