/** Where the story's group lies, and what it looks like to whoever runs that storage. */
import { open, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Say, World } from "./stage.ts";
import { filesIn } from "./tree.ts";

/** One kind of storage, as the story needs it. */
export interface Ground extends AsyncDisposable {
  /** What it is, as the first chapter tells. */
  readonly name: string;
  /** How `create` is told of it. */
  readonly words: readonly string[];
  /** What is around each person so that they reach it. */
  readonly world: World;
  /** What somebody does before they reach it; tells of it, where there is anything. */
  enter(name: string, say: Say): Promise<string | undefined>;
  /** Somebody's account, where the storage knows people; undefined where it does not. */
  accountOf(name: string): string | undefined;
  /** Every file that lies in the group's folder, with its size, by path. */
  stored(): Promise<ReadonlyMap<string, number>>;
  /** The first bytes of a stored file. */
  head(path: string, bytes: number): Promise<Uint8Array>;
  /** Changes one bit in the middle of a stored file, or changes it back. */
  flip(path: string): Promise<void>;
  /** Requests so far by kind, where it is reached by requests. */
  requests(): Readonly<Record<string, number>>;
}

/** A folder on this machine. */
export function folderGround(folder: string): Ground {
  const store = join(folder, "store");
  return {
    name: "a folder",
    words: [store, "--settled"],
    world: { env: {} },
    enter: async () => undefined,
    accountOf: () => undefined,
    stored: () => filesIn(store),
    async head(path, bytes) {
      await using file = await open(join(store, path));
      const { buffer, bytesRead } = await file.read(new Uint8Array(bytes), 0, bytes, 0);
      return buffer.subarray(0, bytesRead);
    },
    async flip(path) {
      const bytes = new Uint8Array(await readFile(join(store, path)));
      flipMiddle(bytes);
      await writeFile(join(store, path), bytes);
    },
    requests: () => ({}),
    [Symbol.asyncDispose]: async () => undefined,
  };
}

/** Changes one bit, in place. */
export function flipMiddle(bytes: Uint8Array): void {
  const middle = Math.floor(bytes.length / 2);
  bytes[middle] = (bytes[middle] ?? 0) ^ 1;
}
