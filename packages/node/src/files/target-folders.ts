import { lstat, mkdir } from "node:fs/promises";
import type { HeldFolder } from "./held-folder.ts";
import { systemCode, unlessAbsent } from "./system-error.ts";
import { inTheWay, unsafe } from "./target-path.ts";
import { sweepUnfinished } from "./unfinished.ts";

/** How many folders stay held while nobody uses them, so that many files of one folder cost one walk to it. */
const IDLE_FOLDERS_MAX = 128;

/** A folder while somebody uses it. Every lease must be given back. */
export interface FolderLease {
  readonly folder: HeldFolder;
  release(): Promise<void>;
}

interface Entry {
  readonly folder: HeldFolder;
  users: number;
  /** Whether what killed runs left here was looked for. */
  swept: boolean;
  /** Out of the table: to be closed by its last user. */
  dropped: boolean;
}

/** The folders of one target, each found by walking down from the top through real folders only. */
export class TargetFolders {
  readonly #entries = new Map<string, Entry>();
  readonly #top: HeldFolder;

  constructor(top: HeldFolder) {
    this.#top = top;
  }

  /** A folder that is there; undefined if nothing, or something that is neither folder nor link, is in its place. */
  async find(names: readonly string[]): Promise<FolderLease | undefined> {
    const entry = await this.#acquire(names, false);
    return entry && this.#lease(entry);
  }

  /** A folder, made if it is missing, and freed of what killed runs left in it. Rejects with `conflict` if a file is in the way. */
  async make(names: readonly string[]): Promise<FolderLease> {
    const entry = await this.#acquire(names, true);
    if (entry === undefined) throw inTheWay(`${names.join("/")} is in the way and is no folder`);
    if (!entry.swept) {
      entry.swept = true;
      await sweepUnfinished(entry.folder.at).catch(() => undefined); // A folder that cannot be listed can still be written to.
    }
    return this.#lease(entry);
  }

  /** Lets go of all folders. */
  async close(): Promise<void> {
    for (const key of [...this.#entries.keys()]) await this.#drop(key);
    await this.#top.close();
  }

  #lease(entry: Entry): FolderLease {
    return { folder: entry.folder, release: () => this.#release(entry) };
  }

  async #acquire(names: readonly string[], make: boolean): Promise<Entry | undefined> {
    const key = names.join("/");
    const known = this.#entries.get(key);
    if (known !== undefined) {
      known.users++;
      if (await known.folder.isInPlace()) return known; // check: link
      await this.#drop(key, known);
      await this.#release(known);
    }
    if (names.length === 0) return this.#acquireTop();
    return this.#acquireChild(names, make);
  }

  async #acquireTop(): Promise<Entry> {
    if (!(await this.#top.isInPlace())) throw unsafe("the target folder was moved or replaced"); // check: link
    return this.#remember("", this.#top);
  }

  async #acquireChild(names: readonly string[], make: boolean): Promise<Entry | undefined> {
    const parent = await this.#acquire(names.slice(0, -1), make);
    if (parent === undefined) return undefined;
    try {
      const folder = await openChild(parent.folder, { path: names.join("/"), name: names.at(-1) as string, make });
      return folder && (await this.#remember(names.join("/"), folder));
    } finally {
      await this.#release(parent);
    }
  }

  /** Puts a folder into the table, or gives the one that somebody else put there meanwhile. */
  async #remember(key: string, folder: HeldFolder): Promise<Entry> {
    const known = this.#entries.get(key);
    if (known !== undefined) {
      known.users++;
      if (folder !== known.folder) await folder.close();
      return known;
    }
    const entry: Entry = { folder, users: 1, swept: false, dropped: false };
    this.#entries.set(key, entry);
    if (this.#entries.size > IDLE_FOLDERS_MAX) await this.#dropOldestIdle();
    return entry;
  }

  async #dropOldestIdle(): Promise<void> {
    for (const [key, entry] of this.#entries) {
      if (entry.users === 0 && key !== "") return this.#drop(key, entry);
    }
  }

  async #drop(key: string, entry: Entry | undefined = this.#entries.get(key)): Promise<void> {
    if (entry === undefined || entry.dropped) return;
    entry.dropped = true;
    if (this.#entries.get(key) === entry) this.#entries.delete(key);
    if (entry.users === 0) await this.#closeEntry(entry);
  }

  async #release(entry: Entry): Promise<void> {
    entry.users--;
    // Closing a descriptor that somebody still uses would let its number come back as another folder.
    if (entry.users === 0 && entry.dropped) await this.#closeEntry(entry);
  }

  async #closeEntry(entry: Entry): Promise<void> {
    if (entry.folder !== this.#top) await entry.folder.close();
  }
}

async function openChild(
  parent: HeldFolder,
  child: { readonly path: string; readonly name: string; readonly make: boolean },
): Promise<HeldFolder | undefined> {
  for (let attempt = 0; ; attempt++) {
    try {
      const folder = await parent.child(child.name);
      return folder ?? (await refuseLink(parent, child));
    } catch (error) {
      if (systemCode(error) !== "ENOENT") throw error;
      if (!child.make) return undefined;
      // Somebody may take it away again between making and opening; not for ever.
      if (attempt >= 3) throw unsafe(`${child.path} vanishes as soon as it is made`, error);
      await makePrivately(parent.at(child.name));
    }
  }
}

async function makePrivately(path: string): Promise<void> {
  await mkdir(path, { mode: 0o700 }).catch((error: unknown) => {
    if (systemCode(error) !== "EEXIST") throw error;
  });
}

async function refuseLink(
  parent: HeldFolder,
  child: { readonly path: string; readonly name: string },
): Promise<undefined> {
  const stats = await unlessAbsent(lstat(parent.at(child.name)));
  if (stats?.isSymbolicLink()) throw unsafe(`${child.path} is a link, and is not followed`); // check: link
  // A moment ago there was something that is no folder.
  if (stats === undefined || stats.isDirectory()) throw unsafe(`${child.path} changes while it is used`);
  return undefined;
}
