/** What a key must not open that was let go, by what was known when it was put: the storage may have kept every byte. */
import type { GroupState, Session } from "@conclave/core";
import { pathTo } from "../support/insides.ts";

/** A file as it was put. */
export interface Put {
  readonly key: string;
  readonly bytes: Uint8Array;
}

/** Each secret file's key names its epoch, before or behind a slash. */
const EPOCH = /[0-9a-f]{64}/;

type View = Session["view"];

/** Whether a device or kit with this verifying key is on the list. */
export function isListed({ members }: GroupState, key: string): boolean {
  return members.some(({ devices }) => devices.some(({ verifyingKey }) => verifyingKey === key));
}

/**
 * Epochs that there were, on any branch that is known, while a device or kit was listed: older ones are granted too. So are
 * those of a branch that lost, to whoever was listed on the one that is followed once they had parted.
 */
function epochsOf(view: View, key: string): Set<string> {
  const nodes = [...view.log.nodes.values()];
  const states = nodes.map(({ state }) => state).filter((state) => isListed(state, key));
  const lost = nodes.filter(
    ({ digest }) => !view.choice.path.includes(digest) && isListedBeside(view, { digest, key }),
  );
  const all = [...states, ...lost.map(({ state }) => state)];
  return new Set(all.flatMap(({ epochs }) => [...epochs].map(({ epoch }) => epoch)));
}

/** Whether the followed branch lists a device or kit somewhere behind where it and a lost entry parted. */
function isListedBeside(
  { log, choice }: View,
  { digest, key }: { readonly digest: string; readonly key: string },
): boolean {
  const shared = new Set(pathTo(log, digest).map((node) => node.digest));
  return choice.path.some((entry) => {
    const node = shared.has(entry) ? undefined : log.nodes.get(entry);
    return node !== undefined && isListed(node.state, key);
  });
}

const known = new WeakMap<View, readonly string[]>();

/** Devices and kits that are off the list, and whose removal a device has finished by beginning an epoch without them. */
export function shutOut(view: View): readonly string[] {
  const { departures, retired } = view.state;
  const out =
    known.get(view) ??
    [
      ...new Set([...departures.flatMap(({ member }) => member.devices), ...retired.map(({ device }) => device)]),
    ].flatMap(({ verifyingKey }) => (epochsOf(view, verifyingKey).has(view.current.epoch) ? [] : [verifyingKey]));
  known.set(view, out);
  return out;
}

/** Of all that was ever put, deleted or not, what lies in epochs that began without this device or kit. */
export function putWithout(view: View, options: { readonly out: string; readonly ever: readonly Put[] }): Put[] {
  const own = epochsOf(view, options.out);
  return options.ever.filter(({ key }) => !own.has(EPOCH.exec(key)?.[0] ?? ""));
}
