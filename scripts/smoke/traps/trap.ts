/** What a trap is, and what those who look at one do on Drive. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Asked, DriveAccount, Said } from "../drive-account.ts";
import { makeFolder } from "../own-folder.ts";

/** Something that Drive does and a store has to bear. */
export interface Trap<Where> {
  readonly name: string;
  /** What Drive shows, without whatever differs from one look to the next, as ids do. */
  observe(scene: Where): Promise<unknown>;
}

/** A file as answers describe it. */
type File = Readonly<Record<string, unknown>> & { readonly id: string };

/** One account in an empty folder. */
export interface Scene {
  readonly folder: string;
  ask(path: string, asked?: Asked): Promise<Said>;
  /** Asks about one file. */
  file(id: string, asked?: Asked): Promise<Said>;
  /** Makes a file; whatever `more` says of it goes into its metadata. */
  upload(name: string, text: string, more?: Readonly<Record<string, unknown>>): Promise<Said>;
  /** As `upload`, which must succeed; gives the id. */
  made(name: string, text: string, more?: Readonly<Record<string, unknown>>): Promise<string>;
  madeFolder(name: string): Promise<string>;
  /** Files that a query finds, all pages of them. */
  found(q: string, query?: Readonly<Record<string, string>>): Promise<readonly File[]>;
  /** What lies in a folder and is not in the trash; the scene's own without one. */
  listed(folder?: string): Promise<readonly File[]>;
  /** Looks until it is there, for half a minute; whether it came. */
  comes(isThere: () => Promise<boolean>): Promise<boolean>;
}

/** The same folder as seen by two accounts. */
export interface SharedScene extends Scene {
  readonly others: Scene;
  /** The second account. */
  readonly with: string;
}

const LOOKS_MAX = 15;
const BETWEEN_LOOKS_MS = 2_000;

export function sceneOf(place: {
  readonly mine: DriveAccount;
  readonly folder: string;
  readonly signal: AbortSignal;
}): Scene {
  const { mine, folder, signal } = place;
  const file: Scene["file"] = (id, asked) => mine.ask(`/drive/v3/files/${id}`, asked);

  const upload: Scene["upload"] = (name, text, more = {}) => {
    const metadata = JSON.stringify({ name, parents: [folder], ...more });
    const part = (type: string, body: string) => `--b\r\ncontent-type: ${type}\r\n\r\n${body}\r\n`;
    return mine.ask("/upload/drive/v3/files", {
      method: "POST",
      query: { uploadType: "multipart" },
      headers: { "content-type": "multipart/related; boundary=b" },
      body: `${part("application/json; charset=UTF-8", metadata)}${part("application/octet-stream", text)}--b--`,
    });
  };

  const found: Scene["found"] = async (q, query = {}) => {
    const files: File[] = [];
    let page: unknown;
    do {
      const { json } = await mine.ask("/drive/v3/files", {
        query: {
          q,
          fields: "nextPageToken,files(id,name,parents,trashed)",
          ...query,
          ...(typeof page === "string" && { pageToken: page }),
        },
      });
      files.push(...((json.files ?? []) as File[]));
      page = json.nextPageToken;
    } while (typeof page === "string");
    return files;
  };

  return {
    folder,
    file,
    upload,
    found,
    ask: (path, asked) => mine.ask(path, asked),
    async made(name, text, more) {
      const { json, status, reason } = await upload(name, text, more);
      if (typeof json.id === "string") return json.id;
      throw new Error(`${name} could not be made: ${status} ${reason ?? ""}`);
    },
    madeFolder: (name) => makeFolder(mine, name, folder),
    listed: (within = folder) => found(`'${within}' in parents and trashed = false`),
    async comes(isThere) {
      for (let looks = 1; !(await isThere()); looks++) {
        if (looks === LOOKS_MAX) return false;
        await sleep(BETWEEN_LOOKS_MS, undefined, { signal });
      }
      return true;
    },
  };
}

/** Status and Google's word for it. */
export function outcome({ status, reason }: Said): string {
  return reason === undefined ? String(status) : `${status} ${reason}`;
}
