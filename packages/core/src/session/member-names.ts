import type { GroupState } from "../group/state.ts";
import type { NameOf } from "../tree/names.ts";

/** Whose a device is, or was, by name. Names are other people's text: never show them unescaped. */
export function memberNames(state: GroupState): NameOf {
  const names = new Map<string, string>();
  const people = [...state.departures.map(({ member }) => member), ...state.members];
  for (const { name, devices } of people) for (const { verifyingKey } of devices) names.set(verifyingKey, name);
  return (device) => names.get(device);
}
