/** One thing found in a local tree. Paths are relative to the tree's top: names joined by `/`, never `.` or `..`; "" is the top itself. */
export interface SourceEntry {
  readonly path: string;
  readonly kind: "file" | "folder" | "link";
  /** Bytes, of a file; else 0. */
  readonly size: number;
  /** Modification time in whole milliseconds since 1970. */
  readonly modified: number;
  readonly executable: boolean;
  /** A link's target as text, of a link only. */
  readonly target?: string;
}

/** Something in a local tree that cannot be taken: a socket, an unreadable folder, a name that is not UTF-8. */
export interface SourceProblem {
  readonly path: string;
  /** Why, in plain words for a person. */
  readonly problem: string;
}

/** An open local file. Both reject with `no-access` where the system refuses. `read` fills `into` from `offset` as far as the file goes and returns how many bytes it got. */
export interface SourceFile {
  read(offset: number, into: Uint8Array): Promise<number>;
  /** Size and modification time now, to see whether the file changed while it was read. */
  state(): Promise<{ readonly size: number; readonly modified: number }>;
  close(): Promise<void>;
}

/** A local file or tree to upload from. */
export interface SourceTree {
  /**
   * Everything below the top, folders before what is in them, in a stable order; links are not followed. Of a home with
   * private keys only that it is left out.
   */
  walk(options?: { readonly signal?: AbortSignal }): AsyncIterable<SourceEntry | SourceProblem>;
  /** Opens a file of the tree without following a link in its last name. Rejects with `source-changed` if it is gone, `no-access` if the system refuses. */
  open(path: string): Promise<SourceFile>;
}

/** Plain files that lie on a storage, and can be deleted there. */
export interface PlainFiles extends SourceTree {
  /**
   * Deletes a file whose bytes are still those that were there when it was last opened. `refused`: this account may not.
   * Rejects with `no-access` if the system refuses.
   */
  deleteFile(entry: SourceEntry): Promise<"deleted" | "changed" | "refused">;
  /** Deletes a folder if it is empty, where that can be known at the same moment. */
  deleteFolder(path: string): Promise<boolean>;
}

/** What lies at a place in the target folder now. */
export interface TargetState {
  readonly kind: "file" | "folder" | "link" | "other";
  readonly size: number;
  readonly modified: number;
}

/** A file being downloaded: unseen under its final name, and gone without trace, until it is committed. */
export interface TargetFile {
  write(offset: number, bytes: Uint8Array): Promise<void>;
  /** Gives the file its modification time and its final name at once. */
  commit(options: { readonly modified: number }): Promise<void>;
  discard(): Promise<void>;
}

/**
 * A local folder to download into. Nothing is ever made or written outside it, whatever a path says and whatever links lie
 * in it: calls that would reject with `unsafe-target`. What the system refuses of one file and may allow of another rejects
 * with `no-access`; what befalls them all, as a full disk, with the system's own error.
 */
export interface TargetTree {
  /** What is there, without following a link in the last name; undefined if nothing. */
  state(path: string): Promise<TargetState | undefined>;
  /** Reads a file that is there, to compare it. */
  open(path: string): Promise<SourceFile>;
  /** Makes a folder and those above it; one that is there is no error. Private to the user. */
  makeFolder(path: string): Promise<void>;
  /**
   * Starts a new file of that final size, private to the user and not executable; the folders above it are made.
   *
   * @param options.over - The file that it may replace, as `state` gave it, null for none: what has changed since is in the
   *   way. Default: whatever file is there when it is started.
   */
  create(path: string, options: { readonly size: number; readonly over?: TargetState | null }): Promise<TargetFile>;
  /** Makes a link whose text does not lead out of the target. */
  makeLink(path: string, target: string): Promise<void>;
  /**
   * Whether a name can stand in this folder's file system as it is; if not, the nearest name that can, never one that
   * `taken` holds. The same name and `taken` always give the same answer.
   */
  localName(name: string, taken: ReadonlySet<string>): string;
}
