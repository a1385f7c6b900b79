/**
 * Recovery kits in shares (Shamir's secret sharing over GF(2⁸)): any `threshold` of them give the kit's secret, fewer tell
 * nothing of it. A share names the kit that it is of, so that what they give is known to be that kit or is refused. SPEC.md §5.
 */
import { combine, split } from "shamir-secret-sharing";
import { concatBytes, equalBytes } from "../encoding/bytes.ts";
import { decodeCode, encodeCode } from "../encoding/code.ts";
import { fromHex, toHex } from "../encoding/hex.ts";
import { ConclaveError } from "../errors.ts";
import type { Crypto } from "../ports/crypto.ts";
import type { DeviceKey } from "../records/shapes.ts";
import { verifyingKeyOf } from "./device.ts";
import { KIT_SECRET_BYTES, kitDevice } from "./kit.ts";

const VERSION = 1;
const SET_BYTES = 16;
const KEY_BYTES = 32;
/** One byte more than the secret: where on the polynomial it lies. */
const POINT_BYTES = KIT_SECRET_BYTES + 1;
const SHARE_BYTES: number = 1 + SET_BYTES + 3 + KEY_BYTES + POINT_BYTES;
/** Fewest shares that give a kit: with one, a share would be the kit. */
export const SHARES_NEEDED_MIN = 2;
/** Most shares of one kit. */
export const SHARES_MAX = 32;

/** One share of a kit. */
export interface KitShare {
  /** Drawn anew for each splitting, in hexadecimal: shares of two splittings do not go together. */
  readonly set: string;
  /** How many shares give the kit. */
  readonly threshold: number;
  /** How many there are. */
  readonly count: number;
  /** Which of them this is, from 1. */
  readonly number: number;
  /** The kit's verifying key, public. */
  readonly kit: DeviceKey;
  /** What it adds to the secret; secret. */
  readonly point: Uint8Array<ArrayBuffer>;
}

/**
 * Splits a kit.
 *
 * @param options.kitSecret - 32 bytes, secret.
 * @throws ConclaveError `limit` unless 2 ≤ threshold ≤ count ≤ 32.
 */
export async function splitKit(
  crypto: Crypto,
  options: { readonly kitSecret: Uint8Array; readonly threshold: number; readonly count: number },
): Promise<readonly KitShare[]> {
  const { kitSecret, threshold, count } = options;
  if (!isSplit(threshold, count)) {
    const what = `a kit is split into at most ${SHARES_MAX} shares, of which at least ${SHARES_NEEDED_MIN} are needed`;
    throw new ConclaveError(what, { code: "limit" }); // check: size
  }
  const kit = verifyingKeyOf(kitDevice(kitSecret).signingKey);
  const set = toHex(crypto.randomBytes(SET_BYTES));
  // The library takes plain arrays of bytes only, no class that extends them.
  const points = await split(new Uint8Array(kitSecret), count, threshold);
  return points.map((point, index) => ({
    set,
    threshold,
    count,
    number: index + 1,
    kit,
    point: new Uint8Array(point),
  }));
}

function isSplit(threshold: number, count: number): boolean {
  return (
    [threshold, count].every(Number.isInteger) &&
    threshold >= SHARES_NEEDED_MIN &&
    threshold <= count &&
    count <= SHARES_MAX
  );
}

/** A share as text: a code of kind `conclave-share`. Secret. */
export function formatKitShare({ set, threshold, count, number, kit, point }: KitShare): string {
  const head = new Uint8Array([threshold, count, number]);
  return encodeCode("conclave-share", concatBytes(new Uint8Array([VERSION]), fromHex(set), head, fromHex(kit), point));
}

/**
 * Reads a share as somebody typed it.
 *
 * @throws ConclaveError `malformed`, never quoting it; `unsupported` for one of a later version.
 */
export function parseKitShare(typed: string): KitShare {
  const bytes = decodeCode("conclave-share", typed);
  if (bytes.length > 0 && bytes[0] !== VERSION) {
    throw new ConclaveError(`share is of version ${bytes[0]}: update needed`, { code: "unsupported" }); // check: downgrade
  }
  if (bytes.length !== SHARE_BYTES) refuse("a share of a kit has another length"); // check: size
  const set = toHex(bytes.subarray(1, 1 + SET_BYTES));
  const [threshold = 0, count = 0, number = 0] = bytes.subarray(1 + SET_BYTES);
  if (!isSplit(threshold, count) || number < 1 || number > count) refuse("a share names numbers that do not fit"); // check: canonical
  const at = 1 + SET_BYTES + 3;
  const kit = toHex(bytes.subarray(at, at + KEY_BYTES));
  return { set, threshold, count, number, kit, point: bytes.slice(at + KEY_BYTES) };
}

/**
 * Puts shares together. What comes out is the kit that they name, or nothing.
 *
 * @param shares - At least as many as it takes; one that is given twice counts once.
 * @returns The kit's secret.
 * @throws ConclaveError `malformed` for too few, or those of two splittings; `corrupt` where one of them is forged.
 */
export async function joinKit(shares: readonly KitShare[]): Promise<Uint8Array<ArrayBuffer>> {
  const [first] = shares;
  if (!first) refuse("no share of a kit was given");
  const sameSet = (each: KitShare) =>
    each.set === first.set &&
    each.kit === first.kit &&
    each.threshold === first.threshold &&
    each.count === first.count;
  if (!shares.every(sameSet)) {
    refuse("these shares do not belong together: they are of two kits, or of one that was split twice"); // check: link
  }
  const different = shares.filter((share, index) => shares.findIndex((each) => isSame(each, share)) === index);
  if (different.length < first.threshold) {
    refuse(`it takes ${first.threshold} of the kit's ${first.count} shares, and these are ${different.length}`); // check: size
  }
  const secret = await combined(different);
  if (!secret || verifyingKeyOf(kitDevice(secret).signingKey) !== first.kit) {
    throw new ConclaveError("these shares give no kit: at least one of them is forged", { code: "corrupt" }); // check: key
  }
  return secret;
}

function isSame(left: KitShare, right: KitShare): boolean {
  return left.number === right.number && equalBytes(left.point, right.point);
}

async function combined(shares: readonly KitShare[]): Promise<Uint8Array<ArrayBuffer> | undefined> {
  try {
    return new Uint8Array(await combine(shares.map(({ point }) => new Uint8Array(point))));
  } catch {
    return undefined; // Two different shares at one place. No cause to pass on: it could quote them.
  }
}

function refuse(what: string): never {
  throw new ConclaveError(what, { code: "malformed" });
}
