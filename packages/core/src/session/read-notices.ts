/** Reading notices: the word, in an epoch's own folder, that it has ended. */
import { ConclaveError } from "../errors.ts";
import { NOTICE_BYTES_MAX, openNotice, parseNoticeKey } from "../group/notice.ts";
import { verifyEntries } from "../group/verified-entry.ts";
import { saveEntries } from "../index/log-store.ts";
import type { OpenEpoch } from "../records/records-file.ts";
import { noteFile } from "./outbox.ts";
import type { Session } from "./session.ts";
import { verifiedOf } from "./view.ts";

/** Most notices that are fetched in one poll: whoever knows the epoch's recipient can leave any number. */
const NOTICES_MAX = 16;

/** Takes in the entries of notices in one epoch's folder; true if any was new. */
export async function readNotices(session: Session, epoch: OpenEpoch, signal?: AbortSignal): Promise<boolean> {
  let news = false;
  let fetched = 0;
  for await (const stored of session.store.list(epoch.epoch, { shallow: true, ...(signal ? { signal } : {}) })) {
    const name = parseNoticeKey(stored.key);
    const known = session.index.get("SELECT 1 FROM files WHERE key = ? AND state IN ('read', 'foreign')", stored.key);
    if (!name || known || stored.size > NOTICE_BYTES_MAX || fetched++ >= NOTICES_MAX) continue; // check: size
    const bytes = await session.store.get(stored.key, { length: NOTICE_BYTES_MAX + 1, ...(signal ? { signal } : {}) });
    const note = (state: "read" | "foreign", detail?: string) =>
      noteFile(session.index, {
        key: stored.key,
        epoch: epoch.epoch,
        kind: "notice",
        size: stored.size,
        state,
        ...(detail ? { detail } : {}),
      });
    try {
      const lines = await openNotice(session.crypto, { name, bytes: bytes.slice(), epoch });
      const { entries } = await verifyEntries(session.crypto, lines, verifiedOf(session.view.log));
      session.index.transaction(() => {
        saveEntries(session.index, entries);
        session.index.run(
          "INSERT OR IGNORE INTO kept(key, epoch, bytes) VALUES(?, ?, ?)",
          stored.key,
          epoch.epoch,
          bytes,
        );
        note("read");
      });
      news = true;
    } catch (error) {
      if (!(error instanceof ConclaveError)) throw error;
      note("foreign", error.message);
    }
  }
  return news;
}
