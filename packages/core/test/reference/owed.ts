/** The removals that are owed: SPEC.md §6, "Lost". */
import type { Branch } from "./branch.ts";
import type { Log, Node } from "./fold.ts";
import { lyingUnder } from "./fork.ts";
import { type Group, keysOf, mayManage } from "./group.ts";
import type { Word } from "./words.ts";

/** A lost removal that is owed. */
export interface Owed {
  readonly entry: Node;
  readonly isOnlyByAuthor: boolean;
}

interface Lost {
  readonly node: Node;
  readonly device: string;
  /** Whom it is aimed at. */
  readonly member: string;
  /** The member's devices that it is aimed at; undefined where the whole member goes. */
  readonly devices: readonly string[] | undefined;
  readonly isLeave: boolean;
}

export function owedRemovals(log: Log, { path }: Branch, words: readonly Word[]): Owed[] {
  const owed = [...log.values()]
    .filter((node) => !path.includes(node))
    .flatMap((node) => removalOf(node, path) ?? [])
    .filter((lost) => isOwed(lost, { log, path, words }));
  return owed.map((lost) => ({
    entry: lost.node,
    isOnlyByAuthor: owed.some((other) => isAgainst(lost, other) && isAgainst(other, lost)),
  }));
}

function removalOf(node: Node, path: readonly Node[]): Lost | undefined {
  const { entry, author } = node;
  if (entry.type === "conclave/v1/found") return undefined;
  const { act, device } = entry;
  const lost = { node, device, devices: undefined, isLeave: false };
  if (act.act === "leave") return { ...lost, member: author, isLeave: true };
  if (act.act === "remove") return { ...lost, member: act.member };
  if (act.act !== "remove-device") return undefined;
  const parted = partedAt(node, path);
  const named = act.devices.filter((each) => path[parted]?.group.signer(each));
  const member = node.parent?.group.signer(act.devices[0] ?? "")?.id ?? "";
  const devices = [
    ...named,
    ...broughtBy(act.devices, path.slice(parted + 1)).filter((each) => each !== device),
  ].filter((each) => path.at(-1)?.group.signer(each)?.id === member);
  return devices.length === 0 ? undefined : { ...lost, member, devices };
}

/** The devices and kits that these have listed in these entries, and those that they have listed in turn. */
function broughtBy(devices: readonly string[], since: readonly Node[]): string[] {
  const brought: string[] = [];
  for (const { entry, parent, group, author } of since) {
    if (![...devices, ...brought].includes(entry.device)) continue;
    const owner = group.members.get(author);
    brought.push(...(owner ? keysOf(owner) : []).filter((each) => !parent?.group.signer(each)));
  }
  return brought;
}

function partedAt(node: Node, path: readonly Node[]): number {
  return path.findLastIndex((place) => lyingUnder(place).has(node));
}

interface Grounds {
  readonly log: Log;
  readonly path: readonly Node[];
  readonly words: readonly Word[];
}

function isOwed(lost: Lost, { log, path, words }: Grounds): boolean {
  const end = path.at(-1)?.group as Group;
  const since = path.slice(partedAt(lost.node, path) + 1);
  if (!end.members.has(lost.member)) return false;
  const isLost = (digest: string | null) => path.every((node) => node.digest !== digest) && log.has(digest ?? "");
  const isSignedAgain = since.some(
    ({ entry }) =>
      entry.type === "conclave/v1/entry" &&
      entry.act.act === "remove" &&
      entry.act.member === lost.member &&
      isLost(entry.act.owed),
  );
  if (isSignedAgain && !lost.devices) return false;
  const { author } = lost.node;
  if (!end.members.has(author) && end.unbound.has(author)) return true;
  if (maySign(end, lost)) return true;
  const taker = since.findLast(({ parent, group }) => parent && maySign(parent.group, lost) && !maySign(group, lost));
  const under = lyingUnder(lost.node);
  return words.some((word) => word.member === taker?.author && !word.isDisowned && under.has(word.entry));
}

/** Whether the device that signed a lost removal could sign it in this state. */
function maySign(group: Group, { device, member, isLeave, devices }: Lost): boolean {
  const by = group.holder(device);
  if (by?.id === member) return isLeave || devices !== undefined;
  return !isLeave && mayManage(by?.role, group.members.get(member)?.role);
}

function isAgainst(one: Lost, other: Lost): boolean {
  if (one.devices) return one.devices.includes(other.device);
  return !one.isLeave && one.member === other.node.author;
}
