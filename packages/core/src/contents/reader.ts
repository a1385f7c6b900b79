/**
 * Reads pieces of blobs from wherever the blobs lie. SPEC.md §9.
 *
 * Nothing that the storage or a location says is believed: lengths follow from the blob's declaration, chunks must open,
 * and no byte leaves before the SHA-256 of its whole piece fits.
 */
import { type OpenedHeader, openHeader } from "../age/header.ts";
import { ConclaveError } from "../errors.ts";
import type { Crypto } from "../ports/crypto.ts";
import { type ObjectStore, StoreError } from "../ports/store.ts";
import type { Pieces } from "../records/change.ts";
import type { Suite } from "../records/entry.ts";
import type { DeviceKey, EpochId } from "../records/shapes.ts";
import type { ByteBudget, ByteGrant } from "./budget.ts";
import { giveBack } from "./memory.ts";
import { isPiece, objectKey, shortDigest } from "./object.ts";
import { type Fetch, planRead, type ReadPlan, type Run } from "./plan.ts";

/** Where a blob is said to lie. */
export interface BlobLocation {
  readonly epoch: EpochId;
  /** The digest in the object's name. */
  readonly object: string;
  /** Length of the sealed object in bytes, as the location's author says. */
  readonly length: number;
  /** Who signed it. */
  readonly device: DeviceKey;
  /** Whether its signer is an editor now. Others' locations are tried last, and only a few of each. */
  readonly trusted: boolean;
}

/** A blob to read from: its declaration was checked, its locations were not. */
export interface BlobSource {
  readonly blob: string;
  readonly pieces: Pieces;
  /** In order of preference. */
  readonly locations: readonly BlobLocation[];
}

/** A piece whose digest fits. */
export interface ReadPiece {
  readonly index: number;
  /** Good until the next piece is asked for; after that its memory counts as free. */
  readonly bytes: Uint8Array<ArrayBuffer>;
}

export interface ContentReaderOptions {
  readonly store: Pick<ObjectStore, "get">;
  readonly crypto: Crypto;
  readonly suite: Suite;
  /** The epochs' identities, secret. Locations in epochs that it lacks are passed over. */
  readonly identities: Pick<ReadonlyMap<EpochId, string>, "get">;
  readonly budget: ByteBudget;
  /** Most requests of one `read` at once, the one being used up included; default 4. */
  readonly fetchesAtOnce?: number;
  /** Told of each location that did not hold what it should, also where another one did. */
  readonly damaged?: (location: BlobLocation, problem: ConclaveError) => void;
}

/** Most locations of one device whose person is no editor any more that are tried for one blob. */
export const UNTRUSTED_LOCATIONS_MAX = 4;
/** Opened headers that are kept: file keys of 16 bytes and nonces. */
const HEADERS_MAX = 1024;

/** A fetch whose pieces were all checked, and the memory that they hold. */
interface Fetched {
  readonly pieces: readonly ReadPiece[];
  readonly grant: ByteGrant;
}

/** What one call of `read` needs everywhere. */
interface Reading {
  readonly source: BlobSource;
  readonly plan: ReadPlan;
  readonly signal: AbortSignal;
  /** What went wrong at each location; one that failed once is not asked again. */
  readonly failures: Map<BlobLocation, ConclaveError>;
  /** Headers that this call is opening, so that fetches of one object share it. */
  readonly headers: Map<string, Promise<OpenedHeader>>;
}

/** Reads pieces of blobs. One reader serves a whole session, any number of reads at once. */
export class ContentReader {
  readonly #options: ContentReaderOptions;
  readonly #headers = new Map<string, OpenedHeader>();

  constructor(options: ContentReaderOptions) {
    this.#options = options;
  }

