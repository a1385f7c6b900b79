/** Downloading: files of the group come back into a local folder, each seen there only when it is whole. SPEC.md §9. */
import type { ByteBudget } from "../../contents/budget.ts";
import type { ContentReader } from "../../contents/reader.ts";
import { ConclaveError } from "../../errors.ts";
import type { TargetFile, TargetState, TargetTree } from "../../ports/files.ts";
import { type FilePiece, filePieces } from "../../tree/blobs.ts";
import { listFolder, resolvePath } from "../../tree/listing.ts";
import { isTooDeep, TOO_DEEP } from "../../tree/paths.ts";
import type { ViewEntry } from "../../tree/view.ts";
import type { WorkOptions } from "../events.ts";
import { memberNames } from "../people/member-names.ts";
import { refresh } from "../reading/refresh.ts";
import type { Session } from "../session.ts";
import { contentReader, sourceOf } from "./blob-sources.ts";
import { isHeldByGroup, isSameAsLocal, isSameAsReadable } from "./local-copies.ts";
import { type Failure, joinPath, type Transfer } from "./transfer.ts";

/** Blobs that are read at once. */
const BLOBS_AT_ONCE = 2;

export interface DownloadOptions extends WorkOptions {
  /** Path in the group. */
  readonly path: string;
  readonly target: TargetTree;
  /** Name that the path's last name gets in the target; undefined to put a folder's contents there. */
  readonly as?: string;
  /** Replace local files that differ, also those that the group does not hold; contents are compared. Default false. */
  readonly overwrite?: boolean;
  /** Make symbolic links too, where their text stays inside the target. Default false. */
  readonly links?: boolean;
  readonly budget: ByteBudget;
}

/** A file on its way to the target. */
interface Incoming {
  readonly entry: ViewEntry;
  readonly local: string;
  /** What is there and may be replaced; null for nothing. */
  readonly over: TargetState | null;
  /** Pieces that are still to be written. */
  missing: number;
  file: Promise<TargetFile> | undefined;
  failed: boolean;
}

/** One piece of one file: where it is to be written. */
interface Wanted {
  readonly incoming: Incoming;
  readonly offset: number;
}

/**
 * Downloads a file, or a folder with all below it. What fails is reported and holds up nothing else; nothing unverified is
 * ever written.
 *
 * @throws ConclaveError `not-found` if the path leads nowhere; `StoreError` as the store.
 */
export async function download(session: Session, options: DownloadOptions): Promise<Transfer> {
  return new Download(session, options).run();
}

class Download {
  readonly #session: Session;
  readonly #options: DownloadOptions;
  #reader: ContentReader;
  readonly #failed: Failure[] = [];
  readonly #wanted = new Map<string, Map<number, Wanted[]>>();
  #files = 0;
  #bytes = 0;
  #transferred = 0;
  #skipped = 0;
  #links = 0;
  #doneBytes = 0;
  #refreshed: Promise<unknown> | undefined;

  constructor(session: Session, options: DownloadOptions) {
    this.#session = session;
    this.#options = options;
    this.#reader = contentReader(session, options.budget);
  }

