/** What a stored notice says: the poll takes it in, and verifying tells whose it is. SPEC.md §7. */
import { extendLog } from "../../group/log.ts";
import { endingEntry, type NoticeName, openNotice } from "../../group/notice.ts";
import { type VerifiedEntry, verifyEntries } from "../../group/verified-entry.ts";
import type { OpenEpoch } from "../../records/records-file.ts";
import type { Session } from "../session.ts";
import { verifiedOf } from "../view.ts";

/** An opened notice, held against the log. */
export interface JudgedNotice {
  /** Whether its last entry ends the epoch; `waiting` while what that builds on has not arrived. */
  readonly ends: boolean | "waiting";
  /** Those of its entries that count: beside the true word that an epoch has ended, anything may have been sealed. */
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
    ends: log.pending.has(last) ? "waiting" : endingEntry(log, { epoch, entry: last }) !== undefined,
    entries: entries.filter(({ digest }) => log.nodes.has(digest)), // check: role
  };
}