  /**
   * Reads pieces of one blob, each once, in the order of their numbers, and fetches ahead within the budget. Files that
   * share a blob are therefore best read by one call: then their object is fetched once.
   *
   * Whoever iterates must not wait, between two pieces, for memory of the same budget.
   *
   * @param wanted - Numbers of pieces, in any order.
   * @throws ConclaveError `missing` if the blob lies at none of its locations, `corrupt` if it does at none and something
   *   else lay there, or if the blob has no such piece; StoreError as the store throws it, `not-found` apart.
   */
  async *read(
    source: BlobSource,
    wanted: Iterable<number>,
    options: { readonly signal?: AbortSignal } = {},
  ): AsyncGenerator<ReadPiece, void, undefined> {
    const stop = new AbortController();
    const signal = options.signal ? AbortSignal.any([options.signal, stop.signal]) : stop.signal;
    const plan = planRead({ pieces: source.pieces, wanted, suite: this.#options.suite });
    const reading: Reading = { source, plan, signal, failures: new Map(), headers: new Map() };
    const waiting = plan.fetches.values();
    const ahead: Promise<Fetched>[] = [];
    try {
      for (;;) {
        this.#fetchAhead(ahead, waiting, reading);
        const head = ahead.shift();
        if (head === undefined) return;
        yield* usedUp(await head, signal);
      }
    } finally {
      stop.abort();
      for (const rest of await Promise.allSettled(ahead)) if (rest.status === "fulfilled") rest.value.grant.release();
    }
  }

  #fetchAhead(ahead: Promise<Fetched>[], waiting: IterableIterator<Fetch>, reading: Reading): void {
    while (ahead.length < (this.#options.fetchesAtOnce ?? 4)) {
      const next = waiting.next();
      if (next.done) return;
      const fetched = this.#fetch(next.value, reading);
      // It may fail long before its turn comes.
      fetched.catch(() => {});
      ahead.push(fetched);
    }
  }

  /** One fetch, from the first location that has what it should. */
  async #fetch(fetch: Fetch, reading: Reading): Promise<Fetched> {
    const { budget, crypto } = this.#options;
    const grant = await budget.acquire(crypto.inPlace ? fetch.memoryInPlace : fetch.memory, reading.signal);
    try {
      for (const location of inPreference(reading.source.locations)) {
        if (reading.failures.has(location) || !this.#options.identities.get(location.epoch)) continue;
        const pieces = await this.#tryLocation(location, fetch, reading);
        if (pieces === undefined) continue;
        grant.shrink(fetch.kept);
        return { pieces, grant };
      }
      throw failure(reading);
    } catch (error) {
      grant.release();
      throw error;
    }
  }

  /** The fetch's pieces, or undefined if this location does not have them; everything else is thrown. */
  async #tryLocation(
    location: BlobLocation,
    fetch: Fetch,
    reading: Reading,
  ): Promise<readonly ReadPiece[] | undefined> {
    try {
      return await this.#fetchFrom(location, fetch, reading);
    } catch (cause) {
      const problem = problemOf(cause, location);
      if (problem === undefined) throw cause;
      // A header that the storage made up must not outlive this attempt.
      this.#headers.delete(objectKey(location.epoch, location.object));
      if (problem.code === "corrupt" && !reading.failures.has(location)) this.#options.damaged?.(location, problem);
      reading.failures.set(location, problem);
      return undefined;
    }
  }

  async #fetchFrom(location: BlobLocation, fetch: Fetch, reading: Reading): Promise<readonly ReadPiece[]> {
    const { plan } = reading;
    if (location.length !== plan.length) throw new ConclaveError("location's length is wrong", { code: "corrupt" }); // check: size
    const key = objectKey(location.epoch, location.object);
    const isWhole = fetch.start === 0 && fetch.end === plan.length;
    const isOpened = this.#headers.has(key) || reading.headers.has(key);
    // A header that is known, or on its way, is not fetched again, unless the whole object's digest is to be checked.
    const start = isOpened && !isWhole ? (fetch.runs[0] as Run).start : fetch.start;
    const fetching = this.#get(key, { start, end: fetch.end }, reading);
    const opening = this.#headerOf({ key, location, reading, ...(start === 0 && { file: fetching }) });
    const bytes = await fetching;
    if (isWhole && shortDigest(await this.#options.crypto.sha256(bytes)) !== location.object) {
      throw new ConclaveError("object's digest is not its name", { code: "corrupt" }); // check: digest
    }
    return this.#openRuns({ bytes, start, fetch, header: await opening, pieces: reading.source.pieces });
  }

  /** Exactly the bytes that were asked for. */
  async #get(
    key: string,
    range: { readonly start: number; readonly end: number },
    { plan, signal }: Reading,
  ): Promise<Uint8Array<ArrayBuffer>> {
    signal.throwIfAborted();
    const wanted = range.end - range.start;
    // Where the object must end one byte more is asked for, so that one which goes on is noticed.
    const length = wanted + (range.end === plan.length ? 1 : 0);
    const bytes = await this.#options.store.get(key, { offset: range.start, length, signal });
    if (bytes.length !== wanted) throw new ConclaveError("object is cut or goes on", { code: "corrupt" }); // check: cut
    return bytes;
  }

