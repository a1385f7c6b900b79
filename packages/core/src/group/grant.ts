/**
 * Grants: the epoch's identity, the older ones still needed, and the whole log, sealed to devices. A grant carries no
 * signature, because all that is in it proves itself: the log by the group's id, the identities by the log. SPEC.md §7.
 */
import { newAgeIdentity } from "../age/epoch-identity.ts";
import { openFile, sealFile } from "../age/file.ts";
import { STANZAS_MAX } from "../age/header.ts";
import { recipientOf } from "../age/suite.ts";
import { joinBytes } from "../encoding/bytes.ts";
import { labelledDigest, NAME_DIGEST_LENGTH, nameDigest } from "../encoding/digest.ts";
import { fromHex } from "../encoding/hex.ts";
import { list, object, oneOf, readLine, type Shaped, text, tuple, variant, writeLine } from "../encoding/strict.ts";
import { ConclaveError, MisfitError } from "../errors.ts";
import { recipientFor } from "../identity/device.ts";
import type { Crypto } from "../ports/crypto.ts";
import { STORED_BYTES_MAX } from "../ports/store.ts";
import type { Suite } from "../records/entry.ts";
import { padLines } from "../records/records-file.ts";
import { type DeviceKey, digest, type EpochId, type RecordDigest } from "../records/shapes.ts";
import { decodeSignedLines, encodeSignedLine, type SignedLine } from "../records/signed-line.ts";
import { currentEpoch, type GroupState, listedDevice, listedDevices } from "./state.ts";

/** Most identities in one grant. */
export const GRANT_IDENTITIES_MAX = 4096;

const identityText = text({ max: 100, accept: /^AGE-SECRET-KEY-(?:PQ-)?1[02-9AC-HJ-NP-Z]{58}$/ });

const grantHeader = variant("type", {
  "conclave/v1/grant": object({
    type: oneOf("conclave/v1/grant"),
    group: digest,
    identities: list(tuple(digest, identityText), GRANT_IDENTITIES_MAX),
  }),
});

/** What a grant holds, before anything of it was believed. */
export interface GrantContent {
  readonly group: RecordDigest;
  /** Epoch and identity, newest first; secret. */
  readonly identities: readonly (readonly [epoch: EpochId, identity: string])[];
  /** The log from its first entry. */
  readonly lines: readonly SignedLine[];
}

/** The plaintext of a grant, padded: a line of JSON, then records. */
export function encodeGrant(content: GrantContent): Uint8Array<ArrayBuffer> {
  const { group, identities, lines } = content;
  const header: Shaped<typeof grantHeader> = { type: "conclave/v1/grant", group, identities };
  return padLines(joinBytes([writeLine(header), new Uint8Array([0x0a]), ...lines.map(encodeSignedLine)]));
}

/**
 * Reads the plaintext of a grant strictly. Verifies nothing.
 *
 * @throws ConclaveError `malformed`, `limit` or `unsupported`.
 */
export function decodeGrant(plaintext: Uint8Array<ArrayBuffer>): GrantContent {
  if (plaintext.length > STORED_BYTES_MAX) throw new ConclaveError("grant is too large", { code: "limit" }); // check: size
  const end = plaintext.indexOf(0x0a);
  if (end < 0) throw new ConclaveError("grant is cut", { code: "malformed" });
  const { group, identities } = readLine(plaintext.subarray(0, end), grantHeader);
  return { group, identities, lines: decodeSignedLines(plaintext.slice(end + 1)) };
}

/** Whom a grant is for: every device and kit of the group, or one device and its owner's kit. */
export type Audience = "all" | { readonly device: DeviceKey };

/** What the name of a grant says; nothing of it is trusted before the contents agree. */
export interface GrantName {
  readonly epoch: EpochId;
  /** `all`, or 128 bits that only who knows epoch and device can draw. */
  readonly audience: string;
  readonly digest: string;
}

const GRANT_KEY = /^epochs\/(?<epoch>[0-9a-f]{64})-(?<audience>all|[0-9a-f]{32})-(?<digest>[0-9a-f]{32})\.age$/;

/** Reads a key; undefined if it is not of the form of a grant's. */
export function parseGrantKey(key: string): GrantName | undefined {
  const groups = GRANT_KEY.exec(key)?.groups;
  if (!groups) return undefined;
  const { epoch = "", audience = "", digest = "" } = groups;
  return { epoch, audience, digest };
}

/** How an audience is called in the names of an epoch's grants. */
export function audienceTag(epoch: EpochId, audience: Audience): string {
  if (audience === "all") return "all";
  return labelledDigest("conclave/v1/audience", fromHex(epoch), fromHex(audience.device)).slice(0, NAME_DIGEST_LENGTH);
}

