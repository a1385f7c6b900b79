/**
 * Whether a record counts: its author had the right at the entry that it names as newest, or has it now, and no cut leaves
 * it out. SPEC.md §7.
 */
import type { Role } from "../records/entry.ts";
import type { DeviceKey, RecordDigest } from "../records/shapes.ts";
import type { Choice } from "./branch.ts";
import { type Log, type LogNode, parentOf, stateAt } from "./log.ts";
import { cutTargets } from "./refusals.ts";
import { type GroupState, isAtLeast, listedDevice, memberOfDevice } from "./state.ts";

/** An entry of the branch that cuts what a device signed. */
export interface CuttingEntry {
  readonly node: LogNode;
  /** Its place on the branch, from 0. */
  readonly index: number;
}

/** The chosen branch, laid out for judging many records. */
export interface History {
  readonly log: Log;
  readonly choice: Choice;
  /** Place of each entry of the branch, from 0. */
  readonly indexes: ReadonlyMap<RecordDigest, number>;
  /** Entries that cut each device's records, oldest first. */
  readonly cuts: ReadonlyMap<DeviceKey, readonly CuttingEntry[]>;
}

/** Lays a branch out. */
export function historyOf(log: Log, choice: Choice): History {
  const indexes = new Map(choice.path.map((digest, index) => [digest, index]));
  const cuts = new Map<DeviceKey, CuttingEntry[]>();
  for (const [index, digest] of choice.path.entries()) {
    const node = log.nodes.get(digest);
    const before = node?.parent ? stateAt(log, node.parent) : undefined;
    if (!node || !before || node.verified.entry.type !== "conclave/v1/entry") continue;
    for (const target of cutTargets(before, node.verified.entry.act, node.verified.entry.device)) {
      cuts.set(target, [...(cuts.get(target) ?? []), { node, index }]);
    }
  }
  return { log, choice, indexes, cuts };
}

/**
 * The last entry of the chosen branch that an entry builds on: itself, if it is on the branch. Undefined for an entry
 * that was not seen or does not count.
 */
export function branchBase(history: History, entry: RecordDigest): RecordDigest | undefined {
  let node = history.log.nodes.get(entry);
  while (node && !history.indexes.has(node.digest))
    node = node.parent === null ? undefined : history.log.nodes.get(node.parent);
  return node?.digest;
}

/** Whether a device's owner has at least that role, in a state. Kits have no role of their own. */
export function hasRole(state: GroupState, options: { readonly device: DeviceKey; readonly role: Role }): boolean {
  const member = memberOfDevice(state, options.device);
  return member !== undefined && isAtLeast(member.role, options.role); // check: role
}

/** What of a numbered record its author's rights depend on. */
export interface JudgedRecord {
  readonly device: DeviceKey;
  /** The newest entry that its author knew. */
  readonly head: RecordDigest;
  readonly digest: RecordDigest;
}

/** Whether a record counts, and if not, why, in words for the audit view. */
export type Verdict =
  | { readonly counts: true }
  | {
      readonly counts: false;
      readonly why: "not-an-editor" | "cut" | "unknown-head";
      readonly reason: string;
      /** The entry that cuts it. */
      readonly by?: RecordDigest;
    };

/**
 * Judges a change (or a receipt): does it count?
 *
 * The role is looked up at the record's head, or rather at the last entry of the chosen branch that the head builds on, and
 * at the branch's own head; either is enough. Then every entry of the branch that comes after the record's place and cuts
 * its device is asked. What builds on a removal (somebody was admitted again) is judged by later ones only. A member who
 * left keeps what was signed before the leave, until the rotation that follows it cuts.
 *
 * `unknown-head` is for now only: the record waits until the entry is seen.
 *
 * @param options.isWithinCut - Whether the record is among the heads that the entry's cut names, or their ancestors, or
 *   what the entry's author's own records build on.
 */
export function changeVerdict(
  history: History,
  options: {
    readonly record: JudgedRecord;
    readonly isWithinCut: (record: RecordDigest, cutting: LogNode) => boolean;
  },
): Verdict {
  const { record, isWithinCut } = options;
  const base = branchBase(history, record.head);
  const then = base === undefined ? undefined : stateAt(history.log, base);
  if (base === undefined || !then) {
    return { counts: false, why: "unknown-head", reason: "it names an entry of the log that has not been seen" };
  }
  const now = history.choice.state;
  const editor = { device: record.device, role: "editor" } as const;
  if (!hasRole(then, editor) && !hasRole(now, editor)) {
    return { counts: false, why: "not-an-editor", reason: notAnEditor(then, record.device) }; // check: role
  }
  const after = history.indexes.get(base) ?? 0;
  const cutting = (history.cuts.get(record.device) ?? []).find(
    ({ node, index }) => index > after && !isWithinCut(record.digest, node), // check: cut
  );
  return cutting ? cutVerdict(history, cutting.node) : { counts: true };
}

function notAnEditor(state: GroupState, device: DeviceKey): string {
  const listed = listedDevice(state, device);
  if (!listed) return "its author was not a member when it was written, and is none now";
  return listed.device.kind === "kit"
    ? "a recovery kit writes no files"
    : `its author was only a ${listed.member.role}`;
}

function cutVerdict(history: History, node: LogNode): Verdict {
  const parent = parentOf(node.verified);
  const before = parent === null ? undefined : stateAt(history.log, parent);
  const author = before && memberOfDevice(before, node.verified.entry.device);
  const act = node.verified.entry.type === "conclave/v1/entry" ? node.verified.entry.act.act : "found";
  const what = act === "role" ? "demotion" : act === "rotate" ? "rotation after the leave" : "removal";
  const reason = `it is cut by the ${what} by ${author?.name ?? "somebody unknown"}, who had not seen it`;
  return { counts: false, why: "cut", reason, by: node.digest };
}

/**
 * What a location's signer makes of it: an editor's is trusted like any record of an editor; anybody else's serves reading
 * only, is tried last, and nothing is ever deleted because of it.
 */
export function locationTrust(history: History, signer: DeviceKey): "trusted" | "reading-only" {
  return hasRole(history.choice.state, { device: signer, role: "editor" }) ? "trusted" : "reading-only"; // check: role
}
