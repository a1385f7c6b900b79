/**
 * Whether a change of key may be hidden from this device. SPEC.md §12.
 *
 * A storage that hides a new epoch, its notice and all that is sealed to it shows nothing wrong: the others have fallen
 * silent, as people do. What can give it away is something left over, a record that somebody names, or an epoch that no
 * entry names. Where such a thing does not explain itself and nobody else is heard under the current key either, both for
 * longer than anything takes to arrive, this device's person is told: only a member's address can say what is true.
 */

import { namedEpoch } from "../../group/log.ts";
import { liveDevices, type Member, memberOfDevice } from "../../group/state.ts";
import { heard } from "../../history/heard.ts";
import type { DeviceKey, RecordDigest } from "../../records/shapes.ts";
import type { Session } from "../session.ts";
import type { Shown } from "./shown.ts";
import { forkMs, type Observed } from "./standing.ts";
import { expected } from "./verdicts.ts";

/** Most things of one kind that are counted: a stranger or a member may make up any number. */
const LACKING_MAX = 100;

type Knowing = Pick<Session, "index" | "view" | "deviceKey">;

/** `record`: others name it. `epoch`: it lies there, and no entry names it. `word`: of anybody else, in the current epoch. */
type Kind = "record" | "epoch" | "word";

/** Who else has been seen to use the current epoch's key. */
export interface Confirmation {
  /** Members with a device, but for this device's own. */
  readonly others: number;
  /** Those of them who have signed something knowing of this epoch. */
  readonly heard: readonly Member[];
  /** When the newest of that was signed, as its author claims, milliseconds since 1970. */
  readonly newest: number | undefined;
}

export function confirmation(session: Knowing): Confirmation {
  const { state, me } = session.view;
  const words = wordsOfOthers(session);
  const isHeard = ({ devices }: Member) => devices.some(({ verifyingKey }) => words.has(verifyingKey));
  const others = state.members.filter((member) => member.id !== me?.id && liveDevices(member).length > 0);
  const heardOnes = others.filter(isHeard);
  const times = heardOnes.flatMap(({ devices }) =>
    devices.map(({ verifyingKey }) => words.get(verifyingKey)?.time ?? 0),
  );
  return { others: others.length, heard: heardOnes, newest: times.length > 0 ? Math.max(...times) : undefined };
}

interface Words {
  readonly records: number;
  readonly time: number;
}

/** What each listed device but this one has signed knowing of the current epoch. */
function wordsOfOthers({ index, view, deviceKey }: Knowing): Map<DeviceKey, Words> {
  const { state, log, current, choice } = view;
  const since = choice.path.slice(choice.path.indexOf(current.entry));
  const entries = since.flatMap((digest) => {
    const entry = log.nodes.get(digest)?.verified.entry;
    return entry ? [{ device: entry.device, head: digest, records: 1, time: entry.time }] : [];
  });
  const within = new Set<RecordDigest>(since);
  const words = new Map<DeviceKey, Words>();
  for (const { device, head, records, time } of [...entries, ...heard(index)]) {
    if (!within.has(head) || device === deviceKey || !memberOfDevice(state, device)) continue;
    const before = words.get(device);
    words.set(device, { records: records + (before?.records ?? 0), time: Math.max(time, before?.time ?? 0) });
  }
  return words;
}

/** Notes what this look did not find, and for how long that has been so. */
export function noteLacking(
  session: Session,
  { shown, observed }: { readonly shown: Pick<Shown, "unopened">; readonly observed: Observed },
): void {
  const { index } = session;
  const missing = missingNow(session, shown);
  const present = new Map<string, Kind>(missing.length === 0 ? [] : [...missing, [silence(session), "word"]]);
  const known = new Set(index.all<{ what: string }>("SELECT what FROM lacking").map(({ what }) => what));
  for (const what of known) if (!present.has(what)) index.run("DELETE FROM lacking WHERE what = ?", what);
  if (observed.ms === undefined) index.run("UPDATE lacking SET ms = 0");
  else index.run("UPDATE lacking SET ms = ms + ?", observed.ms);
  for (const [what, kind] of present) {
    if (!known.has(what)) index.run("INSERT INTO lacking(what, kind) VALUES(?, ?)", what, kind);
  }
}

function missingNow(session: Session, { unopened }: Pick<Shown, "unopened">): [what: string, kind: Kind][] {
  const records = expected(session).slice(0, LACKING_MAX);
  const epochs = unopened.filter((epoch) => namedEpoch(session.view.log, epoch) === undefined).slice(0, LACKING_MAX);
  return [
    ...records.map(({ digest }): [string, Kind] => [digest, "record"]),
    ...epochs.map((epoch): [string, Kind] => [epoch, "epoch"]),
  ];
}

/** Names the silence of all others, as of what they have said so far: any word more is another silence. */
function silence(session: Knowing): string {
  const words = [...wordsOfOthers(session).values()];
  return `${session.view.current.epoch} ${words.reduce((sum, { records }) => sum + records, 0)}`;
}

/** What may be hidden from this device. */
export interface Hidden {
  /** Records that others name, and that have not arrived. */
  readonly records: number;
  /** Epochs that lie there, and that no entry names. */
  readonly epochs: number;
}

/** What has been lacking for long while nobody else was heard; undefined where nothing is, or where nobody else could be. */
export function hiddenFrom(session: Knowing & Pick<Session, "store">): Hidden | undefined {
  const { index, view, deviceKey } = session;
  const devices = view.state.members.flatMap(liveDevices);
  if (devices.every(({ verifyingKey }) => verifyingKey === deviceKey)) return undefined;
  const long = index
    .all<{ kind: Kind }>("SELECT kind FROM lacking WHERE excused = 0 AND ms >= ?", forkMs(session))
    .map(({ kind }) => kind);
  const count = (kind: Kind) => long.filter((each) => each === kind).length;
  if (count("word") === 0 || long.length === count("word")) return undefined;
  return { records: count("record"), epochs: count("epoch") };
}

/**
 * A member's address names the current epoch: what is lacking hides no other. What is missed from now on counts again.
 *
 * @param entry - Of an address that a member gave by a way that the person trusts.
 */
export function excuseLacking({ index, view }: Pick<Session, "index" | "view">, entry: RecordDigest): void {
  const epoch = view.choice.path.includes(entry) ? view.log.nodes.get(entry)?.state.epochs.at(-1)?.epoch : undefined;
  if (epoch === view.current.epoch) index.run("UPDATE lacking SET excused = 1 WHERE kind <> 'word'");
}
