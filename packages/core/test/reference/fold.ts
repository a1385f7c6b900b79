/** Which entries count, and what they make of the group: SPEC.md §6 up to "The choice of branch". */
import type { Act, Entry, Found, LogEntry } from "../../src/records/entry.ts";
import { readRecord } from "../../src/records/record.ts";
import type { SignedLine } from "../../src/records/signed-line.ts";
import { digestOf, isSigned, type Keys, listCard, listDeviceCard, once } from "./cards.ts";
import { Group, isAdmin, keysOf, mayManage, must, rank, type Signer, Void } from "./group.ts";
import { hasRoom, sponsorOf, weigh } from "./room.ts";

/** An entry that counts. */
export interface Node {
  readonly digest: string;
  readonly parent: Node | undefined;
  readonly entry: LogEntry;
  /** The member whose device or kit signed it. */
  readonly author: string;
  /** The state at it, which is the one after it. */
  readonly group: Group;
  /** The devices that its cut binds. */
  readonly binds: ReadonlySet<string>;
  readonly children: Node[];
  readonly weight: number;
}

/** The entries that count, each after its parent. */
export type Log = ReadonlyMap<string, Node>;

/** What of these lines counts, in whatever order they come. */
export function fold(group: string, lines: Iterable<SignedLine>, keys: Keys): Log {
  const log = new Map<string, Node>();
  const waiting = Map.groupBy(lines, parentOf);
  const take = (parent: Node | undefined, line: SignedLine): void => {
    const node = grown(group, parent, line, keys);
    if (!node) return;
    log.set(node.digest, node);
    for (const next of waiting.get(node.digest) ?? []) take(node, next);
  };
  for (const first of waiting.get(null) ?? []) take(undefined, first);
  return log;
}

/** The digest of the entry that a line builds on; null for a first entry. */
export function parentOf({ line }: SignedLine): string | null {
  const entry = readEntry(line);
  return entry.type === "conclave/v1/found" ? null : entry.parent;
}

function readEntry(line: Uint8Array): LogEntry {
  return entryOf(new TextDecoder().decode(line));
}

const entryOf = once((text) => readRecord(new TextEncoder().encode(text)) as LogEntry);

/** The entry of this line as a child of that one, if it counts. */
export function grown(id: string, parent: Node | undefined, signed: SignedLine, keys: Keys): Node | undefined {
  const entry = readEntry(signed.line);
  const node = { digest: digestOf(signed.line), parent, entry, weight: weigh(signed.line), children: [] };
  try {
    must(isSigned({ ...signed, type: entry.type, device: entry.device }));
    const counting = { ...node, ...after(id, node, keys) };
    parent?.children.push(counting);
    return counting;
  } catch (error) {
    if (error instanceof Void) return undefined;
    throw error;
  }
}

type Claim = Pick<Node, "digest" | "parent" | "entry" | "weight">;
type Outcome = Pick<Node, "author" | "group" | "binds">;

function after(id: string, claim: Claim, keys: Keys): Outcome {
  const { digest, parent, entry, weight } = claim;
  if (entry.type === "conclave/v1/found") {
    must(digest === id);
    const group = founded(id, entry, keys);
    group.beginStay(digest, undefined);
    group.charge(digest, weight);
    group.total = weight;
    return { author: digestOf(entry.card), group, binds: new Set() };
  }
  must(parent !== undefined && entry.group === id);
  return followed(parent.group, { ...claim, entry }, keys);
}

function founded(id: string, entry: Found, keys: Keys): Group {
  const group = new Group({ id, suite: entry.suite });
  const card = { line: entry.card, signature: entry.signature };
  const device = listCard(group, card, { role: "owner", account: null, until: null }, keys);
  must(device === entry.device);
  startEpoch(group, entry.recipient, keys);
  return group;
}

function followed(before: Group, claim: Claim & { readonly entry: Entry }, keys: Keys): Outcome {
  const { act, device } = claim.entry;
  const by = before.signer(device);
  must(by !== undefined && by.isKit === (act.act === "recover"));
  hasRoom(before, { act, by, weight: claim.weight });
  const group = new Group(before);
  (ACTS[act.act] as (group: Group, act: Act, by: By) => void)(group, act, { by, device, keys });
  book(group, { before, claim, act, by });
  const binds = boundBy(before, act, by);
  if ("cut" in act) must(binds.size > 0 || act.cut.length === 0);
  if ("recipient" in act) {
    startEpoch(group, act.recipient, keys);
    if (isAdmin(by.role)) group.unbound.clear();
  }
  group.endInvitations(({ maker, role }) => !mayManage(group.roleOf(maker), role));
  const members = [...group.members.values()];
  must(members.some(({ role, devices }) => role === "owner" && devices.length > 0));
  must(members.flatMap(keysOf).length <= 256);
  return { author: by.id, group, binds };
}

/** Notes what the entry weighs, and whose it is. */
function book(
  group: Group,
  { before, claim, act, by }: { readonly before: Group; readonly claim: Claim; readonly act: Act; readonly by: Signer },
): void {
  group.total += claim.weight;
  group.beginStay(claim.digest, sponsorOf(before, { act, by }));
  const isAdmission = act.act === "add" || act.act === "admit";
  group.charge(isAdmission ? claim.digest : (before.stays.get(by.id) ?? ""), claim.weight);
  if (act.act === "role" && isAdmin(act.role)) group.sponsors.delete(group.stays.get(act.member) ?? "");
}

