/** Joining: opening a group whose address one was given, or asking to be let in. */

import { ConclaveError } from "../../errors.ts";
import type { Address } from "../../group/address.ts";
import {
  EPOCHS_FOLDER,
  parseRecipientKey,
  RECIPIENT_FILE_BYTES_MAX,
  readRecipientFile,
  recipientKey,
} from "../../group/epoch.ts";
import { audienceTag, type GrantName, openGrant, parseGrantKey } from "../../group/grant.ts";
import { invitationKey, signInvited } from "../../group/invitation.ts";
import { extendLog } from "../../group/log.ts";
import { type Asking, parseRequestKey, REQUESTS_FOLDER, requestId, sealRequest } from "../../group/request.ts";
import { verifyEntries } from "../../group/verified-entry.ts";
import { givesItsEpoch, type VerifiedGrant, verifyGrant } from "../../group/verified-grant.ts";
import type { SignedCard } from "../../identity/card.ts";
import { verifyingKeyOf } from "../../identity/device.ts";
import { writeMeta } from "../../index/meta.ts";
import type { Crypto } from "../../ports/crypto.ts";
import { listStored } from "../../ports/list-stored.ts";
import { getIfThere, type ObjectStore, STORED_BYTES_MAX, StoreError } from "../../ports/store.ts";
import type { Suite } from "../../records/entry.ts";
import { type OpenEpoch, openRecords, parseRecordsKey } from "../../records/records-file.ts";
import type { SignedLine } from "../../records/signed-line.ts";
import { bindIndex, openSession } from "../open.ts";
import { claimedAt } from "../reading/claimed-group.ts";
import { takeGrant } from "../reading/read-epochs.ts";
import type { Session, SessionPorts } from "../session.ts";
import { verifiedOf } from "../view.ts";

/** Most grants that a newcomer tries: a stranger may have dropped any number. */
const GRANTS_MAX = 256;

/**
 * Opens the group behind an address, if some grant there is for this device and its log reaches the address's entry.
 *
 * @returns Undefined if there is no such grant: then {@link askToJoin}.
 * @throws ConclaveError `not-found` if the storage holds no such group, `rollback` if every log it shows ends before the
 *   address's entry; `StoreError` as the store.
 */
export async function joinGroup(
  ports: SessionPorts,
  options: {
    readonly address: Address;
    readonly signal?: AbortSignal;
    /** Whether grants to one other device are tried too: one of them may be for a recovery kit as well. Default false. */
    readonly anyAudience?: boolean;
  },
): Promise<Session | undefined> {
  const { address, signal, anyAudience = false } = options;
  await addressRecipient(ports.store, address);
  let short: ConclaveError | undefined;
  for (const { key, name } of await ownGrants(ports, { anyAudience, ...(signal ? { signal } : {}) })) {
    const bytes = await getIfThere(ports.store, key, { length: STORED_BYTES_MAX + 1, ...(signal ? { signal } : {}) });
    if (!bytes) continue;
    try {
      const grant = await openGrant(ports.crypto, { name, bytes, identities: ports.device });
      if (!grant) continue;
      const verified = await verifyGrant(ports.crypto, { grant, group: address.group });
      if (!givesItsEpoch(verified, name)) continue; // check: key
      const reaching = await readOn(ports, { verified, address, suite: grant.suite, ...(signal ? { signal } : {}) });
      return enter(ports, { address, verified: reaching });
    } catch (error) {
      if (!(error instanceof ConclaveError)) throw error;
      if (error.code === "rollback") short = error; // check: rollback
    }
  }
  if (short) throw short;
  return undefined;
}

/**
 * A grant's log ends where it was made; what came since lies among the records of its epochs. With them it must reach the
 * address's entry.
 *
 * @throws ConclaveError `rollback` if it does not.
 */
async function readOn(
  ports: SessionPorts,
  options: {
    readonly verified: VerifiedGrant;
    readonly address: Address;
    readonly suite: Suite;
    readonly signal?: AbortSignal;
  },
): Promise<VerifiedGrant> {
  const { verified, address, suite, signal } = options;
  if (verified.log.nodes.has(address.entry)) return verified;
  const lines: SignedLine[] = [];
  for (const epoch of verified.identities) {
    lines.push(
      ...(await entryLines(ports, { epoch: { ...epoch, suite }, group: address.group, ...(signal ? { signal } : {}) })),
    );
  }
  const { entries } = await verifyEntries(ports.crypto, lines, verifiedOf(verified.log));
  const log = extendLog(verified.log, entries);
  if (!log.nodes.has(address.entry)) {
    throw new ConclaveError("the storage shows a log that ends before the address's entry", { code: "rollback" }); // check: rollback
  }
  return { ...verified, log, entries: [...verified.entries, ...entries] };
}

/** The lines of all entries among one epoch's records; what does not open is left for the first refresh to report. */
async function entryLines(
  ports: SessionPorts,
  options: { readonly epoch: OpenEpoch; readonly group: string; readonly signal?: AbortSignal },
): Promise<SignedLine[]> {
  const { epoch, group, signal } = options;
  const call = signal ? { signal } : {};
  const lines: SignedLine[] = [];
  for await (const { key, size } of listStored(ports.store, `${epoch.epoch}/records`, call)) {
    const name = parseRecordsKey(key);
    if (!name || size > STORED_BYTES_MAX) continue; // check: size
    try {
      const bytes = await ports.store.get(key, { length: STORED_BYTES_MAX + 1, ...call });
      const { records } = await openRecords(ports.crypto, { name, bytes, epoch, group });
      for (const { record, signed } of records) if (record.type === "conclave/v1/entry") lines.push(signed);
    } catch (error) {
      const isGone = error instanceof StoreError && error.code === "not-found";
      if (!isGone && !(error instanceof ConclaveError)) throw error;
    }
  }
  return lines;
}

