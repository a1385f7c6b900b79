/** Which records count: the log's rules, asked about the records of the index. SPEC.md §7. */

import type { LogNode } from "../../group/log.ts";
import { changeVerdict, type History, historyOf, type JudgedRecord, type Verdict } from "../../group/rights.ts";
import { isWithinCut, isWithinPast, type JoinedPast, pastOfCut } from "../../history/past.ts";
import { type AppliedRecord, appliedSince, recordOf, recordState } from "../../history/stored-record.ts";
import type { Cut } from "../../records/entry.ts";
import type { RecordDigest } from "../../records/shapes.ts";
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
  const limits = { heads: headsOf(cutting), removerPrevious: cutting.verified.entry.previous };
  const past = pasts.get(cutting) ?? pastOfCut(index, limits);
  if (past === undefined) return isWithinCut(index, digest, limits);
  pasts.set(cutting, past);
  return isWithinPast(index, digest, past);
}

function headsOf(cutting: LogNode): RecordDigest[] {
  const { entry } = cutting.verified;
  const cut: Cut = entry.type === "conclave/v1/entry" && "cut" in entry.act ? entry.act.cut : [];
  return cut.map(([, head]) => head);
}

/**
 * Whether a change will not count whatever else arrives: a cut leaves it out, and all that the cut rests on has been read.
 * Anything else that does not count now may do so later: once an entry arrives, or its author is let in or promoted.
 */
export function isVoidForGood(session: Session, digest: RecordDigest): boolean {
  const record = recordOf(session.index, digest);
  const verdict = record && judgeChange(session, record);
  if (!verdict || verdict.counts || verdict.why !== "cut") return false;
  const cutting = session.view.log.nodes.get(verdict.by ?? "");
  if (!cutting) return false;
  const { previous } = cutting.verified.entry;
  const limits = previous === null ? headsOf(cutting) : [...headsOf(cutting), previous];
  return limits.every((limit) => recordState(session.index, limit) === "applied"); // check: cut
}

/** Every applied change with its verdict, in causal order. */
export function* judgedChanges(
  session: Session,
): Generator<{ readonly record: AppliedRecord; readonly verdict: Verdict }> {
  for (const record of appliedSince(session.index, 0)) {
    if (record.type === "conclave/v1/change") yield { record, verdict: judgeChange(session, record) };
  }
}

/** Judges every change anew: call when the log says something that it did not say before. */
export function rejudge(session: Session): void {
  session.index.transaction(() => {
    const verdicts = [...judgedChanges(session)].map(({ record, verdict }) => [record.digest, verdict.counts] as const);
    setCounts(session.index, verdicts);
  });
}
