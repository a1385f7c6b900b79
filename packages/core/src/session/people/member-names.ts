import type { Log } from "../../group/log.ts";
import type { GroupState, Member } from "../../group/state.ts";
import type { NameOf } from "../../tree/names.ts";

/** Whose a device is, or was, by name. Names are other people's text: never show them unescaped. */
export function memberNames(state: GroupState): NameOf {
  const names = new Map<string, string>();
  for (const { name, devices } of everybody(state)) {
    for (const { verifyingKey } of devices) names.set(verifyingKey, name);
  }
  return (device) => names.get(device);
}

/** Members and former ones, members last; each with the devices and kits that were taken off its list. */
function everybody(state: GroupState): Member[] {
  const people = [...state.departures.map(({ member }) => member), ...state.members];
  return people.map((person) => {
    const retired = state.retired.filter(({ member }) => member === person.id).map(({ device }) => device);
    return retired.length === 0 ? person : { ...person, devices: [...person.devices, ...retired] };
  });
}

const known = new WeakMap<Log, readonly Member[]>();

/** Everybody who was ever in the group on any branch of its log, at least once, with all devices that they ever had. */
export function everybodyIn(log: Log): readonly Member[] {
  let people = known.get(log);
  if (!people) {
    const ends = [...log.nodes.values()].filter(({ digest }) => !log.children.has(digest));
    people = ends.flatMap(({ state }) => everybody(state).reverse());
    known.set(log, people);
  }
  return people;
}

/** As {@link memberNames}, of {@link everybodyIn}. */
export function namesInLog(log: Log): NameOf {
  const people = everybodyIn(log);
  return (key) => people.find(({ devices }) => devices.some(({ verifyingKey }) => verifyingKey === key))?.name;
}
