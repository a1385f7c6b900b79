/** Uploading: a local tree becomes pieces, blobs and objects, and then changes that say what is where. SPEC.md §8, §9. */
import type { ByteBudget } from "../../contents/budget.ts";
import type { PieceSource } from "../../contents/draft.ts";
import { Packer, type StoredBlob } from "../../contents/packer.ts";
import { ConclaveError } from "../../errors.ts";
import { isAtLeast } from "../../group/state.ts";
import type { SourceEntry, SourceFile, SourceTree } from "../../ports/files.ts";
import { type Operation, PIECE_BYTES } from "../../records/change.ts";
import type { Location } from "../../records/location.ts";
import { type FilePiece, filePieces, orphanPieces } from "../../tree/blobs.ts";
import { type Resolved, resolvePath } from "../../tree/listing.ts";
import { mayBeConflictName } from "../../tree/names.ts";
import { newNodeId, Planner } from "../../tree/plan.ts";
import type { TreeEntry } from "../../tree/view.ts";
import type { WorkOptions } from "../events.ts";
import { memberNames } from "../people/member-names.ts";
import { requireConfirmed } from "../reading/confirmed.ts";
import { requireDecided } from "../reading/decided.ts";
import { requireUpToDate } from "../reading/update-needed.ts";
import type { Session } from "../session.ts";
import { locationDraft } from "../upkeep/move-contents.ts";
import { publishChanges } from "../writing/change-writer.ts";
import { notePut } from "../writing/object-puts.ts";
import { requireCurrent } from "../writing/publish.ts";
import { HeldBlobs } from "./held-blobs.ts";
import { writeListingIfDue } from "./listing.ts";
import { pieceSource, readSource, requireUnchanged } from "./local-pieces.ts";
import { type Failure, joinPath, type Transfer } from "./transfer.ts";
import { extentsOf, isStored, type UploadedPiece } from "./uploaded-pieces.ts";

/** A change is committed after so many objects: what a crash can undo. */
const OBJECTS_PER_COMMIT = 4;
/** Files that are read at once. */
const FILES_AT_ONCE = 16;
/** A file of at most this size is read before its turn to be packed comes. */
const SMALL_BYTES: number = 256 * 1024;
/** Or when so many operations wait. */
const OPERATIONS_PER_COMMIT = 10_000;

export interface UploadOptions extends WorkOptions {
  readonly tree: SourceTree;
  /** Folder of the group to put it in; made if missing. */
  readonly into: string;
  /** Name that the tree's top gets in there; undefined to put the top's contents in there. */
  readonly name?: string;
  readonly budget: ByteBudget;
}

/** A file whose pieces are known, or on their way. */
interface PackedFile {
  readonly entry: SourceEntry;
  readonly path: string;
  readonly existing: TreeEntry | undefined;
  readonly parent: string;
  readonly pieces: readonly UploadedPiece[];
}

/**
 * Uploads files and folders. What is there unchanged is skipped; what fails is reported and holds up nothing else.
 *
 * @throws ConclaveError `role-too-low` before anything is sent; `stale-epoch`; `StoreError` as the store. What was committed
 *   before stays, and the same call goes on from there.
 */
export async function upload(session: Session, options: UploadOptions): Promise<Transfer> {
  requireEditor(session);
  return new Upload(session, options).run();
}

/** @throws ConclaveError `role-too-low` if this device's person may only read. */
export function requireEditor(session: Session): void {
  const { me } = session.view;
  if (!me || !isAtLeast(me.role, "editor")) {
    throw new ConclaveError("this needs an editor, an admin or an owner", { code: "role-too-low" }); // check: role
  }
  requireUpToDate(session);
  requireDecided(session);
  requireConfirmed(session);
}

class Upload {
  readonly #session: Session;
  readonly #options: UploadOptions;
  readonly #packer: Packer;
  readonly #planner: Planner;
  readonly #orphans: Map<string, FilePiece>;
  readonly #held: HeldBlobs;
  #waiting: PackedFile[] = [];
  #operations: Operation[] = [];
  #locations: Location[] = [];
  readonly #failed: Failure[] = [];
  #files = 0;
  #bytes = 0;
  #transferred = 0;
  #skipped = 0;
  #links = 0;
  #doneBytes = 0;

