/**
 * Refreshing: what is new on the storage is read, verified and taken in. After it, `session.view` is what this device knows.
 */
import { ConclaveError } from "../../errors.ts";
import { departureOf } from "../../group/state.ts";
import type { Session } from "../session.ts";
import { look } from "../view.ts";
import { requireNotDeleted } from "./deleted.ts";
import { hiddenSigns } from "./hidden-epochs.ts";
import { noteLacking } from "./lacking.ts";
import { countElsewhere, forgetMoved, lostBefore, readFiles } from "./pins.ts";
import { type EpochsListing, readEpochs } from "./read-epochs.ts";
import { readNotices } from "./read-notices.ts";
import { readRecords } from "./read-records.ts";
import { requireSeen } from "./require-seen.ts";
import type { Shown } from "./shown.ts";
import { takeUpdated } from "./update-needed.ts";
import { judgeAnew } from "./verdicts.ts";
import { vouchedRecords } from "./vouched.ts";

/** Most rounds of one refresh: each reads what the one before made readable. */
const ROUNDS_MAX = 32;

/**
 * Reads the storage until nothing new turns up.
 *
 * @throws ConclaveError `deleted` if an owner has deleted the group, `removed` if the log says that this member is out,
 *   `rollback` if the storage lacks what this device has seen on it (unless that is accepted); `StoreError` as the store.
 */
export async function refresh(session: Session, options: { readonly signal?: AbortSignal } = {}): Promise<Shown> {
  const shown = await readAll(session, options.signal);
  await requireNotDeleted(session, shown, options.signal);
  requireListed(session);
  noteLacking(session, [
    ...lostBefore(session, shown).map(({ key }) => ({ kind: "file" as const, what: key })),
    ...vouchedRecords(session).map(({ digest }) => ({ kind: "vouched" as const, what: digest })),
    ...hiddenSigns(session, shown),
  ]);
  await requireSeen(session, shown, options.signal);
  forgetMoved(session, shown);
  return shown;
}

/** As {@link refresh}, without drawing conclusions. */
export async function readAll(session: Session, signal?: AbortSignal): Promise<Shown> {
  const keys = new Set<string>();
  const known = readFiles(session);
  await takeUpdated(session);
  for (let round = 0; round < ROUNDS_MAX; round++) {
    const before = session.view;
    const epochs = await readEpochs(session, signal);
    takeView(session);
    let news = false;
    for (const epoch of session.view.opened.values()) {
      const records = await readRecords(session, epoch, signal);
      for (const key of records.keys) keys.add(key);
      news = records.news || news;
      if (isAffected(session, { epochs, epoch: epoch.epoch })) await readNotices(session, epoch, signal);
    }
    // What notices say is news where the log has grown by it, and nothing but that.
    takeView(session);
    if (!news && session.view.log === before.log && session.view.opened.size === before.opened.size) {
      for (const key of epochs.grants) keys.add(key);
      return {
        keys,
        known,
        deletions: epochs.deletions,
        unopened: epochs.unopened,
        elsewhere: await countElsewhere(session, signal),
      };
    }
  }
  throw new ConclaveError("the storage shows ever more records", { code: "limit" });
}

/**
 * Notices matter in the epoch to seal to, as the storage may hide all else of what ended it; and everywhere where an epoch
 * lies there that no grant opens, or the newest known epoch is not ours to open.
 */
function isAffected(
  session: Session,
  { epochs, epoch }: { readonly epochs: EpochsListing; readonly epoch: string },
): boolean {
  const { current, opened } = session.view;
  return epoch === current.epoch || epochs.unopened.length > 0 || !opened.has(current.epoch);
}

/** Computes the view anew, and what counts by it. */
export function takeView(session: Session): void {
  const before = session.view;
  const { index, group, deviceKey, device } = session;
  session.view = look({ index, group, deviceKey, signingKey: device.signingKey, before });
  noteEpochs(session);
  judgeAnew(session);
}

/**
 * Remembers, by this device's own clock, since when it has known each epoch. What a clock that was ahead has noted would
 * count from a time that may never come, so it counts from now.
 */
function noteEpochs(session: Session): void {
  const now = session.clock.now();
  if (session.index.get("SELECT 1 FROM epochs WHERE seen > ?", now) !== undefined) {
    session.index.run("UPDATE epochs SET seen = ?1 WHERE seen > ?1", now);
  }
  for (const epoch of [session.view.current.epoch, ...session.view.opened.keys()]) {
    if (session.index.get("SELECT 1 FROM epochs WHERE epoch = ?", epoch) !== undefined) continue;
    session.index.run("INSERT OR IGNORE INTO epochs(epoch, seen) VALUES(?, ?)", epoch, now);
  }
}

/** Somebody who is out learns it here, and nothing else. */
function requireListed(session: Session): void {
  if (session.view.me) return;
  const retired = session.view.state.retired.find(({ device }) => device.verifyingKey === session.deviceKey);
  if (retired) {
    const owner = session.view.state.members.find(({ id }) => id === retired.by)?.name;
    const by = owner === undefined ? "" : ` by ${owner}`;
    throw new ConclaveError(`this device was removed from the group${by}`, { code: "removed" }); // check: role
  }
  const former = [...session.view.state.departures]
    .reverse()
    .find(({ member }) => member.devices.some((device) => device.verifyingKey === session.deviceKey));
  const departure = former && departureOf(session.view.state, former.member.id);
  if (!departure) throw new ConclaveError("this device is not listed in the group", { code: "not-a-member" }); // check: role
  const by = session.view.state.members.find(({ id }) => id === departure.by)?.name;
  const how =
    departure.how === "left" ? "you have left this group" : `you were removed from this group${by ? ` by ${by}` : ""}`;
  throw new ConclaveError(how, { code: "removed" }); // check: role
}
