import { GRANT_IDENTITIES_MAX, type GrantContent } from "../../group/grant.ts";
import { type Log, type LogNode, pathTo } from "../../group/log.ts";
import type { OpenEpoch } from "../../records/records-file.ts";
import type { EpochId, RecordDigest } from "../../records/shapes.ts";
import { encodeSignedLine, type SignedLine } from "../../records/signed-line.ts";
import type { Session } from "../session.ts";
import { neededEpochs } from "./needed-epochs.ts";

/** Up to this many bytes of log a grant carries entries of other branches than the followed one. SPEC.md §7. */
export const GRANT_LOG_BYTES_AIM: number = 16 * 1024 * 1024;

/**
 * The log as grants carry it: every entry that counts somewhere, each after its parent, the first entry first. Of branches
 * that are not followed only what there is room for: nobody may shut a group by what they sign in old places. Who opens the
 * grant finds the rest among the records.
 */
export function logLines(log: Log, head: RecordDigest): SignedLine[] {
  const followed = new Set(pathTo(log, head));
  const nodes = [...log.nodes.values()].sort(
    (left, right) => left.state.height - right.state.height || (left.digest < right.digest ? -1 : 1),
  );
  let room = GRANT_LOG_BYTES_AIM - bytesOf([...followed]);
  const left = new Set<RecordDigest>();
  return nodes.flatMap((node) => {
    if (!followed.has(node)) {
      room -= bytesOf([node]);
      if (room < 0 || left.has(node.parent ?? "")) {
        left.add(node.digest);
        return [];
      }
    }
    return [node.verified.signed];
  });
}

function bytesOf(nodes: readonly LogNode[]): number {
  return nodes.reduce((sum, { verified }) => sum + encodeSignedLine(verified.signed).length, 0);
}

/**
 * Identities for a grant, newest first: the current epoch's, then those of epochs that are still needed. Of more than a
 * grant may hold those stay out in which nothing lies, then the oldest: nobody may shut a group by changing its key.
 *
 * @param next - An epoch that is about to begin: its identity comes before all others.
 */
export function grantIdentities(session: Session, next?: OpenEpoch): GrantContent["identities"] {
  const { opened, current, state } = session.view;
  const age = new Map([...state.epochs].map(({ epoch }, index) => [epoch, index]));
  const older = neededEpochs(session).sort((left, right) => (age.get(right) ?? -1) - (age.get(left) ?? -1));
  const wanted = [current.epoch, ...fittingEpochs(session, older)].flatMap((epoch) => opened.get(epoch) ?? []);
  return [...(next ? [next] : []), ...wanted].map(({ epoch, identity }) => [epoch, identity] as const);
}

/** As many of these epochs as fit into a grant beside the current one and the next, in the same order. */
export function fittingEpochs({ index }: Pick<Session, "index">, epochs: readonly EpochId[]): readonly EpochId[] {
  const room = GRANT_IDENTITIES_MAX - 2;
  if (epochs.length <= room) return epochs;
  const rows = index.all<{ epoch: EpochId }>("SELECT DISTINCT epoch FROM locations WHERE gone = 0");
  const holding = new Set(rows.map(({ epoch }) => epoch));
  const first = epochs.toSorted((left, right) => Number(holding.has(right)) - Number(holding.has(left)));
  const chosen = new Set(first.slice(0, room));
  return epochs.filter((epoch) => chosen.has(epoch));
}

/**
 * What a notice carries: every entry after the one that started the epoch, up to the one that ends it. Whoever can open it
 * has the log up to there from a grant; the epoch's own records may be gone by the time that somebody comes late.
 */
export function entriesSince(
  log: Log,
  options: { readonly head: RecordDigest; readonly epoch: EpochId },
): SignedLine[] {
  const path = pathTo(log, options.head);
  const start = path.findIndex(({ state }) => state.epochs.at(-1)?.epoch === options.epoch);
  return path.slice(start + 1).map(({ verified }) => verified.signed);
}
