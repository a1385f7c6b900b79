import { fileLength } from "../age/file.ts";
import { toHex } from "../encoding/hex.ts";
import { ConclaveError } from "../errors.ts";
import type { Crypto } from "../ports/crypto.ts";
import { BLOB_PIECES_MAX, PIECE_BYTES, type Pieces } from "../records/change.ts";
import type { Suite } from "../records/entry.ts";
import { ARCHIVE_BLOCKS_MAX, BLOCK_BYTES, END_BLOCKS, pieceBlocks, writeHeaders } from "./archive.ts";
import { padme } from "./padme.ts";

/** How long an archive may become before its draft takes the memory of the longest: 256 KiB. */
const SMALL_BLOCKS = 512;

/** Bytes to be read into an archive. */
export interface PieceSource {
  /** 1 to `PIECE_BYTES`. */
  readonly size: number;
  /**
   * Fills all of `into`, or rejects (with `source-changed`, if there is less to read by now). What it rejects with reaches
   * the caller of `add` as it is. It must not touch `into` after it has settled.
   */
  read(into: Uint8Array<ArrayBuffer>): Promise<void>;
}

/**
 * An archive that is being filled: pieces are read straight to where they will lie.
 *
 * One piece at a time, so that one whose reading fails is always the last, and can be taken out again.
 */
export class ArchiveDraft {
  readonly #suite: Suite;
  #bytes: Uint8Array<ArrayBuffer>;
  #blocksMax = SMALL_BLOCKS;
  readonly #crypto: Pick<Crypto, "sha256">;
  readonly #pieces: { readonly size: number; readonly digest: Promise<Uint8Array> }[] = [];
  #blocks = 0;

  constructor(crypto: Pick<Crypto, "sha256">, options: { readonly suite: Suite }) {
    this.#crypto = crypto;
    this.#suite = options.suite;
    this.#bytes = memoryFor(this.#suite, SMALL_BLOCKS);
  }

  /** How many pieces are in it. */
  get count(): number {
    return this.#pieces.length;
  }

  hasRoomFor(size: number): boolean {
    return this.count < BLOB_PIECES_MAX && this.#blocks + pieceBlocks(size) + END_BLOCKS <= ARCHIVE_BLOCKS_MAX;
  }

  /** Reads a piece in; its digest is computed behind. On failure the draft is as before. */
  async append(piece: PieceSource): Promise<void> {
    const bytes = await this.#read(piece);
    const digest = this.#crypto.sha256(bytes);
    // Asked for in `finish`; a failure before that is nobody's yet.
    digest.catch(() => {});
    this.#pieces.push({ size: piece.size, digest });
    this.#blocks += pieceBlocks(piece.size);
  }

  /** The digest of a piece, read where the next one would lie and taken out again. */
  async digestOf(piece: PieceSource): Promise<string> {
    const bytes = await this.#read(piece);
    try {
      return toHex(await this.#crypto.sha256(bytes));
    } finally {
      bytes.fill(0);
    }
  }

  async #read(piece: PieceSource): Promise<Uint8Array<ArrayBuffer>> {
    requirePieceSize(piece.size);
    this.#makeRoomFor(piece.size);
    const offset = (this.#blocks + 1) * BLOCK_BYTES;
    const into = this.#bytes.subarray(offset, offset + piece.size);
    try {
      await piece.read(into);
      return into;
    } catch (error) {
      // What was read must not stay behind a shorter piece or in the padding, where all is zero.
      into.fill(0);
      throw error;
    }
  }

  /**
   * Grows at most once, to the longest there is: its zero pages cost nothing until they are written to. But the engine's
   * collector counts them, and would come by for each upload of one small file.
   */
  #makeRoomFor(size: number): void {
    if (padme(this.#blocks + pieceBlocks(size) + END_BLOCKS) <= this.#blocksMax) return;
    this.#blocksMax = ARCHIVE_BLOCKS_MAX;
    const grown = memoryFor(this.#suite, ARCHIVE_BLOCKS_MAX);
    grown.set(this.#bytes);
    this.#bytes = grown;
  }

  /** Writes the headers. The draft is used up, its buffer is the archive's. */
  async finish(): Promise<{ readonly archive: Uint8Array<ArrayBuffer>; readonly pieces: Pieces }> {
    const pieces = await Promise.all(
      this.#pieces.map(async ({ size, digest }) => [toHex(await digest), size] as const),
    );
    return { archive: writeHeaders(this.#bytes, pieces), pieces };
  }
}

/** Zeros for an archive, with room for what sealing adds, so that it can be sealed where it lies. */
function memoryFor(suite: Suite, blocks: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(fileLength(suite, blocks * BLOCK_BYTES));
}

/** Refuses a piece that no blob can hold. */
export function requirePieceSize(size: number): void {
  if (!Number.isSafeInteger(size) || size < 1 || size > PIECE_BYTES) {
    throw new ConclaveError(`a piece has 1 to ${PIECE_BYTES} bytes, not ${size}`, { code: "limit" }); // check: size
  }
}
