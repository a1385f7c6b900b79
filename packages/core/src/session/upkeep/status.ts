/** How a group stands, as this device knows it. */
import type { Fork } from "../../group/fork.ts";
import { type Log, pathTo } from "../../group/log.ts";
import { LOG_WEIGHT_MAX } from "../../group/log-limits.ts";
import { owedRemovals } from "../../group/owed.ts";
import { shareFilled, weightOf } from "../../group/room.ts";
import type { GroupState } from "../../group/state.ts";
import { awaited } from "../../history/awaited.ts";
import { duplicates } from "../../history/duplicates.ts";
import { conflicts, countTree } from "../../tree/listing.ts";
import { accessGaps } from "../people/folder-access.ts";
import { memberNames, namesInLog } from "../people/member-names.ts";
import type { Problem, ProblemCode } from "../problem.ts";
import { hiddenFrom } from "../reading/hidden-epochs.ts";
import { isSettled } from "../reading/settled.ts";
import { isUpdateNeeded } from "../reading/update-needed.ts";
import { judgedChanges } from "../reading/verdicts.ts";
import { describeAwaited, missingRecords } from "../reading/vouched.ts";
import type { Session } from "../session.ts";
import { knownWords } from "../view.ts";
import { type Amount, remaining } from "./reencrypt.ts";

export interface Status {
  readonly group: string;
  readonly epoch: string;
  readonly members: number;
  readonly files: number;
  readonly bytes: number;
  /** What older epochs still hold. */
  readonly remaining: Amount;
  readonly problems: readonly Problem[];
}

/** Reads the index alone: refresh first. */
export function statusOf(session: Session): Status {
  const { view, index, group } = session;
  const { files, bytes } = countTree(index);
  return {
    group,
    epoch: view.current.epoch,
    members: view.state.members.length,
    files,
    bytes,
    remaining: remaining(session),
    problems: [...problemsOf(session), ...conflicting(session)],
  };
}

/** Everything that is wrong, in the order of what matters. */
export function problemsOf(session: Session): Problem[] {
  return [
    ...newer(session),
    ...forks(session),
    ...lostRemovals(session),
    ...misfits(session),
    ...awaitedRecords(session),
    ...unconfirmed(session),
    ...copies(session),
    ...refusedEntries(session),
    ...voids(session),
    ...accesses(session),
    ...unsettled(session),
    ...longLog(session),
    ...noKit(session),
  ];
}

/** Half of it: there is time left to remove whoever fills it. */
const LONG_LOG_WEIGHT = LOG_WEIGHT_MAX / 2;
/** From what part of theirs on somebody is named who fills the log. */
const LARGE_SHARE = 0.5;

function longLog({ view }: Session): Problem[] {
  const { state, log } = view;
  const large = state.members
    .filter((member) => shareFilled(state, member) >= LARGE_SHARE)
    .map((member) => `${member.name} has filled ${percent(shareFilled(state, member))} of what they may of the log`);
  const long = state.weight < LONG_LOG_WEIGHT ? [] : [fullness(log, state)];
  return [...long, ...large].map((detail) => ({ code: "long-log" as const, detail }));
}

/** How full the log is, and who has signed most of it. */
function fullness(log: Log, state: GroupState): string {
  const weights = new Map<string, number>();
  for (const { verified } of pathTo(log, state.head)) {
    const { device } = verified.entry;
    weights.set(device, (weights.get(device) ?? 0) + weightOf(verified.signed));
  }
  const [most = ["", 0]] = [...weights].sort((left, right) => right[1] - left[1]);
  const who = namesInLog(log)(most[0]) ?? "somebody";
  const [share, full] = [most[1], state.weight].map((part) => percent(part / LOG_WEIGHT_MAX));
  return `the log is ${full} full, ${share} of it by one device of ${who}: when it is full nobody can be let in any more`;
}

function percent(part: number): string {
  return `${Math.round(100 * Math.min(part, 1))} %`;
}

function noKit({ view: { me } }: Session): Problem[] {
  if (!me || me.devices.some(({ kind }) => kind === "kit")) return [];
  const detail = "the device that your recovery kit was made with is out, and the kit with it: make a new one";
  return [{ code: "no-kit", detail }];
}

function forks(session: Session): Problem[] {
  const { choice, log } = session.view;
  const nameOf = namesInLog(log);
  const author = (entry: string) => nameOf(log.nodes.get(entry)?.verified.entry.device ?? "") ?? "somebody";
  return choice.forks.map((fork) => {
    const acts = fork.children.map(({ digest }) => `${author(digest)}'s (${digest.slice(0, 16)})`).join(" and ");
    const followed = fork.followed?.slice(0, 16) ?? "none";
    return {
      code: forkCode(fork),
      detail: `two acts at once: ${acts}; followed: ${followed}${FOLLOWED_WHY[fork.held ?? "rules"]}`,
    };
  });
}

function forkCode({ held, contested }: Fork): "late" | "contested" | "fork" {
  if (held !== null) return held === "late" ? "late" : "fork";
  return contested ? "contested" : "fork";
}

/** Why a fork's branch is followed, where the rules are not all that there is to say. */
const FOLLOWED_WHY = {
  rules: "",
  settled: ", as this device's person has settled",
  late: ", where this device has stood for long, until its person settles",
} as const;

function newer(session: Session): Problem[] {
  if (!isUpdateNeeded(session)) return [];
  return [{ code: "unsupported", detail: "an admin's program is newer than this one: update conclave to write again" }];
}

