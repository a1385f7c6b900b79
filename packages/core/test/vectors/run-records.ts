/** Records, cards and listings: what is signed. SPEC.md §4, §5, §11. */
import { expect } from "vitest";
import { toUtf8 } from "../../src/encoding/bytes.ts";
import { fromHex } from "../../src/encoding/hex.ts";
import { base64, decodeBase64, readLine } from "../../src/encoding/strict.ts";
import { decodeCardFile, encodeCardFile } from "../../src/identity/card.ts";
import { readDeviceCard } from "../../src/identity/device-card.ts";
import { fingerprint } from "../../src/identity/fingerprint.ts";
import { verifySignature } from "../../src/records/ed25519.ts";
import { type ListingStart, listingStart } from "../../src/records/listing-start.ts";
import { readRecord } from "../../src/records/record.ts";
import { decodeSignedLines, encodeSignedLine, isSignedBy, signLine } from "../../src/records/signed-line.ts";
import { signListing } from "../../src/session/files/listing.ts";
import { type Bytes, bytesOf, Refused, type Runner } from "./vector-file.ts";

interface Signed {
  /** Of whoever signed what is ok, to sign it again: 32 bytes in hexadecimal. */
  readonly signingKey: string;
}

/** One record of any type: its form first, then its signature by the device that it names. */
export const runRecord: Runner<Signed & { readonly record: Bytes }> = async (crypto, input) => {
  const bytes = bytesOf(input.record);
  const [signed, ...others] = decodeSignedLines(bytes);
  if (!signed || others.length > 0) throw new Refused("corrupt");
  const value = readRecord(signed.line);
  if (!(await isSignedBy(crypto, { signed, type: value.type, device: value.device }))) throw new Refused("corrupt");
  const again = await signLine(crypto, { value, signingKey: fromHex(input.signingKey) });
  expect(encodeSignedLine(again)).toEqual(bytes);
  return { digest: signed.digest, value };
};

export const runCard: Runner<Signed & { readonly card: Bytes }> = async (crypto, input) => {
  const bytes = bytesOf(input.card);
  const { card, member } = await decodeCardFile(crypto, bytes);
  const again = await signLine(crypto, { value: card, signingKey: fromHex(input.signingKey) });
  expect(encodeCardFile(again)).toEqual(bytes);
  return { member, fingerprint: fingerprint(member), value: card };
};

export const runDeviceCard: Runner<Signed & { readonly device: Bytes }> = async (crypto, input) => {
  const bytes = bytesOf(input.device);
  const [signed, ...others] = decodeSignedLines(bytes);
  if (!signed || others.length > 0) throw new Refused("corrupt");
  const { card, id } = await readDeviceCard(crypto, signed);
  const again = await signLine(crypto, { value: card, signingKey: fromHex(input.signingKey) });
  expect(encodeSignedLine(again)).toEqual(bytes);
  return { id, fingerprint: fingerprint(id), value: card };
};

const signature = base64(64);

/** Listings are read by stock tools only, never by the core; this is their check, as RECOVERY.md does it with OpenSSL. */
export const runListing: Runner<Signed & { readonly plaintext: Bytes }> = async (crypto, input) => {
  const plaintext = bytesOf(input.plaintext);
  const lines = splitLines(plaintext);
  const last = signature(new TextDecoder().decode(lines.pop()), "signature");
  const first: ListingStart = readLine(lines[0] ?? new Uint8Array(0), listingStart);
  const body = plaintext.subarray(
    0,
    lines.reduce((sum, line) => sum + line.length + 1, 0),
  );
  const message = new Uint8Array([...toUtf8("conclave/v1/listing\0"), ...body]);
  const verifyingKey = fromHex(first.device);
  if (!(await verifySignature(crypto, { verifyingKey, signature: decodeBase64(last), message }))) {
    throw new Refused("corrupt");
  }
  const rows = lines.slice(1);
  expect(await signListing(crypto, { first, lines: rows, signingKey: fromHex(input.signingKey) })).toEqual(plaintext);
  return { first, rows: rows.length };
};

function splitLines(plaintext: Uint8Array): Uint8Array[] {
  const lines: Uint8Array[] = [];
  for (let start = 0; plaintext[start] !== undefined && plaintext[start] !== 0x0a; ) {
    const end = plaintext.indexOf(0x0a, start);
    if (end < 0) throw new Refused("corrupt");
    lines.push(plaintext.subarray(start, end));
    start = end + 1;
  }
  return lines;
}
