/**
 * Whether the storage holds what a new version would take over from an earlier one. Whoever may write can declare pieces by
 * their digests alone, and delete objects: what is taken over from such a blob would be stored nowhere. SPEC.md §9.
 */
import { ByteBudget } from "../../contents/budget.ts";
import { objectKey } from "../../contents/object.ts";
import { inPreference } from "../../contents/reader.ts";
import { getIfThere } from "../../ports/store.ts";
import { type FilePiece, piecesOf } from "../../tree/blobs.ts";
import type { Session } from "../session.ts";
import { type LocationRow, locationsOf, toPieces } from "./blob-sources.ts";
import { proveWhole } from "./prove.ts";

/** Memory of its own: an upload waits for this with its open archive in hand. */
const PROVE_BYTES: number = 80 * 1024 * 1024;
/** A blob of which less than one part in this many is wanted is not read for it: sending that part again is cheaper. */
const READ_PART = 4;

/** Asks about each blob once for one upload. */
export class HeldBlobs {
  readonly #session: Session;
  readonly #call: { readonly signal?: AbortSignal };
  readonly #budget = new ByteBudget(PROVE_BYTES);
  readonly #there = new Map<string, Promise<boolean>>();
  readonly #read = new Map<string, Promise<boolean>>();

  constructor(session: Session, options: { readonly signal?: AbortSignal | undefined }) {
    this.#session = session;
    this.#call = options.signal ? { signal: options.signal } : {};
  }

  /**
   * Whether a blob may be referred to again: this device has put it, or read it whole, and it lies there still; or it reads it
   * now.
   *
   * @param among - Pieces that may be taken over, of this blob and others.
   */
  async holds(blob: string, among: readonly FilePiece[]): Promise<boolean> {
    const { index } = this.#session;
    if (await once(this.#there, blob, () => this.#isThere(blob))) return true;
    const bytes = (pieces: readonly { readonly sizeBytes: number }[]) =>
      pieces.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
    const wanted = bytes(among.filter((piece) => piece.blob === blob));
    if (wanted * READ_PART < bytes(piecesOf(index, blob) ?? [])) return false;
    return once(this.#read, blob, () => this.#readWhole(blob));
  }

  /** Its last byte is asked for, and one more: an object that was cut or goes on is not what was put. */
  async #isThere(blob: string): Promise<boolean> {
    for (const { epoch, object, length } of this.#placesOf(blob).filter(({ proven }) => proven === 1)) {
      const range = { offset: length - 1, length: 2, ...this.#call };
      const end = await getIfThere(this.#session.store, objectKey(epoch, object), range);
      if (end?.length !== 1) continue; // check: size
      return true;
    }
    return false;
  }

  async #readWhole(blob: string): Promise<boolean> {
    const pieces = toPieces(piecesOf(this.#session.index, blob) ?? []);
    for (const location of this.#placesOf(blob)) {
      if (await proveWhole(this.#session, { location, pieces, budget: this.#budget, ...this.#call })) return true; // check: digest
    }
    return false;
  }

  #placesOf(blob: string): LocationRow[] {
    const { opened } = this.#session.view;
    return inPreference(locationsOf(this.#session, blob)).filter(({ epoch }) => opened.has(epoch));
  }
}

function once(known: Map<string, Promise<boolean>>, key: string, ask: () => Promise<boolean>): Promise<boolean> {
  const answer = known.get(key) ?? ask();
  known.set(key, answer);
  return answer;
}