function enter(ports: SessionPorts, options: { readonly address: Address; readonly verified: VerifiedGrant }): Session {
  const { index } = ports;
  bindIndex(ports, options.address.group);
  index.transaction(() => {
    writeMeta(index, "pinned", options.address.entry);
    takeGrant(ports, options.verified);
  });
  return openSession(ports);
}

/**
 * Grants that may be for this device, newest put first: before those to everybody its own, as a stranger, who may leave any
 * number, cannot draw their name.
 */
async function ownGrants(
  ports: SessionPorts,
  options: { readonly anyAudience: boolean; readonly signal?: AbortSignal },
): Promise<{ key: string; name: GrantName }[]> {
  const { anyAudience, signal } = options;
  const device = verifyingKeyOf(ports.device.signingKey);
  const found: { key: string; name: GrantName; stored: number }[] = [];
  for await (const stored of listStored(ports.store, EPOCHS_FOLDER, signal ? { signal } : {})) {
    const name = parseGrantKey(stored.key);
    if (!name || stored.size > STORED_BYTES_MAX) continue; // check: size
    if (!anyAudience && name.audience !== "all" && name.audience !== audienceTag(name.epoch, { device })) continue;
    found.push({ key: stored.key, name, stored: stored.stored.getTime() });
  }
  found.sort((left, right) => right.stored - left.stored);
  const [forAll, own] = [true, false].map((isForAll) =>
    found.filter(({ name }) => (name.audience === "all") === isForAll),
  );
  // A kit cannot tell which is its own, and most kits' are for all: neither kind is to keep it from the other.
  if (anyAudience) return [forAll, own].flatMap((kind) => kind?.slice(0, GRANTS_MAX / 2) ?? []);
  return [...(own ?? []), ...(forAll ?? [])].slice(0, GRANTS_MAX);
}

/**
 * Leaves a join request, unless one of this device lies there already.
 *
 * @returns When the one that lies there was put, as the storage says; undefined if one was put now.
 */
export async function askToJoin(
  ports: Pick<SessionPorts, "store" | "crypto">,
  options: {
    readonly group: string;
    readonly recipient: string;
    readonly card: SignedCard;
    /** An invitation's secret, 16 bytes. */
    readonly secret?: Uint8Array;
    readonly signal?: AbortSignal;
  },
): Promise<Date | undefined> {
  const { group, recipient, card, secret, signal } = options;
  const asking = { card, invited: secret ? await invitedBy(ports.crypto, { group, card: card.member, secret }) : null };
  const id = requestId({
    group,
    device: card.card.device.verifyingKey,
    invitation: asking.invited?.invitation,
  });
  for await (const { key, stored } of listStored(ports.store, REQUESTS_FOLDER, signal ? { signal } : {})) {
    if (parseRequestKey(key)?.id === id) return stored;
  }
  const request = await sealRequest(ports.crypto, { group, asking, recipient });
  await ports.store.put(request.key, request.bytes, signal ? { signal } : {});
  return undefined;
}

async function invitedBy(
  crypto: Crypto,
  options: { readonly group: string; readonly card: string; readonly secret: Uint8Array },
): Promise<Asking["invited"]> {
  const { invitation } = invitationKey(options.secret);
  return { invitation, signed: await signInvited(crypto, options) };
}

/**
 * Whether the storage shows an epoch that was put after the address's: then every invitation of that time has ended. The
 * storage may lie; this is for a hint alone.
 */
export async function hasNewerEpoch(store: ObjectStore, address: Address): Promise<boolean> {
  let own = Number.POSITIVE_INFINITY;
  let newest = 0;
  for await (const { key, stored } of listStored(store, EPOCHS_FOLDER)) {
    const epoch = parseRecipientKey(key);
    if (epoch === undefined) continue;
    if (epoch === address.epoch) own = stored.getTime();
    else newest = Math.max(newest, stored.getTime());
  }
  return newest > own;
}

/**
 * The recipient that the address's epoch is named by: whoever the storage belongs to cannot put another in its place.
 *
 * @throws ConclaveError `not-found` if the storage does not hold it, saying whether another group lies there.
 */
export async function addressRecipient(store: ObjectStore, address: Address): Promise<string> {
  try {
    const bytes = await store.get(recipientKey(address.epoch), { length: RECIPIENT_FILE_BYTES_MAX + 1 });
    return readRecipientFile({ epoch: address.epoch, bytes });
  } catch (cause) {
    if (!(cause instanceof StoreError && cause.code === "not-found")) throw cause;
    const claimed = await claimedAt(store);
    const what =
      claimed === undefined
        ? "no group"
        : claimed === address.group
          ? "this group without the address's epoch"
          : "another group";
    throw new ConclaveError(`the storage holds ${what}`, { code: "not-found", cause });
  }
}