/** Removals that lost against another branch, and that nobody has the right to do again: an admin has to decide. */
function lostRemovals(session: Session): Problem[] {
  const { log, choice, state } = session.view;
  if (choice.forks.length === 0) return [];
  const name = (id: string) =>
    [...state.members, ...state.departures.map(({ member }) => member)].find((member) => member.id === id)?.name;
  return owedRemovals(log, { choice, words: knownWords(session.index) })
    .filter(({ isOwed }) => !isOwed)
    .map(({ author, target }) => ({
      code: "fork" as const,
      detail: `${name(author) ?? "somebody"} had removed ${name(target) ?? "somebody"}, on a branch that lost: remove them again if that still holds`,
    }));
}

/** Keys of records files that do not fit their name or seal: half-synced, or altered. What they say is missing here. */
export function misfittingRecords(session: Session): string[] {
  return session.index
    .all<{ key: string }>("SELECT key FROM files WHERE state = 'altered' AND kind = 'records' ORDER BY key LIMIT 100")
    .map(({ key }) => key);
}

function misfits(session: Session): Problem[] {
  return session.index
    .all<{ key: string; state: string; detail: string | null }>(
      `SELECT key, state, detail FROM files WHERE kind <> 'grant'
       AND (state IN ('altered', 'foreign', 'waiting', 'crowded', 'unsupported') OR state = 'read' AND detail IS NOT NULL)
       ORDER BY key LIMIT 100`,
    )
    .map(({ key, state, detail }) => ({ code: MISFIT_CODES[state] ?? "foreign", key, detail: detail ?? state }));
}

/** What a file is told of as, that could not be taken in; any other may be nobody's. */
const MISFIT_CODES: { readonly [state: string]: ProblemCode } = {
  altered: "altered",
  unsupported: "unsupported",
  crowded: "awaited",
};

/** What several people wrote at once: all of it is kept, and somebody has to choose. */
function conflicting(session: Session): Problem[] {
  const shown = [...conflicts(session.index, memberNames(session.view.state))].slice(0, 100);
  return shown.map(({ path }) => ({
    code: "conflict" as const,
    path,
    detail: "several people wrote here at once: restore the version that is to stay",
  }));
}

function awaitedRecords(session: Session): Problem[] {
  const missing = new Set(missingRecords(session).map(({ digest }) => digest));
  return awaited(session.index).map((record) => ({
    code: missing.has(record.digest) ? "missing" : "awaited",
    detail: describeAwaited(session, record),
  }));
}

function unconfirmed(session: Session): Problem[] {
  const hidden = hiddenFrom(session);
  if (!hidden) return [];
  const nameOf = memberNames(session.view.state);
  const by = new Set(hidden.records.flatMap(({ claimedBy }) => claimedBy.map((key) => nameOf(key) ?? "somebody")));
  const what = [
    ...(by.size > 0 ? [`records that ${[...by].join(" and ")} named have not arrived`] : []),
    ...(hidden.epochs > 0 ? ["keys lie in epochs/ that no entry names"] : []),
  ].join(", and ");
  return [{ code: "hidden-key", detail: `nobody else was heard under the current key for long, while ${what}` }];
}

function copies(session: Session): Problem[] {
  const nameOf = memberNames(session.view.state);
  return duplicates(session.index).map(({ device, number }) => ({
    code: "duplicate" as const,
    detail: `two different records ${number} of one device of ${nameOf(device) ?? "somebody"}: a copied or restored state folder`,
  }));
}

/** Acts that their authors had no right to. */
function refusedEntries(session: Session): Problem[] {
  const nameOf = memberNames(session.view.state);
  return [...session.view.log.refused.values()].map(({ verified, refusal }) => ({
    code: "void" as const,
    detail: `an entry of ${nameOf(verified.entry.device) ?? "somebody"} does not count: ${refusal.reason}`,
  }));
}

/** Most changes that do not count of which each is named: whoever is out may sign any number. `log` lists all. */
const VOIDS_MAX = 100;

/** The newest ones, and how many there are besides. */
function voids(session: Session): Problem[] {
  const nameOf = memberNames(session.view.state);
  const found: string[] = [];
  let before = 0;
  for (const { record, verdict } of judgedChanges(session)) {
    if (verdict.counts) continue;
    found.push(`${nameOf(record.device) ?? "somebody"}'s change ${record.number} does not count: ${verdict.reason}`);
    if (found.length <= VOIDS_MAX) continue;
    found.shift();
    before += 1;
  }
  const more = before > 0 ? [`${before} older changes do not count either`] : [];
  return [...found, ...more].map((detail) => ({ code: "void" as const, detail }));
}

function accesses(session: Session): Problem[] {
  return accessGaps(session).map(({ act, account, name, why }) => ({
    code: "access" as const,
    detail:
      act === "withdraw"
        ? `${name} is out, but ${account} still reaches the folder at the provider: ${why}`
        : `${name} is in, but ${account} does not reach the folder at the provider as it should: ${why}`,
  }));
}

function unsettled(session: Session): Problem[] {
  const { objects } = remaining(session);
  if (objects === 0 || isSettled(session)) return [];
  const until = session.store.traits.settled
    ? "until nobody can be shown an older state any more"
    : "until this folder is known to have reached the storage";
  return [{ code: "unsettled", detail: `${objects} old objects stay ${until}` }];
}
