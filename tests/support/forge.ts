/** Records that no honest client would write, rightly signed and sealed all the same: what members and thieves can do. */
import type { DeviceSecrets, Session } from "@conclave/core";
import { verifyingKeyOf } from "@conclave/core";
import {
  type Act,
  type Change,
  type Entry,
  type Location,
  type NumberedRecord,
  type OpenEpoch,
  type Operation,
  type Receipt,
  type SignedLine,
  sealRecords,
  signLine,
} from "./insides.ts";

/** Where a forged record claims to stand. */
export interface Slot {
  readonly group: string;
  readonly device: string;
  readonly writer: string;
  readonly number: number;
  readonly previous: string | null;
  readonly time: number;
}

export type Forgery = (slot: Slot) => NumberedRecord;

export interface ForgeOptions {
  readonly records?: readonly Forgery[];
  readonly locations?: readonly Location[];
  /** Locations that somebody else has signed, as they stand in another file. */
  readonly copied?: readonly SignedLine[];
  /** Whose signature. Default: the session's own device. */
  readonly as?: DeviceSecrets;
  /** Default: the session's current epoch. */
  readonly epoch?: OpenEpoch;
  /** Where the chain goes on; default a fresh writer. */
  readonly after?: { readonly writer: string; readonly number: number; readonly previous: string | null };
  readonly group?: string;
}

export interface Forged {
  readonly key: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly signed: readonly SignedLine[];
  readonly writer: string;
}

/** Seals forged records with the epoch of a session, and puts them where they would be read. */
export async function forge(session: Session, options: ForgeOptions): Promise<Forged> {
  const forged = await forgeUnput(session, options);
  await session.store.put(forged.key, forged.bytes);
  return forged;
}

/** As {@link forge}, but leaves the file to the caller. */
export async function forgeUnput(session: Session, options: ForgeOptions): Promise<Forged> {
  const { records = [], locations = [], as = session.device, group = session.group } = options;
  const epoch = options.epoch ?? openedEpoch(session);
  const fresh = { writer: hexOf(session.crypto.randomBytes(16)), number: 0, previous: null };
  const { writer, number, previous } = options.after ?? fresh;
  const signed: SignedLine[] = [];
  for (const record of records) {
    const value = record({
      group,
      device: verifyingKeyOf(as.signingKey),
      writer,
      number: number + signed.length + 1,
      previous: signed.at(-1)?.digest ?? previous,
      time: session.clock.now(),
    });
    signed.push(await signLine(session.crypto, { value, signingKey: as.signingKey }));
  }
  const lines = await Promise.all(
    locations.map((value) => signLine(session.crypto, { value, signingKey: as.signingKey })),
  );
  const file = await sealRecords(session.crypto, {
    epoch,
    writer,
    first: number + 1,
    records: signed,
    locations: [...lines, ...(options.copied ?? [])],
  });
  return { ...file, signed, writer };
}

/** The current epoch of a session, or another that it can open. */
export function openedEpoch(session: Session, epoch: string = session.view.current.epoch): OpenEpoch {
  const opened = session.view.opened.get(epoch);
  if (!opened) throw new Error("the session cannot open that epoch");
  return opened;
}

/** An entry on top of some other entry, with whatever right its author has. */
export function forgedEntry(act: Act, parent: string): Forgery {
  return ({ group, device, writer, number, previous, time }): Entry => ({
    type: "conclave/v1/entry",
    group,
    device,
    writer,
    number,
    previous,
    parent,
    act,
    time,
  });
}

/** A change that claims to have been written at `head`. */
export function forgedChange(options: {
  readonly head: string;
  readonly parents?: readonly string[];
  readonly operations: readonly Operation[];
}): Forgery {
  const { head, parents = [], operations } = options;
  return ({ group, device, writer, number, previous, time }): Change => ({
    type: "conclave/v1/change",
    group,
    device,
    writer,
    number,
    previous,
    head,
    parents,
    operations,
    time,
  });
}

/** The word that everything was moved to the current epoch, whatever is true. */
export function forgedReceipt(session: Session): Forgery {
  const { state, current } = session.view;
  return ({ group, device, writer, number, previous, time }): Receipt => ({
    type: "conclave/v1/receipt",
    group,
    device,
    writer,
    number,
    previous,
    head: state.head,
    epoch: current.epoch,
    reencrypted: { objects: 1, bytes: 1 },
    remaining: { objects: 0, bytes: 0 },
    unclaimed: 0,
    kept: [],
    time,
  });
}

/** The word that a blob lies in an object of the session's current epoch, whatever is true. */
export function forgedLocation(
  session: Session,
  where: { readonly blob: string; readonly object: string; readonly length: number },
): Location {
  const { group, deviceKey, view, clock } = session;
  // In the order of the format: what is written in another is read by nobody.
  return {
    type: "conclave/v1/location",
    group,
    device: deviceKey,
    head: view.state.head,
    epoch: view.current.epoch,
    blob: where.blob,
    object: where.object,
    length: where.length,
    time: clock.now(),
  };
}

/** An operation that makes a folder, so that it can be seen whether a change counts. */
export function newFolder(session: Session, name: string): Operation {
  const node = `d${hexOf(session.crypto.randomBytes(16))}`;
  return { op: "place", node, parent: "root", name, from: null, path: name };
}

export function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}
