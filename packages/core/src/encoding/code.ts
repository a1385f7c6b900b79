/**
 * Codes that people copy, scan or type: bytes in Bech32m (BIP 350), whose checksum finds every single mistyped character and
 * every two neighbours that changed places, in codes of any length. SPEC.md §7.
 */
import { bech32m } from "@scure/base";
import { ConclaveError } from "../errors.ts";

/** What a code is for; it begins with this. */
export type CodeKind = "conclave-device" | "conclave-invite" | "conclave-share";
const KINDS: readonly string[] = ["conclave-device", "conclave-invite", "conclave-share"] satisfies CodeKind[];

/** Longest code that is looked at, in characters: a device code of many groups. Most are far shorter, and fit a picture. */
export const CODE_LENGTH_MAX = 16_384;

/**
 * Writes a code, in lower case.
 *
 * @param bytes - May be secret: then so is the code.
 * @throws ConclaveError `limit` if it comes out longer than {@link CODE_LENGTH_MAX}.
 */
export function encodeCode(kind: CodeKind, bytes: Uint8Array): string {
  const code = bech32m.encode(kind, bech32m.toWords(bytes), false);
  if (code.length > CODE_LENGTH_MAX)
    throw new ConclaveError("what the code has to hold is too much", { code: "limit" }); // check: size
  return code;
}

/**
 * Reads a code as somebody typed or pasted it: white space does not matter, nor whether it is all in capitals.
 *
 * @throws ConclaveError `malformed`, never quoting the code: for another kind of code, a mistyped character, one that was
 *   not copied whole.
 */
export function decodeCode(kind: CodeKind, typed: string): Uint8Array<ArrayBuffer> {
  const text = typed.replaceAll(/\s/g, "");
  if (text.length > CODE_LENGTH_MAX) refuse(`is longer than ${CODE_LENGTH_MAX} characters`); // check: size
  const begins = text.slice(0, text.lastIndexOf("1")).toLowerCase();
  if (KINDS.includes(begins) && begins !== kind) refuse(`begins with ${begins}, where ${kind} is wanted`); // check: canonical
  const decoded = bech32m.decodeUnsafe(text, false); // check: digest
  const bytes = decoded && bech32m.fromWordsUnsafe(decoded.words);
  if (!bytes || decoded.prefix !== kind) refuse("is mistyped, or was not copied whole"); // check: digest
  return new Uint8Array(bytes);
}

/** Whether a text is meant to be such a code, right or not. */
export function isCode(kind: CodeKind, text: string): boolean {
  return text.trim().toLowerCase().startsWith(`${kind}1`);
}

function refuse(how: string): never {
  throw new ConclaveError(`code ${how}`, { code: "malformed" });
}
