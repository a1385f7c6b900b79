import { generateHybridIdentity, generateX25519Identity } from "age-encryption";
import { toUtf8 } from "../encoding/bytes.ts";
import { sha256Hex } from "../encoding/digest.ts";
import type { Suite } from "../records/entry.ts";
import type { EpochId } from "../records/shapes.ts";
import { recipientOf } from "./suite.ts";

/** An epoch's key: what a grant hands out. */
export interface EpochIdentity {
  /** Secret: opens all that is sealed to the epoch. */
  readonly identity: string;
  /** Public: what is sealed to. */
  readonly recipient: string;
  readonly epoch: EpochId;
}

/** The bytes of `epochs/<epoch>.recipient`: the recipient and one line feed. SPEC.md §2. */
export function recipientFile(recipient: string): Uint8Array<ArrayBuffer> {
  return toUtf8(`${recipient}\n`);
}

/** An epoch is the digest of its recipient's file, so the name proves the key. SPEC.md §2. */
export function epochOf(recipient: string): EpochId {
  return sha256Hex(recipientFile(recipient));
}

/** An identity together with what follows from it. */
export async function epochIdentity(identity: string): Promise<EpochIdentity> {
  const recipient = await recipientOf(identity);
  return { identity, recipient, epoch: epochOf(recipient) };
}

/** A fresh identity for a new epoch. */
export async function newEpochIdentity(suite: Suite): Promise<EpochIdentity> {
  return epochIdentity(await newAgeIdentity(suite));
}

/** A fresh age identity, from the platform's generator. */
export function newAgeIdentity(suite: Suite): Promise<string> {
  return suite === "hybrid" ? generateHybridIdentity() : generateX25519Identity();
}
