/** Leaving notices: the word, in an epoch's own folder, that nobody goes on in it. SPEC.md §7, §10. */
import { namedEpoch, pathTo } from "../../group/log.ts";
import { noticeEntries, sealNotice } from "../../group/notice.ts";
import type { EpochId, RecordDigest } from "../../records/shapes.ts";
import { isApart } from "../reading/decided.ts";
import { noteFile } from "../reading/known-files.ts";
import { noteNoticed, noticedEnds } from "../reading/noticed.ts";
import { readNotices } from "../reading/read-notices.ts";
import type { Session } from "../session.ts";

/**
 * Every epoch that is over has a notice: whoever comes late must learn it there, also when the device that ended it died
 * before it could say so, and when their branch has lost to one whose epochs they were never given.
 */
export async function leaveNotices(session: Session, { signal }: { readonly signal?: AbortSignal }): Promise<void> {
  for (const over of [...endedEpochs(session), ...lostEpochs(session)]) {
    const { epoch, head } = over;
    const ended = session.view.opened.get(epoch);
    if (!ended || hasNotice(session, over)) continue;
    await readNotices(session, ended, signal);
    if (hasNotice(session, over)) continue;
    const entries = noticeEntries(session.view.log, { head, epoch });
    const { key, bytes } = await sealNotice(session.crypto, { epoch: ended, entries });
    await session.store.put(key, bytes, signal ? { signal } : {});
    session.index.transaction(() => {
      noteFile(session, { key, epoch, kind: "notice", size: bytes.length, state: "read" });
      noteNoticed(session.index, { epoch, entry: head });
    });
  }
}

/** An epoch that is over, and the entry that says so. */
interface OverEpoch {
  readonly epoch: EpochId;
  readonly head: RecordDigest;
  /** Of these a notice may be that lies there already. */
  readonly ends: readonly RecordDigest[];
}

function endedEpochs({ view }: Session): OverEpoch[] {
  const epochs = [...view.state.epochs];
  return epochs.flatMap(({ epoch }, index) => {
    const ending = epochs[index + 1];
    return ending ? [{ epoch, head: ending.entry, ends: [ending.entry] }] : [];
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
    if (next) return { epoch, head: next.entry, ends: [next.entry] };
    // Each entry more would be a notice more.
    return { epoch, head: choice.head, ends: choice.path.filter((entry) => !shared.has(entry)) };
  });
}

function hasNotice({ index }: Session, { epoch, ends }: OverEpoch): boolean {
  return noticedEnds(index, epoch).some((entry) => ends.includes(entry));
}
