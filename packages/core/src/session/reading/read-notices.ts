/** Reading notices: the word, in an epoch's own folder, that it has ended. */
import { ConclaveError, MisfitError } from "../../errors.ts";
import { extendLog } from "../../group/log.ts";
import { endingEntry, NOTICE_BYTES_MAX, type NoticeName, openNotice, parseNoticeKey } from "../../group/notice.ts";
import { verifyEntries } from "../../group/verified-entry.ts";
import { saveEntries } from "../../index/log-store.ts";
import { listStored } from "../../ports/list-stored.ts";
import { getIfThere, type StoredObject } from "../../ports/store.ts";
import type { OpenEpoch } from "../../records/records-file.ts";
import type { Session } from "../session.ts";
import { verifiedOf } from "../view.ts";
import { type FileState, forgetUnlisted, noteFile, worthTrying } from "./known-files.ts";

/** Most notices that are fetched in one poll: whoever knows the epoch's recipient can leave any number. */
const NOTICES_MAX = 16;

/** Takes in the entries of notices in one epoch's folder; true if any was new. A notice that binds nobody is left alone. */
export async function readNotices(session: Session, epoch: OpenEpoch, signal?: AbortSignal): Promise<boolean> {
  const found: { readonly stored: StoredObject; readonly name: NoticeName }[] = [];
  const options = { shallow: true, ...(signal ? { signal } : {}) };
  for await (const stored of listStored(session.store, epoch.epoch, options)) {
    const name = parseNoticeKey(stored.key);
    if (name && stored.size <= NOTICE_BYTES_MAX) found.push({ stored, name }); // check: size
  }
  forgetUnlisted(session, {
    kind: "notice",
    epoch: epoch.epoch,
    listed: new Set(found.map(({ stored }) => stored.key)),
  });
  let news = false;
  for (const each of worthTrying(session, found).slice(0, NOTICES_MAX)) {
    news = (await readNotice(session, { ...each, epoch }, signal)) || news;
  }
  return news;
}

async function readNotice(
  session: Session,
  options: { readonly stored: StoredObject; readonly name: NoticeName; readonly epoch: OpenEpoch },
  signal?: AbortSignal,
): Promise<boolean> {
  const { stored, name, epoch } = options;
  const call = { length: NOTICE_BYTES_MAX + 1, ...(signal ? { signal } : {}) };
  const bytes = await getIfThere(session.store, stored.key, call);
  if (!bytes) return false;
  const note = (state: FileState, options: { detail?: string; fits?: boolean } = {}): void =>
    noteFile(session, { key: stored.key, size: stored.size, epoch: epoch.epoch, kind: "notice", state, ...options });
  try {
    const lines = await openNotice(session.crypto, { name, bytes, epoch });
    const { entries } = await verifyEntries(session.crypto, lines, verifiedOf(session.view.log));
    const log = extendLog(session.view.log, entries);
    const last = lines.at(-1)?.digest ?? "";
    if (log.pending.has(last)) {
      note("waiting", { detail: "what it builds on has not arrived" });
      return false;
    }
    // Else whoever knows the epoch's recipient could fill the index, or pass for the word that it has ended.
    if (!endingEntry(log, { epoch: epoch.epoch, entry: last })) {
      note("foreign", { detail: "it ends nothing" }); // check: role
      return false;
    }
    session.index.transaction(() => {
      // Only what counts: beside the true word that an epoch has ended, anything may have been sealed.
      saveEntries(
        session.index,
        entries.filter(({ digest }) => log.nodes.has(digest)), // check: role
      );
      note("read");
    });
    return true;
  } catch (error) {
    if (!(error instanceof ConclaveError)) throw error;
    note(error.code === "corrupt" ? "altered" : "foreign", {
      detail: error.message,
      fits: !(error instanceof MisfitError),
    });
    return false;
  }
}
