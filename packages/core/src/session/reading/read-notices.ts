/** Reading notices: the word, in an epoch's own folder, that it has ended. */
import { ConclaveError, MisfitError } from "../../errors.ts";
import { NOTICE_BYTES_MAX, type NoticeName, parseNoticeKey } from "../../group/notice.ts";
import { saveEntries } from "../../index/log-store.ts";
import { listStored } from "../../ports/list-stored.ts";
import { getIfThere, type StoredObject } from "../../ports/store.ts";
import type { OpenEpoch } from "../../records/records-file.ts";
import type { Session } from "../session.ts";
import { judgeNotice } from "./judge-notice.ts";
import { type FileState, forgetUnlisted, noteFile, worthTrying } from "./known-files.ts";
import { noteNoticed } from "./noticed.ts";

/** Most notices that are fetched in one round of a poll: whoever knows the epoch's recipient can leave any number. */
const NOTICES_MAX = 16;

/** Takes in the entries of notices in one epoch's folder. A notice that binds nobody is left alone. */
export async function readNotices(session: Session, epoch: OpenEpoch, signal?: AbortSignal): Promise<void> {
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
  for (const each of worthTrying(session, found).slice(0, NOTICES_MAX)) {
    await readNotice(session, { ...each, epoch }, signal);
  }
}

async function readNotice(
  session: Session,
  options: { readonly stored: StoredObject; readonly name: NoticeName; readonly epoch: OpenEpoch },
  signal?: AbortSignal,
): Promise<void> {
  const { stored, name, epoch } = options;
  const call = { length: NOTICE_BYTES_MAX + 1, ...(signal ? { signal } : {}) };
  const bytes = await getIfThere(session.store, stored.key, call);
  if (!bytes) return;
  const note = (state: FileState, options: { detail?: string; fits?: boolean } = {}): void =>
    noteFile(session, { key: stored.key, size: stored.size, epoch: epoch.epoch, kind: "notice", state, ...options });
  try {
    const { verdict, last, isWhole, entries } = await judgeNotice(session, { name, bytes, epoch });
    // Else whoever knows the epoch's recipient could fill the index, or pass for the word that it has ended.
    if (verdict === "foreign") note("foreign", { detail: "it ends nothing" }); // check: role
    if (verdict === "waiting") note("waiting", { detail: "what it builds on has not arrived" });
    if (verdict === "foreign" || verdict === "waiting") return;
    session.index.transaction(() => {
      saveEntries(session.index, entries);
      if (verdict === "over") note("read");
      else note("waiting", { detail: "others may follow another history, by records that this device has not seen" });
      // Else whoever leaves half of it would keep everybody from leaving the rest.
      if (isWhole) noteNoticed(session.index, { epoch: epoch.epoch, entry: last }); // check: link
    });
  } catch (error) {
    if (!(error instanceof ConclaveError)) throw error;
    note(error.code === "corrupt" ? "altered" : "foreign", {
      detail: error.message,
      fits: !(error instanceof MisfitError),
    });
  }
}
