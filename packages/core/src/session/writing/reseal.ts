/**
 * Re-sealing: the same signed records under the current epoch. Records are bundled by writer and run, verbatim; locations
 * are never re-sealed, because a re-encryption writes new ones. SPEC.md §10.
 */

import type { NumberedRecord } from "../../records/record.ts";
import { readRecord } from "../../records/record.ts";
import { RECORDS_BYTES_AIM, sealRecords } from "../../records/records-file.ts";
import type { DeviceKey } from "../../records/shapes.ts";
import { encodeSignedLine, type SignedLine } from "../../records/signed-line.ts";
import { requireStill } from "../reading/abreast.ts";
import type { Session } from "../session.ts";
import { flushOutbox, queue } from "./outbox.ts";
import { requireCurrent } from "./publish.ts";

interface Line {
  readonly digest: string;
  readonly device: DeviceKey;
  readonly writer: string;
  readonly number: number;
  readonly line: Uint8Array<ArrayBuffer>;
  readonly signature: Uint8Array<ArrayBuffer>;
}

/** Consecutive records of one device and writer, each the successor of the one before. */
type Run = readonly Line[];

/**
 * Puts every known record that the current epoch does not hold into it.
 *
 * @param options.devices - Only records of these devices; default all.
 * @returns How many records were put.
 * @throws as `requireCurrent`; ConclaveError `overtaken` if that epoch ends meanwhile.
 */
export async function resealRecords(
  session: Session,
  options: { readonly devices?: ReadonlySet<DeviceKey>; readonly signal?: AbortSignal } = {},
): Promise<number> {
  const epoch = requireCurrent(session);
  let count = 0;
  for (const run of runsOf(missing(session, options.devices))) {
    const first = run[0];
    if (!first) continue;
    const { key, bytes } = await sealRecords(session.crypto, {
      epoch,
      writer: first.writer,
      first: first.number,
      records: run satisfies readonly SignedLine[],
    });
    requireStill(session, epoch.epoch);
    session.index.transaction(() => {
      queue(session.index, [{ key, bytes, epoch: epoch.epoch, kind: "records" }]);
      for (const { digest } of run) {
        session.index.run("INSERT OR IGNORE INTO held(epoch, digest, key) VALUES(?, ?, ?)", epoch.epoch, digest, key);
      }
    });
    await flushOutbox(session, options);
    count += run.length;
  }
  return count;
}

/** How many known records the current epoch does not hold yet. */
export function countMissing(session: Session): number {
  return (
    session.index.get<{ count: number }>(
      "SELECT count(*) AS count FROM lines WHERE digest NOT IN (SELECT digest FROM held WHERE epoch = ?)",
      session.view.current.epoch,
    )?.count ?? 0
  );
}

function* missing(session: Session, devices: ReadonlySet<DeviceKey> | undefined): Generator<Line> {
  const rows = session.index.all<Line>(
    `SELECT digest, device, writer, number, line, signature FROM lines
     WHERE digest NOT IN (SELECT digest FROM held WHERE epoch = ?) ORDER BY writer, number, digest`,
    session.view.current.epoch,
  );
  for (const row of rows) if (!devices || devices.has(row.device)) yield row;
}

/**
 * Cuts records, ordered by writer and number, into runs that one file can hold. A copied writer has several records with
 * one number: each continues the run that it follows. What names another's record as its previous one continues none: the
 * whole file would be refused.
 */
export function runsOf(lines: Iterable<Line>): Run[] {
  const runs: { lines: Line[]; bytes: number }[] = [];
  const open = new Map<string, { lines: Line[]; bytes: number }>();
  for (const line of lines) {
    const bytes = encodeSignedLine(line).length;
    const { previous } = readRecord(line.line) as NumberedRecord;
    const before = previous === null ? undefined : open.get(previous);
    const run = before && follows(before.lines.at(-1), line) ? before : undefined;
    if (run && previous !== null) open.delete(previous);
    if (run && run.bytes + bytes <= RECORDS_BYTES_AIM) {
      run.lines.push(line);
      run.bytes += bytes;
      open.set(line.digest, run);
    } else {
      const fresh = { lines: [line], bytes };
      runs.push(fresh);
      open.set(line.digest, fresh);
    }
  }
  return runs.map(({ lines: run }) => run);
}

function follows(before: Line | undefined, { device, writer, number }: Line): boolean {
  return before?.device === device && before.writer === writer && before.number + 1 === number; // check: link
}
