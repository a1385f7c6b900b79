/** The branch that one device follows: SPEC.md §6, from "In a contested fork" to "Settling". */
import type { Log, Node } from "./fold.ts";
import { Judge, lyingUnder } from "./fork.ts";
import { rank } from "./group.ts";
import type { Said } from "./words.ts";

/** What a device knows besides the log. */
export interface Standpoint {
  readonly said: Iterable<Said>;
  readonly pin?: string | undefined;
  readonly settled?: string | undefined;
  readonly hasStood?: (entry: string) => boolean;
}

export interface Branch {
  /** The entries followed, the first entry first. */
  readonly path: readonly Node[];
  readonly isUndecided: boolean;
  readonly isLate: boolean;
}

export function branchOf(log: Log, standpoint: Standpoint): Branch {
  const [first] = log.values();
  if (!first) throw new Error("the first entry does not count");
  return follow(first, { log, judge: new Judge(log, standpoint.said), ...standpoint });
}

interface Follower extends Omit<Standpoint, "said"> {
  readonly log: Log;
  readonly judge: Judge;
}

function follow(first: Node, follower: Follower): Branch {
  const path = [first];
  let isLate = false;
  for (let place = first; place.children.length > 0; ) {
    const { next, late } = nextOf(place, follower);
    if (!next) return { path, isUndecided: true, isLate };
    isLate ||= late;
    path.push(next);
    place = next;
  }
  return { path, isUndecided: false, isLate };
}

function nextOf(place: Node, follower: Follower): { readonly next: Node | undefined; readonly late: boolean } {
  const { log, judge, pin, settled, hasStood = () => false } = follower;
  const childOver = (entry: string | undefined) => {
    const node = log.get(entry ?? "");
    return node && place.children.find((child) => lyingUnder(child).has(node));
  };
  const chosen = childOver(settled);
  if (chosen) return { next: chosen, late: false };
  const standing = judge.judge(place);
  const pinned = childOver(pin);
  const [given] = standing;
  if (standing.length > 1) return { next: standing.find((child) => child === pinned), late: false };
  if (!pinned || !given || pinned === given || !hasStood(pinned.digest)) return { next: given, late: false };
  const late = holdsOn(place, { given, here: log.get(pin ?? "") as Node, judge, log });
  return { next: late ? pinned : given, late };
}

/** Whether somebody has lost a role here, and somebody has a higher one there. */
function holdsOn(
  place: Node,
  { given, here, judge, log }: { readonly given: Node; readonly here: Node; readonly judge: Judge; readonly log: Log },
): boolean {
  const there = follow(given, { log, judge }).path.at(-1) as Node;
  const role = (node: Node, member: string) => rank(node.group.members.get(member)?.role);
  const lost = [...place.group.members.values()]
    .flatMap(({ devices }) => devices)
    .filter((device) => !here.group.holder(device));
  if (lost.some((device) => there.group.holder(device))) return true;
  return (
    [...place.group.members.keys()].some((member) => role(here, member) < role(place, member)) &&
    [...there.group.members.keys()].some((member) => role(there, member) > role(here, member))
  );
}