  constructor(session: Session, options: UploadOptions) {
    this.#session = session;
    this.#options = options;
    this.#planner = new Planner(session.index, { randomBytes: session.crypto.randomBytes });
    this.#orphans = orphanPieces(session.index, session.deviceKey);
    this.#held = new HeldBlobs(session, options);
    const { epoch, recipient, suite } = requireCurrent(session);
    const { budget, signal } = options;
    this.#packer = new Packer({
      crypto: session.crypto,
      budget,
      suite,
      epoch,
      recipient,
      beforePut: (key) => notePut(session, key),
      put: (key, bytes, callOptions) => session.store.put(key, bytes, callOptions),
      stored: (blob) => this.#stored(blob),
      ...(signal ? { signal } : {}),
    });
  }

  async run(): Promise<Transfer> {
    try {
      const entries = await this.#survey();
      await this.#takeAll(entries);
      await this.#packer.flush();
      await this.#commit();
    } catch (error) {
      await this.#packer.abandon();
      throw error;
    }
    await writeListingIfDue(this.#session, this.#options.signal);
    const [files, bytes, transferred, skipped] = [this.#files, this.#bytes, this.#transferred, this.#skipped];
    return { files, bytes, transferred, skipped, failed: this.#failed, links: this.#links };
  }

  /** Everything that there is to upload, so that progress has a total. */
  async #survey(): Promise<SourceEntry[]> {
    const { tree, signal } = this.#options;
    const entries: SourceEntry[] = [];
    for await (const entry of tree.walk(signal ? { signal } : {})) {
      if ("problem" in entry) {
        this.#failed.push({ path: entry.path, error: entry.problem });
        continue;
      }
      entries.push(entry);
      if (entry.kind !== "file") continue;
      this.#files += 1;
      this.#bytes += entry.size;
    }
    return entries;
  }

  /** Several files are opened and read at once: most of a small file's time is waiting for the disk. */
  async #takeAll(entries: readonly SourceEntry[]): Promise<void> {
    const reading = new Set<Promise<void>>();
    const failures: unknown[] = [];
    for (const entry of entries) {
      // A large file has the packer to itself, so that its pieces lie side by side and few extents name them.
      const isLarge = entry.size > PIECE_BYTES;
      while (reading.size >= (isLarge ? 1 : FILES_AT_ONCE)) await Promise.race(reading);
      if (failures.length > 0) break;
      const taking: Promise<void> = this.#take(entry, entries.length)
        .catch((error: unknown) => {
          failures.push(error);
        })
        .finally(() => reading.delete(taking));
      reading.add(taking);
      if (isLarge) await taking;
    }
    await Promise.all(reading);
    if (failures.length > 0) throw failures[0];
  }

  async #take(entry: SourceEntry, total: number): Promise<void> {
    const { into, name = "", onProgress, signal } = this.#options;
    signal?.throwIfAborted();
    const path = joinPath(into, name, entry.path);
    const doneItems = this.#transferred + this.#skipped;
    onProgress?.({ doneBytes: this.#doneBytes, totalBytes: this.#bytes, doneItems, totalItems: total, current: path });
    try {
      if (entry.kind === "folder") this.#planner.folder(path);
      else if (entry.kind === "link") this.#takeLink(entry, path);
      else await this.#takeFile(entry, path);
    } catch (error) {
      signal?.throwIfAborted();
      if (!isLocal(error)) throw error;
      this.#failed.push({ path: entry.path === "" ? path : entry.path, error: error.message });
    }
    this.#operations.push(...this.#planner.take());
  }

  async #takeFile(entry: SourceEntry, path: string): Promise<void> {
    const { parent, existing } = this.#placeOf(path, "file");
    const shown = existing ?? this.#inConflictAt(path);
    if (shown && isUnchanged(entry, shown)) {
      this.#skipped += 1;
      this.#doneBytes += entry.size;
      return;
    }
    const file = await this.#options.tree.open(entry.path);
    try {
      const pieces = await this.#pack(file, { entry, existing });
      await requireUnchanged(file, entry);
      this.#waiting.push({ entry, path, existing, parent, pieces });
    } finally {
      await file.close();
    }
  }

  /** Where a path leads: its folder's node, and what is there. */
  #placeOf(path: string, kind: "file" | "link"): { parent: string; existing: TreeEntry | undefined } {
    const parent = this.#planner.folder(path.slice(0, Math.max(0, path.lastIndexOf("/"))));
    const found = resolvePath(this.#session.index, path);
    if (found && found.kind !== kind) {
      throw new ConclaveError(`something that is no ${kind} has the name ${path}`, { code: "exists" });
    }
    return { parent, existing: found as Exclude<Resolved, { kind: "root" }> | undefined };
  }

  /**
   * What is shown at a path under an altered name. While it stays as it was downloaded it is no new file: else each download
   * and upload of a folder would make one more of every file in conflict.
   */
  #inConflictAt(path: string): TreeEntry | undefined {
    const nameOf = memberNames(this.#session.view.state);
    const found = mayBeConflictName(path) ? resolvePath(this.#session.index, path, nameOf) : undefined;
    return found && found.kind !== "root" && found.conflict ? found : undefined;
  }

  /** A file's pieces: those that the group holds at the same place already, and new ones. */
  async #pack(
    file: SourceFile,
    options: { readonly entry: SourceEntry; readonly existing: TreeEntry | undefined },
  ): Promise<UploadedPiece[]> {
    const { entry, existing } = options;
    const before = existing ? this.#piecesOf(existing) : [];
    const pieces: UploadedPiece[] = [];
    for (let offset = 0; offset < entry.size; offset += PIECE_BYTES) {
      const place = { offset, size: Math.min(PIECE_BYTES, entry.size - offset) };
      const source = entry.size <= SMALL_BYTES ? await readSource(file, place) : pieceSource(file, place);
      const known = await this.#known(source, { before: before[pieces.length], among: before });
      pieces.push(known ?? (await this.#packer.add(source)));
      this.#doneBytes += source.size;
    }
    return pieces;
  }

  #piecesOf(existing: TreeEntry): FilePiece[] {
    try {
      return filePieces(this.#session.index, existing);
    } catch (error) {
      // An earlier version that is damaged is no reason not to store a new one.
      if (error instanceof ConclaveError) return [];
      throw error;
    }
  }

  /** The piece as the storage holds it, if the earlier version has it here or an upload that was broken off has left it. */
  async #known(
    source: PieceSource,
    { before, among }: { readonly before: FilePiece | undefined; readonly among: readonly FilePiece[] },
  ): Promise<FilePiece | undefined> {
    if (before?.sizeBytes !== source.size && this.#orphans.size === 0) return undefined;
    const digest = await this.#packer.digestOf(source);
    if (before?.digest === digest && (await this.#held.holds(before.blob, among))) return before;
    const orphan = this.#orphans.get(digest);
    return orphan && (await this.#held.holds(orphan.blob, [orphan])) ? orphan : undefined;
  }

  #takeLink(entry: SourceEntry, path: string): void {
    this.#links += 1;
    const { parent, existing } = this.#placeOf(path, "link");
    const target = entry.target ?? "";
    if (target === "" || (existing ?? this.#inConflictAt(path))?.target === target) return;
    const node = existing?.node ?? newNodeId("l", this.#session.crypto.randomBytes);
    if (!existing) this.#operations.push(placeOperation({ node, parent, path }));
    const replaces = existing?.versions ?? [];
    this.#operations.push({ op: "link", node, replaces, target, path });
  }

  async #stored(blob: StoredBlob): Promise<void> {
    const { salt, pieces } = blob;
    this.#operations.push({ op: "blob", blob: blob.blob, salt, pieces });
    this.#locations.push(locationDraft(this.#session, blob));
    this.#takeStoredFiles();
    if (this.#locations.length >= OBJECTS_PER_COMMIT || this.#operations.length >= OPERATIONS_PER_COMMIT)
      await this.#commit();
  }

  /** Files all of whose pieces are stored by now can be said to be there. */
  #takeStoredFiles(): void {
    const ready = this.#waiting.filter(({ pieces }) => pieces.every(isStored));
    if (ready.length === 0) return;
    this.#waiting = this.#waiting.filter(({ pieces }) => !pieces.every(isStored));
    for (const file of ready) this.#operations.push(...this.#fileOperations(file));
    this.#transferred += ready.length;
  }

  #fileOperations({ entry, path, existing, parent, pieces }: PackedFile): Operation[] {
    const node = existing?.node ?? newNodeId("f", this.#session.crypto.randomBytes);
    const operations: Operation[] = existing ? [] : [placeOperation({ node, parent, path })];
    const { size, modified, executable } = entry;
    const replaces = existing?.versions ?? [];
    operations.push({ op: "file", node, replaces, size, modified, executable, extents: extentsOf(pieces), path });
    // What was shown as one with it, because it was the same, would now stand beside it.
    for (const other of existing?.nodes.slice(1) ?? []) operations.push({ op: "delete", node: other, path });
    return operations;
  }

  async #commit(): Promise<void> {
    this.#takeStoredFiles();
    const [operations, locations] = [this.#operations, this.#locations];
    this.#operations = [];
    this.#locations = [];
    const { signal } = this.#options;
    await publishChanges(this.#session, { operations, locations, ...(signal ? { signal } : {}) });
  }
}

function placeOperation(options: { readonly node: string; readonly parent: string; readonly path: string }): Operation {
  const { node, parent, path } = options;
  return { op: "place", node, parent, name: path.slice(path.lastIndexOf("/") + 1), from: null, path };
}

function isUnchanged(entry: SourceEntry, existing: TreeEntry): boolean {
  return (
    entry.size === existing.size && entry.modified === existing.modified && entry.executable === existing.executable
  );
}

/** Whether an error concerns one file and not the whole upload. */
function isLocal(error: unknown): error is ConclaveError {
  return (
    error instanceof ConclaveError &&
    ["source-changed", "no-access", "exists", "malformed", "not-found", "limit"].includes(error.code)
  );
}
