/** Writing changes: operations are gathered, cut into records of bounded size, and published with locations. */
import { toUtf8 } from "../../encoding/bytes.ts";
import type { Change, Operation } from "../../records/change.ts";
import type { Location } from "../../records/location.ts";
import { RECORDS_BYTES_AIM } from "../../records/records-file.ts";
import { countingFrontier } from "../../tree/counting-frontier.ts";
import { markProven } from "../files/blob-sources.ts";
import type { Session } from "../session.ts";
import { placeObjects } from "../upkeep/move-contents.ts";
import { settlePuts } from "./object-puts.ts";
import { publish, type RecordDraft } from "./publish.ts";

/** Most bytes of operations in one change: below the limit of a line, with room for everything around them. */
const CHANGE_BYTES = 768 * 1024;
/** Most operations in one change. */
const CHANGE_OPERATIONS = 8000;

/** Publishes operations as changes of bounded size, each on top of the one before, with the locations that they rest on. */
export async function publishChanges(
  session: Session,
  options: {
    readonly operations: readonly Operation[];
    readonly locations?: readonly Location[];
    readonly signal?: AbortSignal;
  },
): Promise<void> {
  const { operations, locations = [], signal } = options;
  if (operations.length === 0) {
    if (locations.length > 0) await placeObjects(session, locations, signal);
    return;
  }
  // Locations go first, so that nobody ever reads of a file that lies nowhere.
  for (const [index, group] of groups(batches(operations)).entries()) {
    await publishGroup(session, { group, locations: index === 0 ? locations : [], ...(signal ? { signal } : {}) });
  }
}

/** One records file: changes, each on top of the one before. */
async function publishGroup(
  session: Session,
  options: {
    readonly group: readonly (readonly Operation[])[];
    readonly locations: readonly Location[];
    readonly signal?: AbortSignal;
  },
): Promise<void> {
  const { group, locations, signal } = options;
  const parents = countingFrontier(session.index);
  await publish(session, {
    drafts: group.map((batch, index) => draft(batch, index === 0 ? parents : undefined)),
    locations,
    together: () => {
      settlePuts(session, locations);
      for (const location of locations) markProven(session, location);
    },
    ...(signal ? { signal } : {}),
  });
}

/** A change that does nothing but build on the newest changes that count, so that all of these lie in its past. */
export async function publishMerge(session: Session, options: { readonly signal?: AbortSignal }): Promise<void> {
  await publish(session, { drafts: [draft([], countingFrontier(session.index))], ...options });
}

/** Batches in groups that one records file can hold. */
function groups<Batch>(all: readonly Batch[]): Batch[][] {
  const size = Math.floor(RECORDS_BYTES_AIM / CHANGE_BYTES);
  return Array.from({ length: Math.ceil(all.length / size) }, (_, index) =>
    all.slice(index * size, (index + 1) * size),
  );
}

/** A change that builds on these parents, or on the writer's record just before it. */
function draft(operations: readonly Operation[], parents: readonly string[] | undefined): RecordDraft {
  return ({ group, device, writer, number, previous, head, time }): Change => ({
    type: "conclave/v1/change",
    group,
    device,
    writer,
    number,
    previous,
    head,
    parents: parents ?? (previous === null ? [] : [previous]),
    operations,
    time,
  });
}

function batches(operations: readonly Operation[]): Operation[][] {
  const result: Operation[][] = [];
  let current: Operation[] = [];
  let bytes = 0;
  for (const operation of operations) {
    const size = toUtf8(JSON.stringify(operation)).length + 1;
    if (current.length > 0 && (bytes + size > CHANGE_BYTES || current.length >= CHANGE_OPERATIONS)) {
      result.push(current);
      current = [];
      bytes = 0;
    }
    current.push(operation);
    bytes += size;
  }
  if (current.length > 0) result.push(current);
  return result;
}
