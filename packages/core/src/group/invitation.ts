/**
 * Invitations: a secret that one person hands another stands for comparing fingerprints. The log knows only the key drawn
 * from it; whoever holds the secret signs with that key which card is meant, and in which group. SPEC.md §6, §7.
 */
import { hkdf } from "@noble/hashes/hkdf.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { toUtf8 } from "../encoding/bytes.ts";
import { writeLine } from "../encoding/strict.ts";
import { ConclaveError } from "../errors.ts";
import { verifyingKeyOf } from "../identity/device.ts";
import type { Crypto } from "../ports/crypto.ts";
import { type Invited, invited } from "../records/invited.ts";
import type { DeviceKey, MemberId, RecordDigest } from "../records/shapes.ts";
import { isSignedBy, type SignedLine, signedLine, signLine } from "../records/signed-line.ts";

/** Random bytes behind an invitation. */
export const INVITATION_SECRET_BYTES = 16;

/** The key pair of an invitation. */
export interface InvitationKey {
  /** Names the invitation in the log; public. */
  readonly invitation: DeviceKey;
  /** Ed25519 seed, 32 bytes, secret. */
  readonly signingKey: Uint8Array<ArrayBuffer>;
}

/**
 * The keys that follow from an invitation's secret. HKDF-SHA256 without salt: the input is already uniform.
 *
 * @param secret - 16 random bytes.
 * @throws ConclaveError `malformed` for any other length.
 */
export function invitationKey(secret: Uint8Array): InvitationKey {
  if (secret.length !== INVITATION_SECRET_BYTES) {
    throw new ConclaveError(`an invitation's secret has ${INVITATION_SECRET_BYTES} bytes`, { code: "malformed" }); // check: size
  }
  const signingKey = new Uint8Array(hkdf(sha256, secret, undefined, toUtf8("conclave/v1/invitation"), 32));
  return { invitation: verifyingKeyOf(signingKey), signingKey };
}

/** Signs, with an invitation's key, that this card is meant in this group. */
export function signInvited(
  crypto: Crypto,
  options: { readonly group: RecordDigest; readonly card: MemberId; readonly secret: Uint8Array },
): Promise<SignedLine> {
  const { invitation, signingKey } = invitationKey(options.secret);
  return signLine(crypto, { value: invitedOf({ ...options, invitation }), signingKey });
}

/**
 * The line that an admission repeats, with the signature that its entry carries: what was signed follows from the rest of
 * the entry, so nothing else can be slipped in.
 */
export function invitedLine(options: Omit<Invited, "type"> & { readonly proof: string }): SignedLine {
  return signedLine(writeLine(invitedOf(options)), options.proof);
}

/** Whether the line was signed with the key of the invitation that it names. */
export function isInvitationProof(crypto: Crypto, signed: SignedLine, invitation: DeviceKey): Promise<boolean> {
  return isSignedBy(crypto, { signed, type: "conclave/v1/invited", device: invitation });
}

function invitedOf({ group, invitation, card }: Omit<Invited, "type">): Invited {
  return invited({ type: "conclave/v1/invited", group, invitation, card }, "invited");
}
