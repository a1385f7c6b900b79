/** Acts on the group's log: admitting, removing, changing roles, leaving, rotating. */
import { newEpochIdentity } from "../../age/epoch-identity.ts";
import { draftAdd, draftAdmit, draftLeave, draftRemove, draftRole, draftRotate, entryOf } from "../../group/draft.ts";
import { recipientFile, recipientKey } from "../../group/epoch.ts";
import { extendLog, type Log } from "../../group/log.ts";
import { noticeEntries, sealNotice } from "../../group/notice.ts";
import type { GroupState, Member } from "../../group/state.ts";
import { type VerifiedEntry, verifyEntry } from "../../group/verified-entry.ts";
import type { SignedCard } from "../../identity/card.ts";
import { saveEntries } from "../../index/log-store.ts";
import { writeMeta } from "../../index/meta.ts";
import { sealSecret } from "../../index/secrets.ts";
import type { Act, ContentsMode, Cut, Role } from "../../records/entry.ts";
import type { NumberedRecord } from "../../records/record.ts";
import type { OpenEpoch, ReadRecord } from "../../records/records-file.ts";
import type { DeviceKey, EpochId, RecordDigest } from "../../records/shapes.ts";
import { requireHead } from "../reading/abreast.ts";
import { requireDecided } from "../reading/decided.ts";
import { noteNoticed } from "../reading/noticed.ts";
import { takeView } from "../reading/refresh.ts";
import type { Session } from "../session.ts";
import { draftWithCut } from "../writing/cut.ts";
import { makeGrant } from "../writing/make-grant.ts";
import type { OutboxItem } from "../writing/outbox.ts";
import { publish } from "../writing/publish.ts";

interface SignalOption {
  readonly signal?: AbortSignal;
}

/** Admits a person: one entry, and one grant to that person's device and kit. Costs the same however large the group is. */
export async function addMember(
  session: Session,
  options: SignalOption & {
    readonly card: SignedCard;
    readonly role: Role;
    readonly account?: string;
    /** When the stay ends, milliseconds since 1970. Default: it does not. */
    readonly until?: number;
  },
): Promise<void> {
  const { card, role, account = null, until = null, signal } = options;
  const act = draftAdd(session.view.state, { device: session.deviceKey, card, role, account, until });
  await publishAdmission(session, act, { card, ...(signal ? { signal } : {}) });
}

/** Admits whoever has signed with an invitation's key; as {@link addMember}. Whether it has expired was asked before. */
export async function admitMember(
  session: Session,
  options: SignalOption & { readonly card: SignedCard; readonly invitation: DeviceKey; readonly proof: string },
): Promise<void> {
  const { card, invitation, proof, signal } = options;
  const act = draftAdmit(session.view.state, { device: session.deviceKey, card, invitation, proof });
  await publishAdmission(session, act, { card, ...(signal ? { signal } : {}) });
}

/** One entry, and one grant to the newcomer's device and kit. */
export async function publishAdmission(
  session: Session,
  act: Act,
  { card, signal }: SignalOption & { readonly card: SignedCard },
): Promise<void> {
  await publishEntry(session, act, {
    ...(signal ? { signal } : {}),
    after: grantTo(session, card.card.device.verifyingKey),
  });
}

/** A grant of the current epoch to one device, made from the log that lists it. */
export function grantTo(session: Session, device: DeviceKey): Companions {
  return async (log, state) => {
    const grant = await makeGrant(session, { device }, { log, state });
    return [{ ...grant, epoch: session.view.current.epoch, kind: "grant" }];
  };
}

/** Changes a member's role; who loses the right to write is cut at what this device has read. */
export async function changeRole(
  session: Session,
  options: SignalOption & { readonly member: Member; readonly role: Role },
): Promise<void> {
  const { member, role, signal } = options;
  const call = signal ? { signal } : {};
  const asked = { device: session.deviceKey, member: member.id, role };
  const act = await draftWithCut(session, (cut) => draftRole(session.view.state, { ...asked, cut }), call);
  await publishEntry(session, act, call);
}

/** Leaves the group. The key changes when the next admin's device sees it: a leaver cannot choose it. */
export async function leaveGroup(session: Session, options: SignalOption = {}): Promise<void> {
  await publishEntry(session, draftLeave(session.view.state, { device: session.deviceKey }), options);
}

/** What a removal or rotation has started. */
export interface NewEpoch {
  readonly epoch: EpochId;
  /** Milliseconds from the call until the new epoch's grant lay on the storage. */
  readonly lockoutMs: number;
}

/** Removes a member and starts a new epoch: one file, the grant to all who remain, commits both. */
export async function removeMember(
  session: Session,
  options: SignalOption & {
    readonly member: Member;
    readonly contents: ContentsMode;
    /** The removal on a lost branch that this one signs again. */
    readonly owed?: RecordDigest;
  },
): Promise<NewEpoch> {
  const { member, contents, owed = null } = options;
  return startEpoch(session, options, (state, given) =>
    draftRemove(state, { ...given, member: member.id, contents, owed }),
  );
}

