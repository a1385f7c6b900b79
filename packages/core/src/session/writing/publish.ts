/**
 * Publishing: records of this device get their numbers, signatures and seal, and go out through the outbox.
 */
import { ConclaveError } from "../../errors.ts";
import { readWriter, type WriterState, writeWriter } from "../../index/writer.ts";
import { STORED_BYTES_MAX } from "../../ports/store.ts";
import type { Location } from "../../records/location.ts";
import type { NumberedRecord } from "../../records/record.ts";
import { type OpenEpoch, type ReadRecord, sealRecords } from "../../records/records-file.ts";
import type { MemberId, RecordDigest } from "../../records/shapes.ts";
import { type SignedLine, signLine } from "../../records/signed-line.ts";
import { owedNow } from "../people/owed-removals.ts";
import { isBehind, keepAbreast, requireStill } from "../reading/abreast.ts";
import { requireConfirmed } from "../reading/confirmed.ts";
import { requireDecided } from "../reading/decided.ts";
import { takeFile } from "../reading/take.ts";
import { requireUpToDate } from "../reading/update-needed.ts";
import type { Session } from "../session.ts";
import { flushOutbox, type OutboxItem, queue, refuseSize } from "./outbox.ts";

/** What a record draft is given: its place in its writer's chain, and what its author knows. */
export interface Slot {
  readonly group: string;
  readonly device: string;
  readonly writer: string;
  readonly number: number;
  readonly previous: RecordDigest | null;
  /** The newest entry of the chosen branch. */
  readonly head: RecordDigest;
  readonly time: number;
}

/** Makes one record for the slot that it is given; called again with another slot if another process took the number. */
export type RecordDraft = (slot: Slot) => NumberedRecord;

export interface Publication {
  readonly drafts: readonly RecordDraft[];
  readonly locations?: readonly Location[];
  /** The epoch to seal to. Default: the current one. */
  readonly epoch?: OpenEpoch;
  /** What goes out before and after the records file, made once the records are signed. */
  readonly around?: (signed: readonly ReadRecord<NumberedRecord>[]) => Promise<{
    readonly before: readonly OutboxItem[];
    readonly after: readonly OutboxItem[];
  }>;
  /** Further rows that become true in the same transaction. */
  readonly together?: () => void;
  /** Told of each item once it lies on the storage. */
  readonly onPut?: (item: OutboxItem) => void;
  /** The member whom the records remove, if they remove one. */
  readonly removes?: MemberId;
  readonly signal?: AbortSignal;
}

/**
 * Signs, seals and puts records. When it resolves they are on the storage; when it rejects after its transaction, they go
 * out with the next flush.
 *
 * @throws ConclaveError `stale-epoch` if this device cannot open the current epoch, `overtaken` if locations speak of one that
 *   is over; `StoreError` as the store.
 */
export async function publish(
  session: Session,
  publication: Publication,
): Promise<readonly ReadRecord<NumberedRecord>[]> {
  requireUpToDate(session, publication.removes === undefined ? {} : { removes: publication.removes });
  requireConfirmed(session);
  const locations = await signLocations(session, publication.locations ?? []);
  for (;;) {
    keepAbreast(session);
    for (const { record } of locations) requireStill(session, record.epoch);
    const epoch = publication.epoch ?? requireCurrent(session);
    const start = readWriter(session.index);
    const records = await signDrafts(session, { drafts: publication.drafts, start });
    const { key, bytes } = await sealRecords(session.crypto, {
      epoch,
      writer: start.writer,
      first: start.number + 1,
      records: records.map(({ signed }) => signed),
      locations: locations.map(({ signed }) => signed),
    });
    if (bytes.length > STORED_BYTES_MAX) refuseSize("a file of records"); // check: size
    const { before, after } = (await publication.around?.(records)) ?? { before: [], after: [] };
    const done = session.index.transaction(() => {
      if (!isSame(readWriter(session.index), start)) return false;
      if (isBehind(session)) return false; // check: epoch
      const last = records.at(-1);
      if (last) writeWriter(session.index, { ...start, number: last.record.number, previous: last.signed.digest });
      queue(session.index, [...before, { key, bytes, epoch: epoch.epoch, kind: "records" }, ...after]);
      takeFile(session, { records, locations }, { epoch: epoch.epoch, key });
      publication.together?.();
      return true;
    });
    // Another process of this home took the number in between, or saw the group change: nothing was written, so nothing can collide.
    if (!done) continue;
    await flushOutbox(session, publication);
    return records;
  }
}

/** The current epoch with its identity, or why nothing can be sealed now. */
export function requireCurrent(session: Session): OpenEpoch {
  const opened = requireOpened(session);
  if (owedNow(session).length === 0) return opened;
  throw new ConclaveError("somebody was removed while others changed the group, and no admin has done it again yet", {
    code: "stale-epoch",
  }); // check: epoch
}

/** As {@link requireCurrent}, for what an owed removal need not come before. */
export function requireOpened(session: Session): OpenEpoch {
  keepAbreast(session);
  requireDecided(session);
  const opened = session.view.opened.get(session.view.current.epoch);
  if (opened) return opened;
  throw new ConclaveError("the group has a newer key, and no grant of it for this device has arrived yet", {
    code: "stale-epoch",
  }); // check: epoch
}

function isSame(left: WriterState, right: WriterState): boolean {
  return left.writer === right.writer && left.number === right.number;
}

async function signDrafts(
  session: Session,
  options: { readonly drafts: readonly RecordDraft[]; readonly start: WriterState },
): Promise<ReadRecord<NumberedRecord>[]> {
  const { writer, previous } = options.start;
  const records: ReadRecord<NumberedRecord>[] = [];
  for (const draft of options.drafts) {
    const record = draft({
      group: session.group,
      device: session.deviceKey,
      writer,
      number: options.start.number + records.length + 1,
      previous: records.at(-1)?.signed.digest ?? previous,
      head: session.view.state.head,
      time: session.clock.now(),
    });
    records.push({
      record,
      signed: await signLine(session.crypto, { value: record, signingKey: session.device.signingKey }),
    });
  }
  return records;
}

async function signLocations(
  session: Session,
  locations: readonly Location[],
): Promise<{ record: Location; signed: SignedLine }[]> {
  return Promise.all(
    locations.map(async (record) => ({
      record,
      signed: await signLine(session.crypto, { value: record, signingKey: session.device.signingKey }),
    })),
  );
}
