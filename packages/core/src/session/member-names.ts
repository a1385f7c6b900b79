import type { Log } from "../group/log.ts";
import type { GroupState, Member } from "../group/state.ts";
import type { NameOf } from "../tree/names.ts";

/** Whose a device is, or was, by name. Names are other people's text: never show them unescaped. */
export function memberNames(state: GroupState): NameOf {
  const names = new Map<string, string>();
  const people = [...state.departures.map(({ member }) => member), ...state.members];
  for (const { name, devices } of people) for (const { verifyingKey } of devices) names.set(verifyingKey, name);
  return (device) => names.get(device);
}

const known = new WeakMap<Log, readonly Member[]>();

/** Everybody who was ever in the group on any branch of its log, at least once. */
export function everybodyIn(log: Log): readonly Member[] {
  let people = known.get(log);
  if (!people) {
    const ends = [...log.nodes.values()].filter(({ digest }) => !log.children.has(digest));
    people = ends.flatMap(({ state }) => [...state.members, ...state.departures.map(({ member }) => member)]);
    known.set(log, people);
  }
  return people;
}

/** As {@link memberNames}, of {@link everybodyIn}. */
export function namesInLog(log: Log): NameOf {
  const people = everybodyIn(log);
  return (key) => people.find(({ devices }) => devices.some(({ verifyingKey }) => verifyingKey === key))?.name;
}
