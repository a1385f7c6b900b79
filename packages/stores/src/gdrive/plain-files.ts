/** Plain files in a folder of Drive, to be taken into a group. Whatever Drive says of them is not trusted: their bytes count. */
import {
  CONCLAVE_JSON_KEY,
  ConclaveError,
  HOME_LEFT_OUT,
  isHome,
  type PlainFiles,
  type SourceEntry,
  type SourceFile,
  type SourceProblem,
  StoreError,
} from "@conclave/core";
import type { DriveFile } from "./answers.ts";
import type { CallContext } from "./calls.ts";
import { quoted } from "./catch-up.ts";
import type { DriveClient } from "./client.ts";
import { readFile } from "./read.ts";

/** Folders above one another that are looked at for a group. */
const ANCESTORS_MAX = 100;
/** Folders below one another that are walked: Drive itself allows no more. */
const DEPTH_MAX = 100;
/** Pages of one folder's listing: Drive itself allows half a million files in it, a thousand to a page. */
const PAGES_MAX = 1_000;

const DOING = "read the folder on Google Drive";

/** Opens the plain files in a folder. Throws as `openDrivePlainFiles` says. */
export async function drivePlainFiles(client: DriveClient, folder: string): Promise<PlainFiles> {
  const top = await client.file(folder, { doing: DOING });
  if (!top?.isFolder || top.trashed) {
    throw new ConclaveError("there is no such folder on Google Drive, or it is not shared with this account", {
      code: "not-found",
    });
  }
  await refuseGroup(client, top);
  return new DrivePlainFiles(client, folder);
}

async function refuseGroup(client: DriveClient, top: DriveFile): Promise<void> {
  let above: DriveFile | undefined = top;
  for (let level = 0; above && level < ANCESTORS_MAX; level++) {
    const q = `${within(above.id)} and name = '${CONCLAVE_JSON_KEY}'`;
    const files = await listAll(client, { q, driveId: above.driveId }, { doing: DOING });
    if (files.length > 0) throw new ConclaveError(`${above.name} holds a Conclave group`, { code: "conflict" });
    const parent: string | undefined = above.parents[0];
    above = parent === undefined ? undefined : await client.file(parent, { doing: DOING });
  }
}

/** Files that have not yet been told whether they can be taken. */
interface Found {
  readonly name: string;
  readonly path: string;
  readonly depth: number;
  readonly files: readonly DriveFile[];
}

class DrivePlainFiles implements PlainFiles {
  readonly #client: DriveClient;
  readonly #top: string;
  /** What the last walk found at each path. */
  readonly #files = new Map<string, DriveFile>();
  readonly #folders = new Map<string, DriveFile>();

  constructor(client: DriveClient, top: string) {
    this.#client = client;
    this.#top = top;
  }

  async *walk(options: { readonly signal?: AbortSignal } = {}): AsyncGenerator<SourceEntry | SourceProblem> {
    yield* this.#walkFolder({ path: "", ids: [this.#top], depth: 0 }, options.signal);
  }