/**
 * Seals a grant of the current epoch.
 *
 * @param options.state - At the chosen head: its members are who can open the grant.
 * @param options.identities - Newest first, so beginning with the current epoch's.
 * @param options.lines - The whole log, from its first entry.
 * @returns The key and the bytes to put there.
 * @throws ConclaveError `stale-epoch` if the first identity is not the current epoch's, `not-found` if the device is not
 *   listed, `limit` if the log has outgrown what one object can hold.
 */
export async function sealGrant(
  crypto: Crypto,
  options: {
    readonly state: GroupState;
    readonly audience: Audience;
    readonly identities: GrantContent["identities"];
    readonly lines: readonly SignedLine[];
  },
): Promise<{ readonly key: string; readonly bytes: Uint8Array<ArrayBuffer> }> {
  const { state, audience, identities, lines } = options;
  const { epoch } = await requireCurrent(state, identities);
  const plaintext = encodeGrant({ group: state.group, identities, lines });
  const recipients = await recipientsOf(state, audience);
  const { sealed } = await sealFile(crypto, { recipients, suite: state.suite, plaintext });
  if (sealed.length > STORED_BYTES_MAX) {
    throw new ConclaveError("the group's log is too large for a grant", { code: "limit" }); // check: size
  }
  return { key: `epochs/${epoch}-${audienceTag(epoch, audience)}-${nameDigest(sealed)}.age`, bytes: sealed };
}

/** A grant whose identity does not fit would lock everybody out who trusted it to be the current one. */
async function requireCurrent(state: GroupState, identities: GrantContent["identities"]): Promise<{ epoch: EpochId }> {
  const current = currentEpoch(state);
  const [first] = identities;
  if (first?.[0] !== current.epoch || (await recipientOf(first[1])) !== current.recipient) {
    throw new ConclaveError("a grant begins with the current epoch's identity", { code: "stale-epoch" }); // check: epoch
  }
  return { epoch: current.epoch };
}

async function recipientsOf(state: GroupState, audience: Audience): Promise<readonly string[]> {
  if (audience === "all") {
    return paddedRecipients(
      listedDevices(state).map(({ device }) => recipientFor(device, state.suite)),
      state.suite,
    );
  }
  const listed = listedDevice(state, audience.device);
  if (!listed) throw new ConclaveError("that device is not listed in the group", { code: "not-found" }); // check: role
  return listed.member.devices
    .filter((device) => device.verifyingKey === audience.device || device.kind === "kit")
    .map((device) => recipientFor(device, state.suite));
}

/**
 * Adds recipients that nobody holds, up to a power of two, so that the header tells the storage little about how many
 * devices there are. They are real keys, so that no stanza looks different.
 */
async function paddedRecipients(recipients: readonly string[], suite: Suite): Promise<readonly string[]> {
  const padded = [...recipients];
  const wanted = 2 ** Math.ceil(Math.log2(Math.max(2, recipients.length)));
  while (padded.length < wanted) padded.push(await recipientOf(await newAgeIdentity(suite)));
  return padded;
}

/** A grant that opened, and of which suite the key was that opened it. */
export interface OpenedGrant extends GrantContent {
  readonly name: GrantName;
  readonly suite: Suite;
}

/**
 * Opens a grant with a device's identities. Nothing inside is believed before `verifyGrant`.
 *
 * @param options.bytes - As stored, not trusted.
 * @returns Undefined if it is not for this device: grants of others are nothing unusual.
 * @throws ConclaveError `limit`, or `corrupt` if name and bytes do not agree; as {@link decodeGrant}.
 */
export async function openGrant(
  crypto: Crypto,
  options: {
    readonly name: GrantName;
    readonly bytes: Uint8Array<ArrayBuffer>;
    /** Secret; a newcomer does not know the group's suite yet. */
    readonly identities: { readonly hybridIdentity: string; readonly classicIdentity: string };
  },
): Promise<OpenedGrant | undefined> {
  const { name, bytes, identities } = options;
  if (bytes.length > STORED_BYTES_MAX) throw new ConclaveError("grant is too large", { code: "limit" }); // check: size
  if (nameDigest(bytes) !== name.digest) throw new MisfitError("grant does not fit its name"); // check: digest
  for (const suite of ["hybrid", "classic"] as const) {
    const identity = suite === "hybrid" ? identities.hybridIdentity : identities.classicIdentity;
    const plaintext = await tryOpen(crypto, { sealed: bytes.slice(), identity, suite });
    if (plaintext) return { name, suite, ...decodeGrant(plaintext) };
  }
  return undefined;
}

async function tryOpen(
  crypto: Crypto,
  options: { readonly sealed: Uint8Array<ArrayBuffer>; readonly identity: string; readonly suite: Suite },
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const { sealed, identity, suite } = options;
  try {
    return await openFile(crypto, { sealed, identities: [identity], suite, maxStanzas: STANZAS_MAX });
  } catch (error) {
    if (error instanceof ConclaveError && error.code === "corrupt") return undefined;
    throw error;
  }
}
