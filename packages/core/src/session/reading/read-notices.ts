/** Reading notices: the word, in an epoch's own folder, that it has ended. */
import { ConclaveError } from "../../errors.ts";
import { extendLog } from "../../group/log.ts";
import { endingEntry, NOTICE_BYTES_MAX, type NoticeName, openNotice, parseNoticeKey } from "../../group/notice.ts";
import { verifyEntries } from "../../group/verified-entry.ts";
import { saveEntries } from "../../index/log-store.ts";
import { getIfThere, type StoredObject } from "../../ports/store.ts";
import type { OpenEpoch } from "../../records/records-file.ts";
import type { Session } from "../session.ts";
import { verifiedOf } from "../view.ts";
import { type KnownFile, noteReading } from "../writing/outbox.ts";

/** Most notices that are fetched in one poll: whoever knows the epoch's recipient can leave any number. */
const NOTICES_MAX = 16;

/** Takes in the entries of notices in one epoch's folder; true if any was new. A notice that binds nobody is left alone. */
export async function readNotices(session: Session, epoch: OpenEpoch, signal?: AbortSignal): Promise<boolean> {
  let news = false;
  let fetched = 0;
  for await (const stored of session.store.list(epoch.epoch, { shallow: true, ...(signal ? { signal } : {}) })) {
    const name = parseNoticeKey(stored.key);
    if (!name || stored.size > NOTICE_BYTES_MAX || !isWorthReading(session, stored)) continue; // check: size
    if (fetched++ >= NOTICES_MAX) break;
    news = (await readNotice(session, { stored, name, epoch }, signal)) || news;
  }
  return news;
}

function isWorthReading(session: Session, stored: StoredObject): boolean {
  const known = session.index.get<{ state: KnownFile["state"]; size: number; entries: number | null }>(
    "SELECT state, size, entries FROM files WHERE key = ?",
    stored.key,
  );
  if (known?.state === "waiting") return known.entries !== session.view.log.nodes.size;
  return known === undefined || (known.state === "altered" && known.size !== stored.size);
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
  const note = (state: KnownFile["state"], detail?: string) =>
    noteReading(session, { stored, epoch: epoch.epoch, kind: "notice", state, detail });
  try {
    const lines = await openNotice(session.crypto, { name, bytes: bytes.slice(), epoch });
    const { entries } = await verifyEntries(session.crypto, lines, verifiedOf(session.view.log));
    const log = extendLog(session.view.log, entries);
    const last = lines.at(-1)?.digest ?? "";
    if (log.pending.has(last)) return note("waiting", "what it builds on has not arrived");
    // Else whoever knows the epoch's recipient could fill the index, or pass for the word that it has ended.
    if (!endingEntry(log, { epoch: epoch.epoch, entry: last })) return note("foreign", "it ends nothing"); // check: role
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
    return true;
  } catch (error) {
    if (!(error instanceof ConclaveError)) throw error;
    return note(error.code === "corrupt" ? "altered" : "foreign", error.message);
  }
}
