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
import { type AwaitedRecord, awaited } from "../../history/awaited.ts";
import { heard } from "../../history/heard.ts";
import type { DeviceKey, RecordDigest } from "../../records/shapes.ts";
import type { Session } from "../session.ts";
import { excuseLacking, type Lacking, overdue } from "./lacking.ts";
import type { Shown } from "./shown.ts";
import { expected } from "./verdicts.ts";

/** Most things of one kind that are counted: a stranger or a member may make up any number. */
const LACKING_MAX = 100;

type Knowing = Pick<Session, "index" | "view" | "deviceKey">;

/** Who else has been seen to use the current epoch's key. */
export interface HeardMembers {
  /** Members with a device, but for this device's own. */
  readonly others: number;
  /** Those of them who have signed something knowing of this epoch. */
  readonly heard: readonly Member[];
  /** When the newest of that was signed, as its author claims, milliseconds since 1970. */
  readonly newest: number | undefined;
}

export function whoWasHeard(session: Knowing): HeardMembers {
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

/** What may be left over of a hidden epoch, and the silence of all others meanwhile. */
export function hiddenSigns(session: Session, { unopened }: Pick<Shown, "unopened">): Lacking[] {
  const records = expected(session).slice(0, LACKING_MAX);
  const epochs = unopened.filter((epoch) => namedEpoch(session.view.log, epoch) === undefined).slice(0, LACKING_MAX);
  if (records.length === 0 && epochs.length === 0) return [];
  return [
    ...records.map(({ digest }): Lacking => ({ kind: "record", what: digest })),
    ...epochs.map((epoch): Lacking => ({ kind: "epoch", what: epoch })),
    { kind: "word", what: silence(session) },
  ];
}

/** Names the silence of all others, as of what they have said so far: any word more is another silence. */
function silence(session: Knowing): string {
  const words = [...wordsOfOthers(session).values()];
  return `${session.view.current.epoch} ${words.reduce((sum, { records }) => sum + records, 0)}`;
}

/** What may be hidden from this device. */
export interface Hidden {
  /** Records that somebody names, and that have not arrived. */
  readonly records: readonly AwaitedRecord[];
  /** Epochs that lie there, and that no entry names. */
  readonly epochs: number;
}

/** What has been lacking for long while nobody else was heard; undefined where nothing is, or where nobody else could be. */
export function hiddenFrom(session: Knowing & Pick<Session, "store">): Hidden | undefined {
  const devices = session.view.state.members.flatMap(liveDevices);
  if (devices.every(({ verifyingKey }) => verifyingKey === session.deviceKey)) return undefined;
  const long = overdue(session);
  if (!long.some(({ kind }) => kind === "word")) return undefined;
  const named = new Set(long.flatMap(({ kind, what }) => (kind === "record" ? [what] : [])));
  const records = named.size === 0 ? [] : awaited(session.index).filter(({ digest }) => named.has(digest));
  const epochs = long.filter(({ kind }) => kind === "epoch").length;
  return records.length + epochs > 0 ? { records, epochs } : undefined;
}

/**
 * Takes a member's address as the word that the current epoch is still used, if it names an entry of it.
 *
 * @param entry - Of an address that a member gave by a way that the person trusts.
 */
export function excuseHidden({ index, view }: Pick<Session, "index" | "view">, entry: RecordDigest): void {
  const epoch = view.choice.path.includes(entry) ? view.log.nodes.get(entry)?.state.epochs.at(-1)?.epoch : undefined;
  if (epoch === view.current.epoch) excuseLacking({ index });
}
