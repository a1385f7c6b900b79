/**
 * A device that is listed, and was left out of the grants of the current epoch: it asks by a join request, which says nothing
 * that its listing does not, and whoever may grant seals it one. SPEC.md §7.
 */
import { nameDigest } from "../../encoding/digest.ts";
import { EPOCHS_FOLDER } from "../../group/epoch.ts";
import { audienceTag, parseGrantKey } from "../../group/grant.ts";
import { mayManage } from "../../group/refusals.ts";
import { isAtLeast, listedDevice, type Member, memberOfDevice } from "../../group/state.ts";
import type { SignedCard } from "../../identity/card.ts";
import { listStored } from "../../ports/list-stored.ts";
import { getIfThere, STORED_BYTES_MAX } from "../../ports/store.ts";
import type { DeviceKey } from "../../records/shapes.ts";
import { noteFile } from "../reading/known-files.ts";
import type { Session } from "../session.ts";
import { makeGrant } from "../writing/make-grant.ts";
import { askToJoin } from "./join.ts";

interface SignalOption {
  readonly signal?: AbortSignal;
}

/** Whether this device is listed, knows of the current epoch, and has no identity of it. */
export function lacksGrant({ view }: Session): boolean {
  return view.me !== undefined && !view.choice.undecided && !view.opened.has(view.current.epoch);
}

/** Who started the current epoch, and so had its grants to give: with whether this device's person may remove them. */
export function epochStarter({ view }: Session): { readonly member: Member; readonly isMine: boolean } | undefined {
  const { log, state, current, me } = view;
  const device = log.nodes.get(current.entry)?.verified.entry.device ?? "";
  const member = listedDevice(state, device)?.member;
  return member && { member, isMine: me !== undefined && me.id !== member.id && mayManage(me.role, member.role) };
}

/**
 * Asks for a grant of the current epoch, unless a request of this device lies there already.
 *
 * @param options.card - Any card that this device has signed for itself.
 * @returns Whether a request was put now.
 */
export async function askForGrant(
  session: Session,
  options: SignalOption & { readonly card: SignedCard },
): Promise<boolean> {
  const { recipient } = session.view.current;
  return (await askToJoin(session, { group: session.group, recipient, ...options })) === undefined;
}

/**
 * Answers a listed device that asks in the current epoch. The grant is sealed to the keys that the log lists, never to those
 * of the card.
 *
 * @returns Whether its request is answered, so that it may go: not where this device's person may not grant to it.
 */
export async function grantToListed(
  session: Session,
  { device, signal }: SignalOption & { readonly device: DeviceKey },
): Promise<boolean> {
  const { state, me, current } = session.view;
  const prefix = `${EPOCHS_FOLDER}/${current.epoch}-${audienceTag(current.epoch, { device })}-`;
  if (await hasAnswered(session, prefix, signal)) return true;
  const owner = memberOfDevice(state, device);
  if (!me || !owner) return false;
  if (owner.id !== me.id && !isAtLeast(me.role, "admin")) return false; // check: role
  await putGrant(session, { device, ...(signal ? { signal } : {}) });
  return true;
}

/** Gives a listed device a grant of the current epoch, and remembers that. */
export async function putGrant(
  session: Session,
  { device, signal }: SignalOption & { readonly device: DeviceKey },
): Promise<void> {
  const { epoch } = session.view.current;
  const { key, bytes } = await makeGrant(session, { device });
  await session.store.put(key, bytes, signal ? { signal } : {});
  noteFile(session, { key, epoch, kind: "grant", size: bytes.length, state: "read" });
}

/**
 * Whether a grant that this device has put lies there whole. Others under that name it cannot open, and whoever asks has found
 * none: names can be seen by anybody, and junk under them must keep nobody out.
 */
async function hasAnswered(session: Session, prefix: string, signal?: AbortSignal): Promise<boolean> {
  const call = signal ? { signal } : {};
  for await (const { key } of listStored(session.store, EPOCHS_FOLDER, call)) {
    if (!key.startsWith(prefix) || !isNoted(session, key)) continue;
    const bytes = await getIfThere(session.store, key, { length: STORED_BYTES_MAX + 1, ...call });
    if (!bytes) continue;
    if (nameDigest(bytes) === parseGrantKey(key)?.digest) return true; // check: digest
  }
  return false;
}

function isNoted({ index }: Session, key: string): boolean {
  return index.get("SELECT 1 FROM files WHERE key = ? AND state = 'read'", key) !== undefined;
}