  async open(path: string): Promise<SourceFile> {
    const file = this.#files.get(path);
    if (!file) throw changed(path);
    return {
      read: async (offset, into) => {
        if (offset >= file.size || into.length === 0) return 0;
        // What Drive takes for malware may be that: these are no objects of ours.
        const source = { id: file.id, key: path, size: file.size, acknowledgesAbuse: false };
        const bytes = await readFile(this.#client, source, { offset, length: into.length });
        if (bytes === undefined) throw changed(path);
        into.set(bytes);
        return bytes.length;
      },
      state: () => this.#state(file, path),
      close: async () => undefined,
    };
  }

  async deleteFile({ path }: SourceEntry): Promise<"deleted" | "changed" | "refused"> {
    const file = this.#files.get(path);
    const now = file && (await this.#client.file(file.id, { doing: `look at ${path}` }));
    if (!now || now.trashed || !isSame(file, now)) return "changed";
    return (await this.#client.delete(now.id, { doing: `delete ${path}` })) === "refused" ? "refused" : "deleted";
  }

  /** Into the trash, from which it comes back: nobody can know that nothing was put into it since it was seen empty. */
  async deleteFolder(path: string): Promise<boolean> {
    const folder = this.#folders.get(path);
    if (!folder) return false;
    const context = { doing: `delete ${path}` };
    const files = await listAll(this.#client, { q: within(folder.id), driveId: folder.driveId }, context);
    if (files.length > 0) return false;
    return (await this.#client.update(folder.id, { trashed: true }, context)) === "done";
  }

  async *#walkFolder(
    folder: { readonly path: string; readonly ids: readonly string[]; readonly depth: number },
    signal: AbortSignal | undefined,
  ): AsyncGenerator<SourceEntry | SourceProblem> {
    const listed = folder.ids.map((id) => listAll(this.#client, { q: within(id) }, { doing: DOING, signal }));
    const named = Map.groupBy((await Promise.all(listed)).flat().sort(byNameAndAge), ({ name }) => name);
    if (isHome((name) => named.has(name))) {
      yield { path: folder.path, problem: HOME_LEFT_OUT }; // check: key
      return;
    }
    for (const [name, files] of named) {
      const path = folder.path === "" ? name : `${folder.path}/${name}`;
      yield* this.#walkNamed({ name, path, depth: folder.depth + 1, files }, signal);
    }
  }

  /** Folders of one name are one, as in a group; of several files of one name nobody could say which is meant. */
  async *#walkNamed(
    { name, path, depth, files }: Found,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<SourceEntry | SourceProblem> {
    const folders = files.filter(({ isFolder }) => isFolder);
    const [file, ...others] = files.filter(({ isFolder }) => !isFolder);
    const problem = problemWith(name, { depth, file, isTwofold: others.length > 0 || (file && folders.length > 0) });
    if (problem !== undefined) yield { path, problem };
    else if (file) {
      this.#files.set(path, file);
      yield { path, kind: "file", size: file.size, modified: file.modified, executable: false };
    } else if (folders[0]) {
      this.#folders.set(path, folders[0]);
      yield { path, kind: "folder", size: 0, modified: folders[0].modified, executable: false };
      yield* this.#walkFolder({ path, depth, ids: folders.map(({ id }) => id) }, signal);
    }
  }

  async #state(file: DriveFile, path: string): Promise<{ readonly size: number; readonly modified: number }> {
    const now = await this.#client.file(file.id, { doing: `look at ${path}` });
    if (!now || now.trashed) throw changed(path);
    return { size: now.size, modified: now.modified };
  }
}

/** All that a query finds; a page may be empty and not the last. */
async function listAll(
  client: DriveClient,
  query: { readonly q: string; readonly driveId?: string | undefined },
  context: CallContext,
): Promise<DriveFile[]> {
  const files: DriveFile[] = [];
  let page: string | undefined;
  for (let pages = 0; pages < PAGES_MAX; pages++) {
    const found = await client.files({ ...query, page }, context);
    files.push(...found.files);
    page = found.next;
    if (page === undefined) return files;
  }
  throw new StoreError(`cannot ${context.doing}: its listing has no end`, { code: "unavailable" }); // check: size
}

function problemWith(
  name: string,
  {
    depth,
    file,
    isTwofold,
  }: { readonly depth: number; readonly file: DriveFile | undefined; readonly isTwofold: unknown },
): string | undefined {
  if (name === "" || name === "." || name === ".." || /[/\0]/.test(name) || !name.isWellFormed())
    return "its name cannot be that of a file: rename it on Google Drive"; // check: link
  if (depth > DEPTH_MAX) return `it lies deeper than ${DEPTH_MAX} folders`; // check: size
  if (isTwofold) return "several things have this name: rename all but one on Google Drive";
  if (file && !file.isPlain)
    return "a document or shortcut of Google's has no bytes of its own: export it there, or leave it";
  return undefined;
}

/** Whether Drive says that a file's bytes are still the same. Its time of change says nothing: clients set it. */
function isSame(before: DriveFile, now: DriveFile): boolean {
  const isUntouched = before.size === now.size && before.modified === now.modified;
  return isUntouched && before.sha256 === now.sha256 && before.sha1 === now.sha1; // check: digest
}

function byNameAndAge(left: DriveFile, right: DriveFile): number {
  return compare(left.name, right.name) || left.created - right.created || compare(left.id, right.id);
}

function compare(left: string, right: string): number {
  return left < right ? -1 : Number(left > right);
}

function within(id: string): string {
  return `${quoted(id)} in parents and trashed = false`;
}

function changed(path: string): ConclaveError {
  return new ConclaveError(`${path} is gone from Google Drive, or changed, since it was listed`, {
    code: "source-changed",
  });
}