  /** An object's header: opened before, being opened by another fetch, out of bytes on their way, or fetched by itself. */
  #headerOf(options: {
    readonly key: string;
    readonly location: BlobLocation;
    readonly reading: Reading;
    readonly file?: Promise<Uint8Array>;
  }): Promise<OpenedHeader> {
    const { key, location, reading } = options;
    const known = this.#headers.get(key);
    if (known !== undefined) return Promise.resolve(known);
    const opening =
      reading.headers.get(key) ??
      this.#openHeader({
        key,
        epoch: location.epoch,
        file: options.file ?? this.#get(key, { start: 0, end: reading.plan.payloadOffset }, reading),
      });
    reading.headers.set(key, opening);
    // Whoever waits for it sees its failure; nobody may be waiting yet.
    opening.catch(() => {});
    return opening;
  }

  async #openHeader(options: {
    readonly key: string;
    readonly epoch: EpochId;
    readonly file: Promise<Uint8Array>;
  }): Promise<OpenedHeader> {
    const identity = this.#options.identities.get(options.epoch) as string;
    const start = await options.file;
    const header = await openHeader({ start, identities: [identity], suite: this.#options.suite });
    const oldest = this.#headers.keys().next();
    if (this.#headers.size >= HEADERS_MAX && !oldest.done) this.#headers.delete(oldest.value);
    this.#headers.set(options.key, header);
    return header;
  }

  async #openRuns(options: {
    readonly bytes: Uint8Array<ArrayBuffer>;
    readonly start: number;
    readonly fetch: Fetch;
    readonly header: OpenedHeader;
    readonly pieces: Pieces;
  }): Promise<readonly ReadPiece[]> {
    const { bytes, start, fetch, header } = options;
    const { crypto } = this.#options;
    const result: ReadPiece[] = [];
    for (const run of fetch.runs) {
      const where = [run.start - start, run.end - start] as const;
      const chunks = fetch.runs.length === 1 ? bytes.subarray(...where) : bytes.slice(...where);
      const { firstChunk, last } = run;
      const { fileKey, nonce } = header;
      const opened = await crypto.openPayload({ fileKey, nonce, chunks, firstChunk, last });
      result.push(...(await piecesIn(crypto, { opened, run, pieces: options.pieces })));
    }
    return result;
  }
}

/** A run's pieces, every one of them checked before any is handed on. */
async function piecesIn(
  crypto: Crypto,
  options: { readonly opened: Uint8Array<ArrayBuffer>; readonly run: Run; readonly pieces: Pieces },
): Promise<ReadPiece[]> {
  return Promise.all(
    options.run.pieces.map(async ({ index, offset }) => {
      const piece = options.pieces[index] as Pieces[number];
      const bytes = options.opened.subarray(offset, offset + piece[1]);
      if (!(await isPiece(crypto, bytes, piece))) throw new ConclaveError("piece is another", { code: "corrupt" }); // check: digest
      return { index, bytes };
    }),
  );
}

/** Hands pieces on, and gives their memory back when the last was used up or nobody wants more. */
function* usedUp(fetched: Fetched, signal: AbortSignal): Generator<ReadPiece, void, undefined> {
  try {
    for (const piece of fetched.pieces) {
      signal.throwIfAborted();
      yield piece;
    }
  } finally {
    for (const { bytes } of fetched.pieces) giveBack(bytes);
    fetched.grant.release();
  }
}

/**
 * Trusted locations first, then a few of each device's others; both in turns, one of each device at a time. Whoever signs
 * thousands, as an editor or after a removal, so hides by them nothing that somebody else has placed.
 */
export function inPreference<Location extends Pick<BlobLocation, "device" | "trusted">>(
  locations: readonly Location[],
): Location[] {
  const trusted = locations.filter((location) => location.trusted); // check: role
  const others = locations.filter((location) => !location.trusted);
  return [...inTurns(trusted), ...inTurns(others, UNTRUSTED_LOCATIONS_MAX)];
}

/** The first of each device, then the second of each, and so on; in a turn as they came. */
function inTurns<Location extends Pick<BlobLocation, "device">>(
  locations: readonly Location[],
  turnsMax = Number.POSITIVE_INFINITY,
): Location[] {
  const seen = new Map<DeviceKey, number>();
  const turns = locations.map((location) => {
    const turn = seen.get(location.device) ?? 0;
    seen.set(location.device, turn + 1);
    return { location, turn };
  });
  const tried = turns.filter(({ turn }) => turn < turnsMax);
  return tried.sort((left, right) => left.turn - right.turn).map(({ location }) => location);
}

/** What an error says about a location; undefined if it says nothing about it, but about storage, caller or code. */
function problemOf(cause: unknown, location: BlobLocation): ConclaveError | undefined {
  const where = `object ${location.object} of epoch ${location.epoch}`;
  if (cause instanceof StoreError && cause.code === "not-found") {
    return new ConclaveError(`${where} is not there`, { code: "missing", cause });
  }
  if (!(cause instanceof ConclaveError)) return undefined;
  return new ConclaveError(`${where} is altered, cut or foreign`, { code: "corrupt" });
}

function failure({ source, failures }: Reading): ConclaveError {
  const cause = [...failures.values()].find((problem) => problem.code === "corrupt");
  return cause === undefined
    ? new ConclaveError(`blob ${source.blob} lies at none of its locations`, { code: "missing" })
    : new ConclaveError(`blob ${source.blob} is whole at none of its locations`, { code: "corrupt", cause });
}
