/** Leaving notices: the word, in an epoch's own folder, that nobody goes on in it. SPEC.md §7, §10. */
import { namedEpoch, pathTo } from "../../group/log.ts";
import { sealNotice } from "../../group/notice.ts";
import type { EpochId, RecordDigest } from "../../records/shapes.ts";
import { isApart } from "../reading/decided.ts";
import { noteFile } from "../reading/known-files.ts";
import { readNotices } from "../reading/read-notices.ts";
import type { Session } from "../session.ts";
import { entriesBeyond } from "./log-lines.ts";

/**
 * Every epoch that is over has a notice: whoever comes late must learn it there, also when the device that ended it died
 * before it could say so, and when their branch has lost to one whose epochs they were never given.
 */
export async function leaveNotices(session: Session, { signal }: { readonly signal?: AbortSignal }): Promise<void> {
  for (const { epoch, head } of [...endedEpochs(session), ...lostEpochs(session)]) {
    const ended = session.view.opened.get(epoch);
    if (!ended || hasNotice(session, epoch)) continue;
    await readNotices(session, ended, signal);
    if (hasNotice(session, epoch)) continue;
    const entries = entriesBeyond(session.view.log, { head, epoch });
    const notice = await sealNotice(session.crypto, { epoch: ended, entries });
    await session.store.put(notice.key, notice.bytes, signal ? { signal } : {});
    noteFile(session, { key: notice.key, epoch, kind: "notice", size: notice.bytes.length, state: "read" });
  }
}

/** An epoch that is over, and the entry that says so. */
interface OverEpoch {
  readonly epoch: EpochId;
  readonly head: RecordDigest;
}

function endedEpochs({ view }: Session): OverEpoch[] {
  const epochs = [...view.state.epochs];
  return epochs.flatMap(({ epoch }, index) => {
    const ending = epochs[index + 1];
    return ending ? [{ epoch, head: ending.entry }] : [];
  });
}

/**
 * Those of branches that lost, unless others may follow one of them yet. What is said goes no further than the next change
 * of key: of what came after that, nobody is to learn who is out.
 */
function lostEpochs(session: Session): OverEpoch[] {
  const { state, opened, log, choice } = session.view;
  if (isApart(session)) return [];
  const lost = [...opened.keys()].filter((epoch) => state.epochs.get(epoch) === undefined);
  return lost.map((epoch) => {
    const shared = new Set(pathTo(log, namedEpoch(log, epoch)?.entry ?? "").map(({ digest }) => digest));
    const next = [...state.epochs].find(({ entry }) => !shared.has(entry));
    return { epoch, head: next?.entry ?? choice.head };
  });
}

function hasNotice(session: Session, epoch: EpochId): boolean {
  return (
    session.index.get("SELECT 1 FROM files WHERE epoch = ? AND kind = 'notice' AND state = 'read'", epoch) !== undefined
  );
}
