/** What the cut of a removal names. Entries stay in the log for ever, so a cut is kept short. SPEC.md §10. */
import { cutTargets } from "../../group/refusals.ts";
import { hasRole } from "../../group/rights.ts";
import { cutHeads } from "../../history/cut-heads.ts";
import { type WriterHead, writerHeads } from "../../history/frontier.ts";
import { isAncestor } from "../../history/past.ts";
import { readWriter } from "../../index/writer.ts";
import { type Act, CUT_MAX, type Cut } from "../../records/entry.ts";
import type { DeviceKey } from "../../records/shapes.ts";
import { owedNow } from "../people/owed-removals.ts";
import { isUpdateNeeded } from "../reading/update-needed.ts";
import type { Session } from "../session.ts";
import { publishMerge } from "./change-writer.ts";

/** Most writers that a cut names where its author can build on the others' records instead. */
const CUT_AIM = 16;
/** Most changes that are written for that. */
const MERGES_MAX = 256;

/**
 * Drafts an act together with its cut. It is drafted without one first: for an act that is refused this device signs nothing.
 *
 * @throws as `draft`.
 */
export async function draftWithCut(
  session: Session,
  draft: (cut: Cut) => Act,
  options: { readonly signal?: AbortSignal },
): Promise<Act> {
  const bound = cutTargets(session.view.state, draft([]), session.deviceKey);
  return draft(await writerCut(session, bound, options));
}

/**
 * The newest records of these devices' writers, as far as this one has read. Where there are many, this device first builds
 * on them by changes of its own: what those reach counts without being named, and does not lie in the log.
 */
async function writerCut(
  session: Session,
  devices: readonly DeviceKey[],
  options: { readonly signal?: AbortSignal },
): Promise<Cut> {
  const heads = writerHeads(session.index, devices);
  if (heads.length <= CUT_AIM) return heads.map(({ writer, digest }) => [writer, digest] as const);
  for (let count = 0; count < MERGES_MAX && mayMerge(session); count++) {
    if (loose(session, devices).length <= CUT_AIM) break;
    await publishMerge(session, options);
  }
  const named = cutHeads(session.index, loose(session, devices), CUT_MAX);
  return named.map(({ writer, digest }) => [writer, digest] as const);
}

/** Heads of chains whose changes the entry's own chain does not reach. */
function loose({ index }: Session, devices: readonly DeviceKey[]): WriterHead[] {
  const { previous } = readWriter(index);
  return writerHeads(index, devices).filter(
    ({ change }) => change !== null && (previous === null || !isAncestor(index, change, previous)),
  );
}

/** Whether this device can write changes now: a kit cannot, nor who has no key to the epoch that ends, or is to be updated. */
function mayMerge(session: Session): boolean {
  const { view, deviceKey } = session;
  if (!view.opened.has(view.current.epoch) || owedNow(session).length > 0 || isUpdateNeeded(session)) return false;
  return hasRole(view.state, { device: deviceKey, role: "editor" });
}
