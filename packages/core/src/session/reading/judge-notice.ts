/** What a stored notice says: the poll takes it in, and verifying tells whose it is. SPEC.md §7. */
import { chooseBranch } from "../../group/branch.ts";
import { extendLog, type Log } from "../../group/log.ts";
import { endingEntry, isBeside, isWholeNotice, type NoticeName, openNotice } from "../../group/notice.ts";
import { type VerifiedEntry, verifyEntries } from "../../group/verified-entry.ts";
import type { OpenEpoch } from "../../records/records-file.ts";
import type { EpochId, RecordDigest } from "../../records/shapes.ts";
import type { Session } from "../session.ts";
import { knownWords, verifiedOf } from "../view.ts";

/** An opened notice, held against the log. */
export interface JudgedNotice {
  /**
   * What its last entry says of the epoch: that it has ended, or that its branch has lost to that entry's; that others may
   * follow that entry's branch, by records which this device has not seen; nothing yet, while what it builds on has not
   * arrived; or nothing.
   */
  readonly verdict: "over" | "disputed" | "waiting" | "foreign";
  /** Its last entry. */
  readonly last: RecordDigest;
  /** Whether whoever was given the log up to the epoch's beginning finds in it all that the last entry builds on. */
  readonly isWhole: boolean;
  /** Those of its entries that count: beside the true word that an epoch is over, anything may have been sealed. */
  readonly entries: readonly VerifiedEntry[];
}

/** @throws as `openNotice`. */
export async function judgeNotice(
  session: Session,
  options: { readonly name: NoticeName; readonly bytes: Uint8Array<ArrayBuffer>; readonly epoch: OpenEpoch },
): Promise<JudgedNotice> {
  const { epoch } = options.epoch;
  const lines = await openNotice(session.crypto, options);
  const { entries } = await verifyEntries(session.crypto, lines, verifiedOf(session.view.log));
  const log = extendLog(session.view.log, entries);
  const last = lines.at(-1)?.digest ?? "";
  return {
    verdict: verdictOn(session, { log, epoch, last }),
    last,
    isWhole: isWholeNotice(log, { epoch, lines }),
    entries: entries.filter(({ digest }) => log.nodes.has(digest)), // check: role
  };
}

function verdictOn(
  { index }: Session,
  { log, epoch, last }: { readonly log: Log; readonly epoch: EpochId; readonly last: RecordDigest },
): JudgedNotice["verdict"] {
  if (log.pending.has(last)) return "waiting";
  if (endingEntry(log, { epoch, entry: last })) return "over";
  if (!isBeside(log, { epoch, entry: last })) return "foreign"; // check: epoch
  // By the records alone: what this device holds on to, its person is asked about once it knows of the other branch.
  return chooseBranch(log, { words: knownWords(index) })?.path.includes(last) ? "over" : "disputed"; // check: epoch
}
