/** Which bytes of an object to fetch for some of its pieces: pure arithmetic, from records alone. SPEC.md §9. */
import { CHUNK_BYTES, chunkRange, NONCE_BYTES } from "../age/chunks.ts";
import { fileLength } from "../age/file.ts";
import { headerBytes } from "../age/header.ts";
import { ConclaveError } from "../errors.ts";
import type { Pieces } from "../records/change.ts";
import type { Suite } from "../records/entry.ts";
import { layoutOf } from "./archive.ts";

/** Ranges with less than this between them are fetched as one: a request costs about what a mebibyte does. */
const GAP_BYTES: number = 1024 * 1024;
/** An object of which at least one part in this many is wanted is fetched whole; then its name can be checked too. */
const WHOLE_PART = 4;

/** A piece inside a run. */
export interface PlannedPiece {
  readonly index: number;
  /** Where its bytes begin in the opened run. */
  readonly offset: number;
}

/** Consecutive chunks that are opened together. */
export interface Run {
  readonly firstChunk: number;
  /** Whether the object's last chunk is among them. */
  readonly last: boolean;
  /** Where the sealed chunks begin in the object, and where they end. */
  readonly start: number;
  readonly end: number;
  /** How many bytes they open to. */
  readonly opened: number;
  readonly pieces: readonly PlannedPiece[];
}

/** One request to the storage, for the object's bytes from `start` to before `end`. From 0 it contains the header. */
export interface Fetch {
  readonly start: number;
  readonly end: number;
  readonly runs: readonly Run[];
  /** Most memory that is needed at any time: stored bytes, opened ones, and a run's copy. */
  readonly memory: number;
  /** The same where chunks are opened where they lie. */
  readonly memoryInPlace: number;
  /** Memory that is needed until its last piece is used up: opened bytes may lie where sealed ones were. */
  readonly kept: number;
}

/** How some pieces of a blob are fetched. */
export interface ReadPlan {
  /** Length of the whole object. */
  readonly length: number;
  /** Length of header and nonce, before the first chunk. */
  readonly payloadOffset: number;
  /** In the order of the pieces in them. */
  readonly fetches: readonly Fetch[];
}

/**
 * Plans the reading of some pieces of a blob.
 *
 * @param options.wanted - Numbers of pieces in any order; naming one twice is no error.
 * @throws ConclaveError `corrupt` if the blob has no such piece, `limit` if the blob cannot be.
 */
export function planRead(options: {
  readonly pieces: Pieces;
  readonly wanted: Iterable<number>;
  readonly suite: Suite;
}): ReadPlan {
  const { pieces, suite } = options;
  const archive = layoutOf(pieces.map(([, size]) => size));
  const payloadOffset = headerBytes(suite) + NONCE_BYTES;
  const length = fileLength(suite, archive.length);
  const runs = runsOf({ pieces, wanted: inOrder(options.wanted, pieces.length), archive, payloadOffset });
  const wantedBytes = runs.reduce((sum, run) => sum + run.end - run.start, 0);
  const fetches = wantedBytes * WHOLE_PART >= length ? [{ start: 0, end: length, runs }] : joined(runs, payloadOffset);
  return { length, payloadOffset, fetches: runs.length === 0 ? [] : fetches.map(withMemory) };
}

function inOrder(wanted: Iterable<number>, count: number): number[] {
  const indices = [...new Set(wanted)].sort((left, right) => left - right);
  for (const index of indices) {
    if (!(Number.isInteger(index) && index >= 0 && index < count)) {
      throw new ConclaveError(`blob of ${count} pieces has no piece ${index}`, { code: "corrupt" }); // check: size
    }
  }
  return indices;
}

/** Pieces whose chunks touch are opened together, so that no chunk is opened twice. */
function runsOf(options: {
  readonly pieces: Pieces;
  readonly wanted: readonly number[];
  readonly archive: ReturnType<typeof layoutOf>;
  readonly payloadOffset: number;
}): Run[] {
  const { archive, payloadOffset } = options;
  const groups: { offset: number; end: number; indices: number[] }[] = [];
  for (const index of options.wanted) {
    const offset = archive.offsets[index] as number;
    const end = offset + (options.pieces[index] as Pieces[number])[1];
    const previous = groups.at(-1);
    if (previous && Math.floor(offset / CHUNK_BYTES) <= Math.ceil(previous.end / CHUNK_BYTES)) {
      previous.end = end;
      previous.indices.push(index);
    } else groups.push({ offset, end, indices: [index] });
  }
  return groups.map(({ offset, end, indices }) => {
    const range = chunkRange({ offset, length: end - offset, plaintextLength: archive.length });
    const firstByte = range.firstChunk * CHUNK_BYTES;
    const start = payloadOffset + range.sealedOffset;
    return {
      firstChunk: range.firstChunk,
      last: range.last,
      start,
      end: start + range.sealedLength,
      opened: Math.min(Math.ceil(end / CHUNK_BYTES) * CHUNK_BYTES, archive.length) - firstByte,
      pieces: indices.map((index) => ({ index, offset: (archive.offsets[index] as number) - firstByte })),
    };
  });
}

type Span = Pick<Fetch, "start" | "end" | "runs">;

/** Runs joined across small gaps, the header taken for one of them: near the first run it comes along. */
function joined(runs: readonly Run[], payloadOffset: number): Span[] {
  const spans: { start: number; end: number; runs: Run[] }[] = [{ start: 0, end: payloadOffset, runs: [] }];
  for (const run of runs) {
    const previous = spans.at(-1) as (typeof spans)[number];
    if (run.start - previous.end < GAP_BYTES) {
      previous.end = run.end;
      previous.runs.push(run);
    } else spans.push({ start: run.start, end: run.end, runs: [run] });
  }
  return spans.filter((span) => span.runs.length > 0);
}

/** A single run is opened where it lies; of several each is copied first, because opening takes its buffer over. */
function withMemory(span: Span): Fetch {
  const stored = span.end - span.start;
  const opened = span.runs.reduce((sum, run) => sum + run.opened, 0);
  const copies = span.runs.length > 1 ? span.runs.map((run) => run.end - run.start) : [];
  const memory = stored + opened + Math.max(0, ...copies);
  const kept = copies.length === 0 ? stored : copies.reduce((sum, bytes) => sum + bytes, 0);
  return { ...span, memory, memoryInPlace: copies.length === 0 ? stored : stored + kept, kept };
}