/** Starts a new epoch without removing anybody; binds the records of those who left since the last one. */
export async function rotate(
  session: Session,
  options: SignalOption & { readonly contents: ContentsMode },
): Promise<NewEpoch> {
  const { contents } = options;
  return startEpoch(session, options, (state, given) => draftRotate(state, { ...given, contents }));
}

/** Drafts an act that starts an epoch, after a state. */
type EpochDraft = (
  state: GroupState,
  given: { readonly device: DeviceKey; readonly cut: Cut; readonly recipient: string },
) => Act;

/**
 * Draws a new epoch, and publishes the act that starts it: recipient, grant to all (the commit), entry, notice. The epoch
 * that ends need not be open to this device: whoever started it may have granted it to nobody, and must not be able to shut
 * the group for good.
 */
export async function startEpoch(session: Session, options: SignalOption, draft: EpochDraft): Promise<NewEpoch> {
  const started = session.clock.now();
  requireDecided(session);
  const { suite } = session.view.state;
  const fresh = await newEpochIdentity(suite);
  const given = { device: session.deviceKey, recipient: fresh.recipient };
  const act = await draftWithCut(session, (cut) => draft(session.view.state, { ...given, cut }), options);
  const { epoch: last, recipient } = session.view.current;
  const epoch: OpenEpoch = { ...fresh, suite };
  let granted = started;
  let ending: RecordDigest | undefined;
  await publishEntry(session, act, {
    ...options,
    epoch,
    before: async (log, next) => {
      const grant = await makeGrant(session, "all", { log, state: next, next: epoch });
      return [
        {
          key: recipientKey(epoch.epoch),
          bytes: recipientFile(epoch.recipient),
          epoch: epoch.epoch,
          kind: "recipient",
        },
        { ...grant, epoch: epoch.epoch, kind: "grant" },
      ];
    },
    after: async (log, next) => {
      ending = next.head;
      const entries = noticeEntries(log, { head: next.head, epoch: last });
      const notice = await sealNotice(session.crypto, { epoch: { epoch: last, recipient, suite }, entries });
      return [{ ...notice, epoch: last, kind: "notice" }];
    },
    together: () => {
      const sealed = sealSecret(session.crypto, { signingKey: session.device.signingKey, secret: epoch.identity });
      session.index.run("INSERT OR IGNORE INTO identities(epoch, sealed) VALUES(?, ?)", epoch.epoch, sealed);
      if (ending) noteNoticed(session.index, { epoch: last, entry: ending });
    },
    onPut: (item) => {
      if (item.kind === "grant") granted = session.clock.now();
    },
  });
  return { epoch: epoch.epoch, lockoutMs: granted - started };
}

/** Items that go out with an entry, made from the log that contains it and the state after it. */
type Companions = (log: Log, next: GroupState) => Promise<readonly OutboxItem[]>;

/** Publishes one entry with what goes out before and after it. */
export async function publishEntry(
  session: Session,
  act: Act,
  options: SignalOption & {
    readonly epoch?: OpenEpoch;
    readonly before?: Companions;
    readonly after?: Companions;
    readonly together?: () => void;
    readonly onPut?: (item: OutboxItem) => void;
  },
): Promise<void> {
  const { epoch, before, after, together, onPut, signal } = options;
  const { state } = session.view;
  requireDecided(session);
  let verified: VerifiedEntry | undefined;
  await publish(session, {
    drafts: [(slot) => entryOf(state, { place: slot, act, time: slot.time })],
    ...(epoch ? { epoch } : {}),
    ...(signal ? { signal } : {}),
    ...(onPut ? { onPut } : {}),
    ...(act.act === "remove" ? { removes: act.member } : {}),
    around: async (signed) => {
      requireHead(session, state.head);
      verified = await verifyOwn(session, signed);
      const log = extendLog(session.view.log, [verified]);
      const next = log.nodes.get(verified.digest)?.state;
      if (!next) throw new Error("an entry of our own does not count");
      return { before: (await before?.(log, next)) ?? [], after: (await after?.(log, next)) ?? [] };
    },
    together: () => {
      if (verified) {
        saveEntries(session.index, [verified]);
        // Whoever acts stands by it, also where the group comes to be contested.
        writeMeta(session.index, "pinned", verified.digest);
      }
      together?.();
    },
  });
  takeView(session);
}

async function verifyOwn(session: Session, signed: readonly ReadRecord<NumberedRecord>[]): Promise<VerifiedEntry> {
  const [entry] = signed;
  if (!entry) throw new Error("no entry was signed");
  return verifyEntry(session.crypto, entry.signed);
}
