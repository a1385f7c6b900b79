/** What somebody who was let go must not read, by what was known when it was put: the storage may have kept every byte. */
import type { Session } from "@conclave/core";

/** A file as it was put. */
export interface Put {
  readonly key: string;
  readonly bytes: Uint8Array;
}

/** Each secret file's key names its epoch, before or behind a slash. */
const EPOCH = /[0-9a-f]{64}/;

type View = Session["view"];

/** Epochs that were current, on any branch that is known, while somebody was a member. */
function epochsOf({ log }: View, member: string): Set<string> {
  const states = [...log.nodes.values()].map(({ state }) => state);
  const own = states.filter(({ members }) => members.some(({ id }) => id === member));
  return new Set(own.flatMap(({ epochs }) => epochs.at(-1)?.epoch ?? []));
}

/** Members who are out, and whose removal a device has finished by beginning an epoch without them. */
export function shutOut(view: View): string[] {
  return view.state.departures
    .map(({ member }) => member.id)
    .filter((member) => !epochsOf(view, member).has(view.current.epoch));
}

/** Of all that was ever put, deleted or not, what lies in epochs that began without this person. */
export function putWithout(view: View, options: { readonly member: string; readonly ever: readonly Put[] }): Put[] {
  const own = epochsOf(view, options.member);
  return options.ever.filter(({ key }) => !own.has(EPOCH.exec(key)?.[0] ?? ""));
}
