/** Which records count: the log's rules, asked about the records of the index. SPEC.md §7. */

import type { LogNode } from "../../group/log.ts";
import {
  type CuttingEntry,
  changeVerdict,
  type History,
  hasRole,
  historyOf,
  type JudgedRecord,
  type Verdict,
} from "../../group/rights.ts";
import { listedDevice } from "../../group/state.ts";
import { type AwaitedRecord, awaited } from "../../history/awaited.ts";
import { type CutLimits, isWithinCut, isWithinPast, type JoinedPast, pastOfCut } from "../../history/past.ts";
import { type AppliedRecord, appliedSince, recordOf } from "../../history/stored-record.ts";
import { readMeta, writeMeta } from "../../index/meta.ts";
import type { SqlDatabase } from "../../ports/sql.ts";
import type { Cut } from "../../records/entry.ts";
import type { DeviceKey, EpochId, RecordDigest } from "../../records/shapes.ts";
import { setCounts } from "../../tree/set-counts.ts";
import type { Session } from "../session.ts";
import type { View } from "../view.ts";

const histories = new WeakMap<View, History>();

function history(view: View): History {
  let laidOut = histories.get(view);
  if (!laidOut) {
    laidOut = historyOf(view.log, view.choice);
    histories.set(view, laidOut);
  }
  return laidOut;
}

/** Whether one change counts now, and if not, why. */
export function judgeChange(
  session: Session,
  record: Omit<JudgedRecord, "head"> & { readonly head: RecordDigest | null },
): Verdict {
  const judged = { device: record.device, digest: record.digest, head: record.head ?? session.group };
  return changeVerdict(history(session.view), {
    record: judged,
    isWithinCut: (digest, cutting) => isWithin(session, digest, cutting),
  });
}

const pasts = new WeakMap<LogNode, JoinedPast>();

function isWithin({ index }: Session, digest: RecordDigest, cutting: LogNode): boolean {
  const past = pastUnder(index, cutting);
  return past ? isWithinPast(index, digest, past) : isWithinCut(index, digest, limitsOf(cutting));
}

/** What lies under an entry's cut; undefined until all that the cut rests on is applied, and then it stays the same. */
function pastUnder(index: SqlDatabase, cutting: LogNode): JoinedPast | undefined {
  const past = pasts.get(cutting) ?? pastOfCut(index, limitsOf(cutting));
  if (past) pasts.set(cutting, past);
  return past;
}

function limitsOf({ verified: { entry } }: LogNode): CutLimits {
  const cut: Cut = entry.type === "conclave/v1/entry" && "cut" in entry.act ? entry.act.cut : [];
  return { heads: cut.map(([, head]) => head), removerPrevious: entry.previous };
}

/**
 * Whether a change will not count whatever else arrives. A cut leaves it out, and all that the cut rests on has been read. Or
 * its author knew an entry of the branch that let them write nothing: nobody's program writes so, but to be in the way.
 * Anything else that does not count now may do so later, once an entry arrives.
 *
 * @param options.in - An older epoch, where it is asked for the sake of what lies there: whoever was cut as it ended, or later,
 *   has written nothing there that may still count, also where they name an entry that nobody has seen.
 */
export function isVoidForGood(
  session: Session,
  digest: RecordDigest,
  options: { readonly in?: EpochId } = {},
): boolean {
  const record = recordOf(session.index, digest);
  const verdict = record && judgeChange(session, record);
  if (!verdict || verdict.counts) return false;
  const cutting = session.view.log.nodes.get(verdict.by ?? "");
  if (verdict.why === "cut") return cutting !== undefined && isRead(session, cutting);
  if (verdict.why === "not-an-editor") return history(session.view).indexes.has(record.head ?? session.group); // check: role
  return options.in !== undefined && isOutOf(session, record.device, options.in);
}

/** Whether a record is of somebody who is in, or a change that counts or may yet: whoever is out can go on putting others. */
export function mayMatter(
  session: Session,
  { digest, device, type }: { readonly digest: RecordDigest; readonly device: DeviceKey; readonly type: string },
): boolean {
  if (listedDevice(session.view.state, device) !== undefined) return true;
  return type === "conclave/v1/change" && !isVoidForGood(session, digest); // check: cut
}

/** Whether all that a cut rests on is applied here: then whatever else its target signed before it is left out. */
function isRead({ index }: Session, cutting: LogNode): boolean {
  return pastUnder(index, cutting) !== undefined; // check: cut
}

/** The last entry of the branch that cuts a device of nobody who may write now, if all that it rests on was read. */
function lastCut(session: Session, device: DeviceKey): CuttingEntry | undefined {
  const { choice, cuts } = history(session.view);
  if (hasRole(choice.state, { device, role: "editor" })) return undefined; // check: role
  const last = cuts.get(device)?.at(-1);
  return last && isRead(session, last.node) ? last : undefined;
}

/** Whether a device was cut as an epoch ended, or later, and all of its work that counts has been read. */
function isOutOf(session: Session, device: DeviceKey, epoch: EpochId): boolean {
  const epochs = [...session.view.state.epochs];
  const at = epochs.findIndex((each) => each.epoch === epoch);
  const next = at < 0 ? undefined : epochs[at + 1];
  const end = next && history(session.view).indexes.get(next.entry);
  const cut = lastCut(session, device);
  if (end === undefined || cut === undefined) return false;
  return end <= cut.index; // check: epoch
}

/**
 * Records that somebody names, that were never held, and that may say what is needed. Not those which only people name who
 * are out, and whose own work has all been read: they could name for ever what does not exist.
 */
export function expected(session: Session): AwaitedRecord[] {
  return awaited(session.index).filter(({ claimedBy }) =>
    claimedBy.some((device) => lastCut(session, device) === undefined),
  );
}

/** Every applied change with its verdict, in causal order. */
export function* judgedChanges(
  session: Session,
): Generator<{ readonly record: AppliedRecord; readonly verdict: Verdict }> {
  for (const record of appliedSince(session.index, 0)) {
    if (record.type === "conclave/v1/change") yield { record, verdict: judgeChange(session, record) };
  }
}

/**
 * Judges every change anew where the log says something that it did not say before, or records have come, of which one that a
 * cut names may have come after those that it covers. What for is noted, so that whoever was broken off before goes on here.
 */
export function judgeAnew(session: Session): void {
  const { index, view } = session;
  const grounds = `${view.state.head} ${view.log.nodes.size}`;
  if (readMeta<string>(index, "judged") === grounds) return;
  index.transaction(() => {
    const verdicts = [...judgedChanges(session)].map(({ record, verdict }) => [record.digest, verdict.counts] as const);
    setCounts(index, verdicts);
    writeMeta(index, "judged", grounds);
  });
}
