/**
 * Turns a stream of pieces into stored objects. SPEC.md §9.
 *
 * Pieces go into the blob that is open, whatever file they are of, and a big file runs on from where it stands: objects
 * are cut to their padded length, so starting afresh for a big file would save no byte, and leave one more object behind
 * each time. Only where a piece does not fit any more is a blob closed early.
 */

import { fileLength } from "../age/file.ts";
import type { Crypto } from "../ports/crypto.ts";
import type { CallOptions } from "../ports/store.ts";
import type { Suite } from "../records/entry.ts";
import type { EpochId } from "../records/shapes.ts";
import { ARCHIVE_BYTES_MAX } from "./archive.ts";
import { type BlobDeclaration, declareBlob } from "./blob.ts";
import type { ByteBudget, ByteGrant } from "./budget.ts";
import { ArchiveDraft, type PieceSource, requirePieceSize } from "./draft.ts";
import { giveBack } from "./memory.ts";
import { objectKey, objectLength, type SealedObject, sealObject } from "./object.ts";

/** A blob that lies on the storage, with all that its declaration and its location say. */
export interface StoredBlob extends BlobDeclaration {
  readonly epoch: EpochId;
  /** The digest in the object's name. */
  readonly object: string;
  /** Length of the sealed object in bytes. */
  readonly length: number;
}

/** A blob to come. */
export interface BlobDraft {
  /** Its id, from the moment before `stored` is told of it; undefined until then, and for ever if the packer fails. */
  readonly blob: string | undefined;
}

/** Where a piece will be found. */
export interface PieceReference {
  readonly draft: BlobDraft;
  /** The piece's number in that blob. */
  readonly index: number;
}

export interface PackerOptions {
  readonly crypto: Crypto;
  readonly budget: ByteBudget;
  readonly suite: Suite;
  readonly epoch: EpochId;
  readonly recipient: string;
  /** Called before each put, so that the name can be noted durably: after a crash what no record refers to is deleted. */
  readonly beforePut: (key: string) => Promise<void> | void;
  /** Puts an object. Retries are its own affair: what it rejects with ends the packer. */
  readonly put: (key: string, bytes: Uint8Array, options: CallOptions) => Promise<void>;
  /** Told of each blob that lies on the storage, one after the other, in the order in which they were begun. */
  readonly stored: (blob: StoredBlob) => Promise<void> | void;
  /** Most blobs that are closed and not yet told of, behind the one that is being filled; default 4. The budget may allow fewer. */
  readonly objectsAtOnce?: number;
  readonly signal?: AbortSignal;
}

/** The blob that is being filled. */
interface OpenBlob {
  readonly archive: ArchiveDraft;
  readonly draft: { blob: string | undefined };
  readonly grant: ByteGrant;
}

/**
 * Packs pieces for one epoch. Calls may overlap and are served in their order; `add` waits while too much is on its way.
 * Callbacks must not wait for the packer. A failure of the storage, of a callback or by the signal is final: from then on every call rejects with it. End with
 * {@link Packer.flush} or {@link Packer.abandon}, else the budget lacks what the open blob holds.
 */
export class Packer {
  readonly #options: PackerOptions;
  readonly #stop = new AbortController();
  readonly #signal: AbortSignal;
  readonly #onTheirWay = new Set<Promise<void>>();
  #turn: Promise<unknown> = Promise.resolve();
  #open: OpenBlob | undefined;
  /** Settles when the newest closed blob, and so every one before it, was told to `stored`. */
  #told: Promise<void> = Promise.resolve();

  constructor(options: PackerOptions) {
    this.#options = options;
    const { signal } = this.#stop;
    this.#signal = options.signal ? AbortSignal.any([options.signal, signal]) : signal;
    this.#signal.addEventListener("abort", () => void this.#inTurn(async () => this.#drop()), { once: true });
  }

