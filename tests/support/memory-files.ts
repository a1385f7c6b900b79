/** Local trees in memory, so that a test of the group need not wait for a disk. */
import {
  ConclaveError,
  type SourceEntry,
  type SourceFile,
  type SourceTree,
  type TargetFile,
  type TargetState,
  type TargetTree,
} from "@conclave/core";

/** Paths and contents; folders follow from paths, and a path that ends in `/` is an empty one. */
export type Files = Readonly<Record<string, string | Uint8Array>>;

const MODIFIED = 1_700_000_000_000;

function bytesOf(content: string | Uint8Array): Uint8Array {
  return typeof content === "string" ? new TextEncoder().encode(content) : content;
}

/** A tree to upload from. `modified` tells versions of one file apart. */
export function sourceOfFiles(files: Files, modified: number = MODIFIED): SourceTree {
  const folders = new Set<string>();
  for (const path of Object.keys(files)) {
    const names = path.split("/").slice(0, -1);
    for (let depth = 1; depth <= names.length; depth++) folders.add(names.slice(0, depth).join("/"));
  }
  const plain = { size: 0, modified, executable: false };
  const entries: SourceEntry[] = [
    { path: "", kind: "folder", ...plain },
    ...[...folders].sort().map((path): SourceEntry => ({ path, kind: "folder", ...plain })),
    ...Object.entries(files)
      .filter(([path]) => !path.endsWith("/"))
      .map(([path, content]): SourceEntry => ({ path, kind: "file", ...plain, size: bytesOf(content).length })),
  ];
  return {
    async *walk() {
      yield* entries;
    },
    async open(path) {
      const content = files[path];
      if (content === undefined) throw new ConclaveError("it is gone", { code: "source-changed" });
      return openedBytes(bytesOf(content), modified);
    },
  };
}

function openedBytes(bytes: Uint8Array, modified: number): SourceFile {
  return {
    async read(offset, into) {
      const part = bytes.subarray(offset, offset + into.length);
      into.set(part);
      return part.length;
    },
    state: async () => ({ size: bytes.length, modified }),
    close: async () => undefined,
  };
}

/** A folder to download into, and what came. */
export interface MemoryTarget extends TargetTree {
  readonly files: Map<string, Uint8Array>;
  /** Bytes of files that were begun and neither committed nor discarded. */
  unfinished(): number;
  texts(): Record<string, string>;
}

export function memoryTarget(): MemoryTarget {
  const files = new Map<string, Uint8Array>();
  const modifiedTimes = new Map<string, number>();
  const open = new Set<TargetFile>();
  return {
    files,
    unfinished: () => open.size,
    texts: () => Object.fromEntries([...files].sort().map(([path, bytes]) => [path, new TextDecoder().decode(bytes)])),
    async state(path): Promise<TargetState | undefined> {
      const bytes = files.get(path);
      return bytes && { kind: "file", size: bytes.length, modified: modifiedTimes.get(path) ?? 0 };
    },
    open: async (path) => openedBytes(files.get(path) ?? new Uint8Array(0), modifiedTimes.get(path) ?? 0),
    makeFolder: async () => undefined,
    async create(path, { size, over }) {
      const now = files.get(path);
      if (now && over !== undefined && (over?.size !== now.length || over.modified !== modifiedTimes.get(path)))
        throw new ConclaveError("it was changed meanwhile", { code: "conflict" });
      const bytes = new Uint8Array(size);
      const file: TargetFile = {
        write: async (offset, part) => bytes.set(part, offset),
        async commit({ modified }) {
          open.delete(file);
          files.set(path, bytes);
          modifiedTimes.set(path, modified);
        },
        async discard() {
          open.delete(file);
        },
      };
      open.add(file);
      return file;
    },
    makeLink: async () => undefined,
    localName: (name) => name,
  };
}
