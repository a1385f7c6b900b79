/** From a home, an unlocked device and the name of a group to a session of the core. */
import { randomBytes } from "node:crypto";
import {
  type Address,
  foundGroup,
  joinGroup,
  type ObjectStore,
  openSession,
  type Session,
  type SessionPorts,
  type SignedCard,
  type SqlDatabase,
  type Suite,
} from "@conclave/core";
import { nativeVerifyingKey } from "./crypto.ts";
import { openGroupStore, type StorePlace } from "./group-store.ts";
import { type KnownGroup, noteGroup } from "./groups.ts";
import { processRuns } from "./runs.ts";
import { openDatabase } from "./sqlite.ts";
import type { Unlocked } from "./unlocked.ts";

/** A session with what has to be closed after it. */
export interface OpenGroup {
  readonly session: Session;
  /** Closes the database; the cryptography is the caller's. */
  close(): void;
}

/**
 * Opens a group that this home knows.
 *
 * @param options.acceptRollback - Go on although the storage shows less than this device has seen.
 */
export async function openGroup(
  unlocked: Unlocked,
  options: { readonly group: KnownGroup; readonly acceptRollback: boolean },
): Promise<OpenGroup> {
  const { home, crypto, device, clock } = unlocked;
  const { group, acceptRollback } = options;
  const store = await openGroupStore(unlocked, group, { settled: false });
  const index = openDatabase(home.groupDatabase(group.id));
  const close = (): void => {
    index.close();
    store[Symbol.dispose]();
  };
  try {
    const session = openSession(portsOf({ store, index, crypto, device, clock }), {
      acceptRollback,
      deviceKey: nativeVerifyingKey(device.signingKey),
    });
    const { settled } = session.view.state;
    if (!settled || store.traits.settled) return { session, close };
    return { session: { ...session, store: await openGroupStore(unlocked, group, { settled }) }, close };
  } catch (error) {
    close();
    throw error;
  }
}

/**
 * Founds a group and puts its first files. It is on the home's list before the first of them is put, so that after a crash
 * the next command on it finishes; if the storage takes nothing at all it is taken off again by the caller.
 *
 * @throws ConclaveError `exists` if the storage is not empty, or the name stands for another group.
 */
export async function foundKnownGroup(
  unlocked: Unlocked,
  options: {
    readonly name: string;
    readonly place: StorePlace;
    readonly store: ObjectStore;
    readonly card: SignedCard;
    readonly suite: Suite;
    readonly settled: boolean;
  },
): Promise<KnownGroup> {
  const { home, crypto, device, clock } = unlocked;
  const { name, place, store, card, suite, settled } = options;
  // The group's id is the digest of an entry that is yet to be signed: until then the folder has another name.
  const provisional = randomBytes(32).toString("hex");
  try {
    const index = openDatabase(home.groupDatabase(provisional));
    let id: string;
    try {
      const session = await foundGroup(portsOf({ store, index, crypto, device, clock }), { card, suite, settled });
      id = session.group;
    } finally {
      index.close();
    }
    home.renameGroupFolder(provisional, id);
    const group = { name, id, ...place };
    await noteGroup(home, group).catch((error: unknown) => {
      home.removeGroupFolder(id);
      throw error;
    });
    return group;
  } finally {
    home.removeGroupFolder(provisional);
  }
}

/**
 * Opens the group behind an address, for a device that it lists, and puts it on the home's list.
 *
 * @returns Undefined if no grant there is for this device: nothing is kept then.
 */
export async function joinKnownGroup(
  { home, crypto, device, clock }: Unlocked,
  options: {
    readonly name: string;
    readonly place: StorePlace;
    readonly store: ObjectStore;
    readonly address: Address;
    readonly signal?: AbortSignal;
  },
): Promise<KnownGroup | undefined> {
  const { name, place, store, address, signal } = options;
  let index: SqlDatabase | undefined;
  const ports = portsOf({
    store,
    crypto,
    device,
    clock,
    // Opened when there is something to keep in it.
    get index() {
      index ??= openDatabase(home.groupDatabase(address.group));
      return index;
    },
  });
  try {
    const session = await joinGroup(ports, { address, ...(signal ? { signal } : {}) });
    if (!session) return undefined;
  } finally {
    index?.close();
  }
  const group = { name, id: address.group, ...place };
  await noteGroup(home, group);
  return group;
}

/** Keeps `index` as the getter that it may be. */
function portsOf(ports: Omit<SessionPorts, "runs">): SessionPorts {
  const copy = Object.create(null, Object.getOwnPropertyDescriptors(ports)) as Omit<SessionPorts, "runs">;
  return Object.assign(copy, { runs: processRuns() });
}
