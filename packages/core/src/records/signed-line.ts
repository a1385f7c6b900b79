import { concatBytes, toUtf8 } from "../encoding/bytes.ts";
import { sha256Hex } from "../encoding/digest.ts";
import { fromHex } from "../encoding/hex.ts";
import { base64, decodeBase64, encodeBase64, writeLine } from "../encoding/strict.ts";
import { ConclaveError } from "../errors.ts";
import type { Crypto } from "../ports/crypto.ts";
import { verifySignature } from "./ed25519.ts";
import type { DeviceKey, RecordDigest } from "./shapes.ts";

/** One line of JSON and the Ed25519 signature over it, as both lie in a records file. SPEC.md §4. */
export interface SignedLine {
  /** The line's bytes without its line feed; at most `LINE_BYTES_MAX`. */
  readonly line: Uint8Array<ArrayBuffer>;
  /** 64 bytes. */
  readonly signature: Uint8Array<ArrayBuffer>;
  /** SHA-256 of `line`: the record's identity wherever and however often it is sealed. */
  readonly digest: RecordDigest;
}

/** A record type with its version, as it stands in the line and in what is signed: `conclave/v1/change`. */
export type RecordType = `conclave/v1/${string}`;

/** What a signature covers: the type, a zero byte, the line's bytes. So none can be presented as another type. SPEC.md §4. */
function signedMessage(type: RecordType, line: Uint8Array): Uint8Array {
  return concatBytes(toUtf8(type), new Uint8Array(1), line);
}

/** Writes and signs one record. `value` must have its keys in the order of its shape. */
export async function signLine(
  crypto: Crypto,
  options: { readonly value: { readonly type: RecordType }; readonly signingKey: Uint8Array },
): Promise<SignedLine> {
  const line = writeLine(options.value);
  const signature = await crypto.sign({
    signingKey: options.signingKey,
    message: signedMessage(options.value.type, line),
  });
  return { line, signature: new Uint8Array(signature), digest: sha256Hex(line) };
}

/** Whether the line was signed, as a record of this type, by this device. */
export async function isSignedBy(
  crypto: Crypto,
  options: { readonly signed: SignedLine; readonly type: RecordType; readonly device: DeviceKey },
): Promise<boolean> {
  return verifySignature(crypto, {
    verifyingKey: fromHex(options.device),
    signature: options.signed.signature,
    message: signedMessage(options.type, options.signed.line),
  });
}

/** `line` LF base64(signature) LF: a record as it is stored. SPEC.md §4. */
export function encodeSignedLine(signed: SignedLine): Uint8Array<ArrayBuffer> {
  return concatBytes(signed.line, LINE_FEED, toUtf8(encodeBase64(signed.signature)), LINE_FEED);
}

const LINE_FEED = new Uint8Array([0x0a]);
const signatureShape = base64(64);

/** The signed line behind a signature in base64, as cards inside entries carry it. Verifies nothing. */
export function signedLine(line: Uint8Array<ArrayBuffer>, signature: string): SignedLine {
  return { line, signature: decodeBase64(signatureShape(signature, "signature")), digest: sha256Hex(line) };
}

/**
 * Splits consecutive records at 0x0A, up to the padding. Verifies nothing.
 *
 * @param bytes - Records, then any number of line feeds. Not trusted.
 * @throws ConclaveError `malformed` if a record is cut, or if anything but line feeds follows the last one.
 */
export function decodeSignedLines(bytes: Uint8Array<ArrayBuffer>): SignedLine[] {
  const result: SignedLine[] = [];
  let offset = 0;
  while (offset < bytes.length && bytes[offset] !== 0x0a) {
    const lineEnd = bytes.indexOf(0x0a, offset);
    const signatureEnd = lineEnd < 0 ? -1 : bytes.indexOf(0x0a, lineEnd + 1);
    if (signatureEnd < 0) throw new ConclaveError("the last record is cut", { code: "malformed" }); // check: canonical
    const signature = String.fromCharCode(...bytes.subarray(lineEnd + 1, Math.min(signatureEnd, lineEnd + 100)));
    result.push(signedLine(bytes.slice(offset, lineEnd), signature));
    offset = signatureEnd + 1;
  }
  // Padding that is anything else could carry what one reader sees and another does not.
  if (bytes.subarray(offset).some((byte) => byte !== 0x0a)) {
    throw new ConclaveError("something follows the last record", { code: "malformed" }); // check: canonical
  }
  return result;
}
