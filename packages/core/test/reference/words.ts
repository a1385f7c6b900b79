/** Who has said what: SPEC.md §6, "The choice of branch", its words and blows. */
import type { Log, Node } from "./fold.ts";
import { keysOf, type Member, rank } from "./group.ts";

/** A record's device and head. */
export interface Said {
  readonly device: string;
  readonly entry: string;
}

/** A member has seen an entry. */
export interface Word {
  readonly member: string;
  readonly entry: Node;
  readonly isDisowned: boolean;
}

/** The words of changes and receipts, and those of the entries themselves. */
export function wordsOf(log: Log, said: Iterable<Said>): Word[] {
  const disowned = disownedOf(log);
  const entries = [...log.values()].map(({ entry, parent }) => ({ device: entry.device, entry: parent?.digest ?? "" }));
  return [...said, ...entries].flatMap(({ device, entry }) => {
    const node = log.get(entry);
    const member = node?.group.holder(device)?.id;
    return node && member !== undefined ? [{ member, entry: node, isDisowned: disowned.has(device) }] : [];
  });
}

/** Devices and kits that their own member took off, and what these have listed. */
function disownedOf(log: Log): Set<string> {
  const disowned = new Set<string>();
  for (let size = -1; size < disowned.size; ) {
    size = disowned.size;
    for (const node of log.values()) for (const key of disownedBy(node, disowned)) disowned.add(key);
  }
  return disowned;
}

function disownedBy({ entry, parent, author, group }: Node, disowned: ReadonlySet<string>): readonly string[] {
  const before = parent?.group.members.get(author);
  if (entry.type === "conclave/v1/found" || !before) return [];
  const now = group.members.get(author);
  const listed = now ? keysOf(now).filter((key) => !keysOf(before).includes(key)) : [];
  const { act, device } = entry;
  const own = act.act === "remove-device" ? act.devices.filter((key) => keysOf(before).includes(key)) : [];
  const taken = act.act === "kit" ? keysOf({ ...before, devices: [] }) : own;
  return disowned.has(device) ? [...taken, ...listed] : taken;
}

/** What is done to somebody, or to what somebody signs with. */
export interface Blow {
  readonly author: string;
  readonly isRole: boolean;
  readonly member: string | undefined;
  readonly devices: readonly string[];
}

export function blowsUnder(nodes: Iterable<Node>): Blow[] {
  return [...nodes].flatMap((node) => blowOf(node) ?? []);
}

function blowOf({ entry, parent, author }: Node): Blow | undefined {
  if (entry.type === "conclave/v1/found" || !parent) return undefined;
  const { act } = entry;
  const blow = { author, isRole: false, member: undefined, devices: [] };
  switch (act.act) {
    case "remove":
      return { ...blow, member: act.member };
    case "remove-device":
      return { ...blow, devices: act.devices };
    case "kit":
    case "recover":
      return { ...blow, devices: keysOf({ ...(parent.group.members.get(author) as Member), devices: [] }) };
    case "role":
      return rank(act.role) < rank(parent.group.members.get(act.member)?.role)
        ? { ...blow, isRole: true, member: act.member }
        : undefined;
    default:
      return undefined;
  }
}

export function isAgainst(blow: Blow, child: Node): boolean {
  return blow.member === child.author || blow.devices.includes(child.entry.device);
}
