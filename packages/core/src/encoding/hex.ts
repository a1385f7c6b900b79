import { bytesToHex, hexToBytes } from "@noble/hashes/utils.js";

/** Lower-case hexadecimal of `bytes`. */
export function toHex(bytes: Uint8Array): string {
  return bytesToHex(bytes);
}

/** The bytes of a hexadecimal text that was checked before; throws on anything else. */
export function fromHex(text: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(hexToBytes(text));
}
