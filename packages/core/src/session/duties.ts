/**
 * The small duties: what every command that looks at the storage does for the group before its own work, so that nobody
 * has to keep a program running. SPEC.md §10.
 */
import { ConclaveError, type ConclaveErrorCode } from "../errors.ts";
import { audienceTag } from "../group/grant.ts";
import { isAtLeast, listedDevices, memberById } from "../group/state.ts";
import { readMeta, writeMeta } from "../index/meta.ts";
import { notePurges } from "./let-go.ts";
import type { Reporting } from "./news.ts";
import { admitInvited, removeTwice } from "./people/admit-invited.ts";
import { removeDevices } from "./people/devices.ts";
import { endStays } from "./people/end-stays.ts";
import { tendFolderAccess } from "./people/folder-access.ts";
import { tellMaker } from "./people/invitations.ts";
import { signLostActs } from "./people/lost-acts.ts";
import { removeMember, rotate } from "./people/membership.ts";
import { putGrant } from "./people/missing-grant.ts";
import { maySignOwed, owedNow } from "./people/owed-removals.ts";
import { unconfirmedSince } from "./reading/confirmed.ts";
import { isDecided } from "./reading/decided.ts";
import { forgetFile } from "./reading/known-files.ts";
import { acceptLacking } from "./reading/lacking.ts";
import { forgetVanished } from "./reading/pins.ts";
import { keepGrant } from "./reading/read-epochs.ts";
import { refresh } from "./reading/refresh.ts";
import type { Shown } from "./reading/shown.ts";
import { noteStanding } from "./reading/standing.ts";
import { isUpdateNeeded } from "./reading/update-needed.ts";
import type { Session } from "./session.ts";
import { unlessRefused } from "./unless-refused.ts";
import { clearAfterReceipt } from "./upkeep/clear-kept.ts";
import { placeUnplaced } from "./upkeep/unplaced.ts";
import { leaveNotices } from "./writing/leave-notices.ts";
import { clearStrayPuts } from "./writing/object-puts.ts";
import { flushOutbox, withdraw } from "./writing/outbox.ts";
import { countMissing, resealRecords } from "./writing/reseal.ts";
import { unlessUnwritable } from "./writing/unwritable.ts";

/**
 * Refreshes, does the duties, and leaves the session ready for work.
 *
 * @throws as `refresh`; `StoreError` as the store.
 */
export async function catchUp(
  session: Session,
  options: Reporting & { readonly signal?: AbortSignal } = {},
): Promise<Shown> {
  const shown = await refreshOrSayGoodbye(session, options);
  notePurges(session);
  if (!session.view.choice.undecided) writeMeta(session.index, "pinned", session.view.state.head);
  noteStanding(session);
  if (session.acceptRollback) {
    forgetVanished(session, shown);
    acceptLacking(session);
  }
  if (!session.view.opened.has(session.view.current.epoch)) return shown;
  if (isUpdateNeeded(session) || !isDecided(session) || unconfirmedSince(session) !== undefined) return shown;
  await unlessUnwritable(() => unlessRefused(OVERTAKEN, () => doDuties(session, { shown, ...options })));
  return shown;
}

/** Another process of this home that takes in what is new does these duties too. */
const OVERTAKEN: ReadonlySet<ConclaveErrorCode> = new Set(["overtaken"]);

/** Whoever has left, and died before that was put, is out for itself alone: it says so before it stops. */
async function refreshOrSayGoodbye(session: Session, options: { readonly signal?: AbortSignal }): Promise<Shown> {
  try {
    return await refresh(session, options);
  } catch (error) {
    if (error instanceof ConclaveError && error.code === "removed" && hasLeft(session)) {
      await flushOutbox(session, options);
    }
    throw error;
  }
}

function hasLeft(session: Session): boolean {
  const own = session.view.state.departures.findLast(({ member }) =>
    member.devices.some(({ verifyingKey }) => verifyingKey === session.deviceKey),
  );
  return own?.how === "left";
}

/** What the log has no room for stays undone till somebody does it who may. */
const TOO_LONG: ReadonlySet<ConclaveErrorCode> = new Set(["limit", "log-full"]);

async function doDuties(session: Session, options: DutyOptions): Promise<void> {
  withdrawEnded(session);
  await flushOutbox(session, options);
  await clearStrayPuts(session, options.signal);
  await unlessRefused(TOO_LONG, () => signOwedRemovals(session, options));
  // Nothing more is sealed to a key that somebody holds who is to be out.
  if (owedNow(session).length > 0) return;
  await putBack(session, options.signal);
  await putBackGrants(session, options);
  await leaveNotices(session, options);
  await unlessRefused(TOO_LONG, () => grantNewcomers(session, options));
  await unlessRefused(TOO_LONG, () => signLostActs(session, options));
  await unlessRefused(TOO_LONG, () => signOwedRemovals(session, options));
  await unlessRefused(TOO_LONG, () => removeTwice(session, options));
  await unlessRefused(TOO_LONG, () => endStays(session, options));
  await unlessRefused(TOO_LONG, () => rotateAfterLeave(session, options));
  await unlessRefused(TOO_LONG, () => admitInvited(session, options));
  tellMaker(session, options);
  await clearAfterReceipt(session, options);
  // Only now: whoever left holds the key no more that is used from here on.
  await tendFolderAccess(session, options);
}

