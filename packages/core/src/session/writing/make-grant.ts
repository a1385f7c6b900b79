/** Grants as this device gives them: what is in one is the same, whoever it is for. SPEC.md §7. */
import { type Audience, GRANT_IDENTITIES_MAX, type GrantContent, sealGrant } from "../../group/grant.ts";
import type { Log } from "../../group/log.ts";
import type { GroupState } from "../../group/state.ts";
import type { OpenEpoch } from "../../records/records-file.ts";
import type { EpochId } from "../../records/shapes.ts";
import type { Session } from "../session.ts";
import { logLines } from "./log-lines.ts";
import { neededEpochs } from "./needed-epochs.ts";

/** Where a grant is made, if not of the log and the epoch that this device knows as current. */
interface After {
  readonly log: Log;
  readonly state: GroupState;
  /** An epoch that is about to begin. */
  readonly next?: OpenEpoch;
}

/**
 * Seals a grant.
 *
 * @param after - A log with an entry that is about to be published, and the state after it. Default: as they are.
 * @returns The key and the bytes to put there.
 * @throws as `sealGrant`.
 */
export function makeGrant(
  session: Session,
  audience: Audience,
  { log, state, next }: After = session.view,
): ReturnType<typeof sealGrant> {
  const identities = grantIdentities(session, next);
  return sealGrant(session.crypto, { state, audience, identities, lines: logLines(log, state.head) });
}

/**
 * Identities for a grant, newest first: the current epoch's, then those of epochs that are still needed. Of more than a
 * grant may hold those stay out in which nothing lies, then the oldest: nobody may shut a group by changing its key.
 *
 * @param next - An epoch that is about to begin: its identity comes before all others.
 */
function grantIdentities(session: Session, next?: OpenEpoch): GrantContent["identities"] {
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