  async run(): Promise<Transfer> {
    for (const { entry, local } of this.#localNames()) await this.#plan(entry, local);
    const blobs = this.#wanted.keys();
    const worker = async () => {
      for (const blob of blobs) await this.#readBlob(blob);
    };
    const results = await Promise.allSettled(Array.from({ length: BLOBS_AT_ONCE }, worker));
    await this.#discardRest();
    for (const result of results) if (result.status === "rejected") throw result.reason;
    const [files, bytes, transferred, skipped] = [this.#files, this.#bytes, this.#transferred, this.#skipped];
    return { files, bytes, transferred, skipped, failed: this.#failed, links: this.#links };
  }

  /** Everything below the path with its place in the target, under names that its file system can hold. */
  *#localNames(): Generator<{ readonly entry: ViewEntry; readonly local: string }> {
    const { path, as, target } = this.#options;
    const nameOf = memberNames(this.#session.view.state);
    const top = resolvePath(this.#session.index, path, nameOf);
    if (!top)
      throw new ConclaveError(`there is no ${path === "" ? "such path" : path} in the group`, { code: "not-found" });
    const locals = new Map<string, { readonly local: string; readonly taken: Set<string> }>();
    const place = (entry: ViewEntry, parent: { readonly local: string; readonly taken: Set<string> }, name: string) => {
      const localName = target.localName(name, parent.taken);
      parent.taken.add(localName);
      const local = joinPath(parent.local, localName);
      if (entry.kind === "folder") locals.set(entry.path, { local, taken: new Set() });
      return { entry, local };
    };
    const outside = { local: "", taken: new Set<string>() };
    if (top.kind === "root") locals.set("", outside);
    else if (top.kind === "folder" && as === undefined) locals.set(top.path, outside);
    else yield place(top, outside, as ?? top.name);
    if (top.kind !== "root" && top.kind !== "folder") return;
    for (const entry of listFolder(this.#session.index, path, { recursive: true, nameOf })) {
      const parent = locals.get(entry.path.slice(0, Math.max(0, entry.path.lastIndexOf("/"))));
      if (parent) yield place(entry, parent, entry.name);
    }
  }

  async #plan(entry: ViewEntry, local: string): Promise<void> {
    this.#options.signal?.throwIfAborted();
    try {
      if (entry.kind === "folder" && isTooDeep(entry.path)) throw new ConclaveError(TOO_DEEP, { code: "limit" });
      if (entry.kind === "folder") await this.#options.target.makeFolder(local);
      else if (entry.kind === "link") await this.#makeLink(entry, local);
      else await this.#planFile(entry, local);
    } catch (error) {
      this.#fail(entry, error);
    }
  }

  async #makeLink(entry: ViewEntry, local: string): Promise<void> {
    this.#links += 1;
    if (this.#options.links && entry.target !== null) await this.#options.target.makeLink(local, entry.target);
  }

  async #planFile(entry: ViewEntry, local: string): Promise<void> {
    this.#files += 1;
    this.#bytes += entry.size;
    const pieces = filePieces(this.#session.index, entry);
    const over = (await this.#options.target.state(local)) ?? null;
    if (over && (await this.#isThere(entry, { local, pieces, state: over }))) {
      this.#skipped += 1;
      this.#doneBytes += entry.size;
      return;
    }
    const incoming: Incoming = { entry, local, over, missing: pieces.length, file: undefined, failed: false };
    if (pieces.length === 0) return this.#finish(incoming);
    let offset = 0;
    for (const piece of pieces) {
      this.#want(piece, { incoming, offset });
      offset += piece.sizeBytes;
    }
  }

  #want({ blob, index }: FilePiece, wanted: Wanted): void {
    let pieces = this.#wanted.get(blob);
    if (!pieces) {
      pieces = new Map();
      this.#wanted.set(blob, pieces);
    }
    const users = pieces.get(index);
    if (users) users.push(wanted);
    else pieces.set(index, [wanted]);
  }

  /** Whether the target has the file already. Refuses to replace what the group does not hold. */
  async #isThere(
    entry: ViewEntry,
    {
      local: path,
      pieces,
      state,
    }: { readonly local: string; readonly pieces: readonly FilePiece[]; readonly state: TargetState },
  ): Promise<boolean> {
    const { target, overwrite = false, budget, signal } = this.#options;
    if (state.kind !== "file") throw new ConclaveError(`a ${state.kind} is in the way`, { code: "conflict" });
    const local = { target, path, crypto: this.#session.crypto, size: state.size };
    // Other contents may have that size and time too, and whoever overwrites wants the group's.
    if (overwrite) return isSameAsReadable(local, pieces);
    if (state.size === entry.size && state.modified === entry.modified) return true;
    if (await isSameAsLocal(local, pieces)) return true;
    const held = { ...local, nodes: entry.nodes, successor: pieces, budget, ...(signal ? { signal } : {}) };
    if (await isHeldByGroup(this.#session, held)) return false;
    throw new ConclaveError("a local file that the group does not hold is in the way", { code: "conflict" });
  }

  async #readBlob(blob: string): Promise<void> {
    const pieces = this.#wanted.get(blob) ?? new Map<number, Wanted[]>();
    try {
      await this.#readPieces(blob, pieces);
    } catch (error) {
      if (!(error instanceof ConclaveError) || (error.code !== "missing" && error.code !== "corrupt")) throw error;
      if (error.code === "missing" && (await this.#retry(blob, pieces))) return;
      for (const { incoming } of [...pieces.values()].flat()) this.#fail(incoming.entry, error, incoming);
    }
  }

  /** Somebody may have re-encrypted meanwhile: the records then say where the blob lies now. */
  async #retry(blob: string, pieces: Map<number, Wanted[]>): Promise<boolean> {
    const { signal } = this.#options;
    this.#refreshed ??= refresh(this.#session, signal ? { signal } : {}).then(() => {
      this.#reader = contentReader(this.#session, this.#options.budget);
    });
    await this.#refreshed;
    try {
      await this.#readPieces(blob, pieces);
      return true;
    } catch (error) {
      if (error instanceof ConclaveError) return false;
      throw error;
    }
  }

  async #readPieces(blob: string, pieces: Map<number, Wanted[]>): Promise<void> {
    const source = sourceOf(this.#session, blob);
    if (!source) throw new ConclaveError(`no record that counts declares blob ${blob}`, { code: "missing" });
    const { signal } = this.#options;
    for await (const { index, bytes } of this.#reader.read(source, [...pieces.keys()], signal ? { signal } : {})) {
      const users = pieces.get(index) ?? [];
      pieces.delete(index);
      // Before the next piece is asked for: its bytes are good no longer.
      await Promise.all(users.map((wanted) => this.#write(wanted, bytes)));
    }
  }

  async #write({ incoming, offset }: Wanted, bytes: Uint8Array): Promise<void> {
    if (incoming.failed) return;
    const { target, onProgress } = this.#options;
    try {
      incoming.file ??= target.create(incoming.local, { size: incoming.entry.size, over: incoming.over });
      await (await incoming.file).write(offset, bytes);
      this.#doneBytes += bytes.length;
      incoming.missing -= 1;
      if (incoming.missing === 0) await this.#finish(incoming);
    } catch (error) {
      this.#fail(incoming.entry, error, incoming);
    }
    const doneItems = this.#transferred + this.#skipped;
    onProgress?.({
      doneBytes: this.#doneBytes,
      totalBytes: this.#bytes,
      doneItems,
      totalItems: this.#files,
      current: incoming.entry.path,
    });
  }

  async #finish(incoming: Incoming): Promise<void> {
    const { entry, local, over } = incoming;
    incoming.file ??= this.#options.target.create(local, { size: entry.size, over });
    await (await incoming.file).commit({ modified: entry.modified });
    incoming.missing = 0;
    this.#transferred += 1;
  }

  #fail(entry: ViewEntry, error: unknown, incoming?: Incoming): void {
    if (incoming?.failed) return;
    if (incoming) incoming.failed = true;
    if (!(error instanceof ConclaveError)) throw error;
    this.#failed.push({ path: entry.path, error: error.message, code: error.code });
  }

  async #discardRest(): Promise<void> {
    const files = new Set(
      [...this.#wanted.values()].flatMap((pieces) => [...pieces.values()].flat().map(({ incoming }) => incoming)),
    );
    for (const { file, missing } of files) {
      if (missing === 0 || !file) continue;
      const opened = await file.catch(() => undefined);
      await opened?.discard();
    }
  }
}
