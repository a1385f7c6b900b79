/**
 * A device's secret keys, and the file that they lie in: a plain age identities file, so that stock `age -i` reads it. SPEC.md §5.
 */
import { ed25519 } from "@noble/curves/ed25519.js";
import { newAgeIdentity } from "../age/epoch-identity.ts";
import { recipientOf, requireWellTyped, suiteOf } from "../age/suite.ts";
import { fromHex, toHex } from "../encoding/hex.ts";
import { ConclaveError } from "../errors.ts";
import type { Crypto } from "../ports/crypto.ts";
import type { PublicKeys } from "../records/card.ts";
import type { Suite } from "../records/entry.ts";
import { label as labelShape } from "../records/shapes.ts";

/** Everything secret that makes one device, or one kit. */
export interface DeviceSecrets {
  /** What its owner calls it, public. */
  readonly label: string;
  /** Ed25519 seed, 32 bytes, secret. */
  readonly signingKey: Uint8Array;
  /** `AGE-SECRET-KEY-PQ-1…`, secret. */
  readonly hybridIdentity: string;
  /** `AGE-SECRET-KEY-1…`, secret. */
  readonly classicIdentity: string;
}

/** Draws the keys of a new device. */
export async function newDevice(crypto: Crypto, options: { readonly label: string }): Promise<DeviceSecrets> {
  return {
    label: labelShape(options.label, "label"),
    signingKey: crypto.randomBytes(32),
    hybridIdentity: await newAgeIdentity("hybrid"),
    classicIdentity: await newAgeIdentity("classic"),
  };
}

/** The identity that a group of that suite uses; secret. */
export function identityFor(device: DeviceSecrets, suite: Suite): string {
  return suite === "hybrid" ? device.hybridIdentity : device.classicIdentity;
}

/** The recipient that a group of that suite uses. */
export function recipientFor(keys: PublicKeys, suite: Suite): string {
  return suite === "hybrid" ? keys.hybrid : keys.classic;
}

/** Verifying key of a 32-byte Ed25519 seed, in hexadecimal. */
export function verifyingKeyOf(signingKey: Uint8Array): string {
  return toHex(ed25519.getPublicKey(signingKey));
}

/** The public halves of a device's keys, as cards carry them. */
export async function publicKeysOf(device: DeviceSecrets): Promise<PublicKeys> {
  return {
    label: device.label,
    verifyingKey: verifyingKeyOf(device.signingKey),
    hybrid: await recipientOf(device.hybridIdentity),
    classic: await recipientOf(device.classicIdentity),
  };
}

/** Longest identity file that is looked at. */
export const IDENTITY_FILE_BYTES_MAX: number = 16 * 1024;

const FIRST_LINE =
  "# conclave identity, version 1. Whoever has this file can read and sign as this device: keep it secret.";
const HINT_LINE =
  "# For an age without post-quantum keys (before 1.3), leave out the AGE-SECRET-KEY-PQ line: grep -v PQ";
const LABEL_START = "# conclave label ";
const SIGNING_START = "# conclave signing key ";

/**
 * A device as an age identities file: comment lines for what is Conclave's own, then one identity a line.
 *
 * The post-quantum line makes an age that does not know it refuse the whole file, so the file says what to leave out.
 *
 * @returns Secret text that ends in a line feed.
 */
export function writeIdentityFile(device: DeviceSecrets): string {
  return [
    FIRST_LINE,
    HINT_LINE,
    // JSON keeps a label with line feeds on one line.
    LABEL_START + JSON.stringify(device.label),
    SIGNING_START + toHex(device.signingKey),
    device.hybridIdentity,
    device.classicIdentity,
    "",
  ].join("\n");
}

/**
 * Reads an identity file: exactly the form that {@link writeIdentityFile} gives, so that nothing in it goes unnoticed.
 *
 * @param text - Secret.
 * @throws ConclaveError `malformed`, never quoting the text.
 */
export async function readIdentityFile(text: string): Promise<DeviceSecrets> {
  const [, , labelLine = "", signingLine = "", hybridIdentity = "", classicIdentity = ""] = text
    .slice(0, IDENTITY_FILE_BYTES_MAX)
    .split("\n");
  const signingKey = signingLine.slice(SIGNING_START.length);
  if (!/^[0-9a-f]{64}$/.test(signingKey)) refuse(); // check: canonical
  const device = {
    label: readLabel(labelLine.slice(LABEL_START.length)),
    signingKey: fromHex(signingKey),
    hybridIdentity,
    classicIdentity,
  };
  if (writeIdentityFile(device) !== text) refuse(); // check: canonical
  if (suiteOf(hybridIdentity) !== "hybrid" || suiteOf(classicIdentity) !== "classic") refuse(); // check: key
  // Their checksums: a mistyped identity would otherwise show only when nothing opens.
  requireWellTyped(hybridIdentity);
  requireWellTyped(classicIdentity);
  return device;
}

function readLabel(json: string): string {
  let parsed: unknown;
  try {
    parsed = JSON.parse(json);
  } catch {
    refuse();
  }
  return labelShape(parsed, "label");
}

function refuse(): never {
  throw new ConclaveError("text is no identity file of conclave", { code: "malformed" });
}