function startEpoch(group: Group, recipient: string, keys: Keys): void {
  must(recipient.startsWith("age1pq1") === (group.suite === "hybrid") && keys.isSealable(recipient));
  must(!group.recipients.has(recipient) && !group.listed.has(recipient));
  group.recipients.add(recipient);
  group.endInvitations(() => true);
}

function boundBy(before: Group, act: Act, by: Signer): ReadonlySet<string> {
  const isWriter = (member: string) => rank(before.roleOf(member)) >= rank("editor");
  const members: string[] = [];
  if (act.act === "remove") members.push(act.member);
  if (act.act === "role" && act.role === "viewer" && isWriter(act.member)) members.push(act.member);
  if ("recipient" in act && isAdmin(by.role)) members.push(...[...before.unbound].filter((id) => !isWriter(id)));
  const devices = act.act === "remove-device" ? act.devices : [];
  return new Set([...devices, ...members.flatMap((member) => before.devices.get(member) ?? [])]);
}

/** Who signs an act, with which device or kit. */
interface By {
  readonly by: Signer;
  readonly device: string;
  readonly keys: Keys;
}

type ActOf<Name extends Act["act"]> = Extract<Act, { readonly act: Name }>;

/** What each act asks for, and does. */
const ACTS: { readonly [Name in Act["act"]]: (group: Group, act: ActOf<Name>, by: By) => void } = {
  add(group, act, { by, keys }) {
    must(mayManage(by.role, act.role));
    listCard(group, { line: act.card, signature: act.signature }, act, keys);
  },
  invite(group, act, { by, keys }) {
    must(mayManage(by.role, act.role) && keys.isAdmissible(act.invitation));
    must(!group.invitations.has(act.invitation) && !group.signer(act.invitation));
    must([...group.invitations.values()].filter(({ isOpen }) => isOpen).length < 256);
    group.invitations.set(act.invitation, { ...act, maker: by.id, isOpen: true });
  },
  withdraw(group, act, { by }) {
    const invitation = group.invitations.get(act.invitation);
    must(invitation?.isOpen === true && (invitation.maker === by.id || mayManage(by.role, invitation.role)));
    group.endInvitations((_, key) => key === act.invitation);
  },
  admit(group, act, { by, keys }) {
    const invitation = group.invitations.get(act.invitation);
    must(invitation?.isOpen === true && mayManage(by.role, invitation.role));
    const card = digestOf(act.card);
    must(group.departures.get(card) !== "removed");
    const type = "conclave/v1/invited";
    const line = JSON.stringify({ type, group: group.id, invitation: act.invitation, card });
    must(isSigned({ line, signature: act.proof, type, device: act.invitation }));
    listCard(group, { line: act.card, signature: act.signature }, invitation, keys);
    group.endInvitations((_, key) => key === act.invitation);
  },
  until(group, act, { by }) {
    must(mayManage(by.role, group.roleOf(act.member)) && group.members.get(act.member)?.until !== act.until);
    group.update(act.member, { until: act.until });
  },
  role(group, act, { by }) {
    must(mayManage(by.role, group.roleOf(act.member)) && mayManage(by.role, act.role));
    must(group.roleOf(act.member) !== act.role);
    group.update(act.member, { role: act.role, ...(isAdmin(act.role) ? { until: null } : {}) });
  },
  remove(group, act, { by }) {
    must(mayManage(by.role, group.roleOf(act.member)) && act.member !== by.id);
    group.depart(act.member, "removed");
  },
  leave(group, _, { by }) {
    group.depart(by.id, "left");
  },
  rotate(_, __, { by }) {
    must(isAdmin(by.role));
  },
  "admit-device"(group, act, { by, keys }) {
    must(by.devices.length < 32);
    const card = { line: act.device, signature: act.signature, kind: "device" } as const;
    group.listDevice(by.id, listDeviceCard(group, card, by, keys));
  },
  "remove-device"(group, { devices }, { by, device }) {
    const owner = group.signer(devices[0] ?? "");
    must(owner !== undefined && devices.every((each) => group.signer(each)?.id === owner.id));
    must(devices.every((each, index) => index === 0 || each > (devices[index - 1] ?? "")));
    must((owner.id === by.id || mayManage(by.role, owner.role)) && !devices.includes(device));
    group.update(owner.id, {
      devices: owner.devices.filter((each) => !devices.includes(each)),
      kit: devices.includes(owner.kit ?? "") ? undefined : owner.kit,
    });
    for (const each of devices) group.takenOff.add(each);
  },
  kit(group, act, { by, keys }) {
    const card = { line: act.kit, signature: act.signature, kind: "kit" } as const;
    if (by.kit) group.takenOff.add(by.kit);
    group.update(by.id, { kit: listDeviceCard(group, card, by, keys) });
  },
  recover(group, act, { by, device: used, keys }) {
    must(by.devices.length < 64);
    const card = { line: act.device, signature: act.deviceSignature, kind: "device" } as const;
    const kit = { line: act.kit, signature: act.kitSignature, kind: "kit" } as const;
    group.takenOff.add(used);
    group.listDevice(by.id, listDeviceCard(group, card, by, keys));
    group.update(by.id, { kit: listDeviceCard(group, kit, by, keys) });
  },
};