/**
 * What waits for an ended epoch is not put there: what it holds counts as held nowhere, and is put into the current one. A grant
 * of an epoch whose branch has lost stays here as well: it may be for somebody who is out on the other one. Should the branch
 * win after all, it is put then, like one that was lost.
 */
function withdrawEnded({ index, view }: Session): void {
  index.transaction(() => {
    for (const epoch of view.opened.keys()) {
      if (epoch === view.current.epoch) continue;
      if (!view.state.epochs.get(epoch))
        for (const grant of withdraw(index, { epoch, kind: "grant" })) keepGrant(index, grant);
      for (const { key } of withdraw(index, { epoch, kind: "records" })) forgetFile(index, key);
    }
  });
}

/**
 * This device's own records must be in the newest epoch, and say where its contents lie: others may not look into an older one
 * any more. Where the storage has lost something, and its person goes on, so must everybody's, until that is done.
 */
async function putBack(session: Session, signal?: AbortSignal): Promise<void> {
  const call = signal ? { signal } : {};
  const isRestoring = readMeta<number>(session.index, "restoring") === 1;
  if (countMissing(session) > 0) {
    await resealRecords(session, { ...(isRestoring ? {} : { devices: new Set([session.deviceKey]) }), ...call });
  }
  await placeUnplaced(session, { of: isRestoring ? "all" : "own", ...call });
  if (isRestoring) writeMeta(session.index, "restoring", 0);
}

interface DutyOptions extends Reporting {
  readonly shown: Shown;
  readonly signal?: AbortSignal;
}

/** A grant to all of the current epoch that the storage has lost is put back by whoever has opened it. */
async function putBackGrants(session: Session, { shown, signal }: DutyOptions): Promise<void> {
  const { epoch } = session.view.current;
  const kept = session.index.all<{ key: string; bytes: Uint8Array }>(
    "SELECT key, bytes FROM kept WHERE epoch = ?",
    epoch,
  );
  for (const { key, bytes } of kept) {
    if (!shown.keys.has(key)) await session.store.put(key, bytes, signal ? { signal } : {});
  }
}

/** Each device admitted in the current epoch has a grant of its own: an admin's, or another of its member, makes a missing one. */
async function grantNewcomers(session: Session, { shown, signal }: DutyOptions): Promise<void> {
  const { state, me, log, current } = session.view;
  if (!me) return;
  const started = log.nodes.get(current.entry)?.state.height ?? 0;
  const isAdmin = isAtLeast(me.role, "admin");
  for (const { member, device } of listedDevices(state)) {
    const admitted = log.nodes.get(device.since)?.state.height ?? 0;
    if (admitted <= started || device.kind === "kit" || (!isAdmin && member.id !== me.id)) continue;
    const prefix = `epochs/${current.epoch}-${audienceTag(current.epoch, { device: device.verifyingKey })}-`;
    if ([...shown.keys].some((key) => key.startsWith(prefix))) continue;
    await putGrant(session, { device: device.verifyingKey, ...(signal ? { signal } : {}) });
  }
}

/** Somebody has left and still holds the current key: the first admin's device that sees it starts a new epoch. */
async function rotateAfterLeave(session: Session, options: { readonly signal?: AbortSignal }): Promise<void> {
  const { state, me, choice } = session.view;
  if (state.owedRotation.length === 0 || !me || !isAtLeast(me.role, "admin") || choice.undecided) return;
  await rotate(session, { contents: "on-change", ...options });
}

/** A removal that lost against another branch still holds: the first device with the right signs it again there. */
async function signOwedRemovals(session: Session, options: { readonly signal?: AbortSignal }): Promise<void> {
  for (const { entry } of owedNow(session)) {
    // One that was signed may have settled others, or left less of them to do.
    const owed = owedNow(session).find((each) => each.entry === entry);
    if (!owed || !maySignOwed(session, owed)) continue;
    const { target, devices } = owed;
    const member = memberById(session.view.state, target);
    const call = { contents: "on-change", owed: entry, ...options } as const;
    if (devices !== null) await removeDevices(session, { devices, ...call });
    else if (member) await removeMember(session, { member, ...call });
  }
}