  /**
   * Takes a piece in.
   *
   * @throws whatever its `read` rejects with: then nothing was taken in, and the packer goes on. ConclaveError `limit`
   *   for a piece of no possible size.
   */
  add(piece: PieceSource): Promise<PieceReference> {
    return this.#inTurn(async () => {
      const { archive, draft } = await this.#openFor(piece.size);
      await archive.append(piece);
      return { draft, index: archive.count - 1 };
    });
  }

  /**
   * SHA-256 of a piece in hexadecimal, without taking it in: to see whether an earlier version of the file has it at this
   * place. Uses the memory of the open blob, so it never waits for more.
   */
  digestOf(piece: PieceSource): Promise<string> {
    return this.#inTurn(async () => (await this.#openFor(piece.size)).archive.digestOf(piece));
  }

  /** Closes the open blob, and waits until all blobs are stored and told. The packer can be used on. */
  async flush(): Promise<void> {
    await this.#inTurn(() => this.#close());
    // The first failure counts, which is the signal's reason; what this rejects with may only follow from it.
    await this.#told.catch(() => {});
    this.#signal.throwIfAborted();
  }

  /** Stops at once: nothing more is told, and when it resolves nothing is on its way and all memory is given back. */
  async abandon(): Promise<void> {
    this.#stop.abort();
    await this.#inTurn(async () => this.#drop());
    await Promise.allSettled(this.#onTheirWay);
  }

  /** Runs work alone, after all that was asked for before. */
  #inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const result = this.#turn.then(work);
    this.#turn = result.catch(() => {});
    return result;
  }

  /** An open blob with room for a piece of that size. */
  async #openFor(size: number): Promise<OpenBlob> {
    this.#signal.throwIfAborted();
    requirePieceSize(size);
    if (this.#open && !this.#open.archive.hasRoomFor(size)) await this.#close();
    this.#open ??= await this.#begin();
    return this.#open;
  }

  /**
   * Waits for room. The archive's bytes and those of the object to come are asked for at once: an archive that waited for
   * the second half while others waited for its first would wait for ever.
   */
  async #begin(): Promise<OpenBlob> {
    const { budget, crypto, suite, objectsAtOnce = 4 } = this.#options;
    while (this.#onTheirWay.size >= objectsAtOnce) await Promise.race(this.#onTheirWay);
    const sealedBytes = fileLength(suite, ARCHIVE_BYTES_MAX);
    const grant = await budget.acquire(crypto.inPlace ? sealedBytes : ARCHIVE_BYTES_MAX + sealedBytes, this.#signal);
    return { archive: new ArchiveDraft(crypto, { suite }), draft: { blob: undefined }, grant };
  }

  /** Sends the open blob on its way; one without pieces vanishes. */
  async #close(): Promise<void> {
    this.#signal.throwIfAborted();
    const open = this.#open;
    if (open === undefined || open.archive.count === 0) return this.#drop();
    this.#open = undefined;
    const sent = this.#send(open);
    const before = this.#told;
    this.#told = this.#endingAll(async () => {
      // In this order, so that a failed put stops everything before the turn of its blob comes.
      const stored = await sent;
      await before;
      this.#signal.throwIfAborted();
      open.draft.blob = stored.blob;
      await this.#options.stored(stored);
    });
    this.#track(this.#told);
  }

  /** Makes an archive a stored object. Memory goes back as soon as it is not needed. */
  async #send({ archive: filling, grant }: OpenBlob): Promise<StoredBlob> {
    const { crypto, suite, epoch, recipient } = this.#options;
    try {
      const { archive, pieces } = await filling.finish();
      const sealedLength = objectLength(suite, pieces);
      grant.shrink(crypto.inPlace ? sealedLength : archive.length + sealedLength);
      const declaration = declareBlob(crypto, pieces);
      const sealed = await sealObject(crypto, { archive, recipient, suite });
      grant.shrink(sealedLength);
      await this.#put(sealed);
      // Not where the put failed: part of it may still be under way.
      giveBack(sealed.sealed);
      return { ...declaration, epoch, object: sealed.object, length: sealed.length };
    } finally {
      grant.release();
    }
  }

  async #put({ object, sealed }: SealedObject): Promise<void> {
    const key = objectKey(this.#options.epoch, object);
    this.#signal.throwIfAborted();
    await this.#options.beforePut(key);
    this.#signal.throwIfAborted();
    await this.#options.put(key, sealed, { signal: this.#signal });
  }

  /** Whatever fails in `work` stops everything. */
  async #endingAll(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.#stop.abort(error);
      throw error;
    }
  }

  #track(told: Promise<void>): void {
    const done: Promise<void> = told
      .catch(() => {})
      .then(() => {
        this.#onTheirWay.delete(done);
      });
    this.#onTheirWay.add(done);
  }

  #drop(): void {
    this.#open?.grant.release();
    this.#open = undefined;
  }
}
