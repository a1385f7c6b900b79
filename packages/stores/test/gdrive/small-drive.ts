/**
 * A small Drive in memory, behind a `fetch`: accounts that own what they make, folders, a feed of changes, lag, and faults
 * at any point, in virtual time. It knows only what the store asks, and refuses the rest.
 */
import { createHash } from "node:crypto";

const FOLDER = "application/vnd.google-apps.folder";

export interface SmallFile {
  readonly id: string;
  readonly mimeType: string;
  readonly owner: string;
  readonly created: number;
  readonly properties: Readonly<Record<string, string>>;
  name: string;
  parent: string | undefined;
  bytes: Uint8Array<ArrayBuffer>;
  trashed: boolean;
  isAbusive: boolean;
  /** Lists do not show it yet. */
  isLate: boolean;
}

/** What happens to one request: before it is done, after it, or to its answer. */
export type DriveFault =
  | { readonly kind: "answer"; readonly response: () => Response }
  | { readonly kind: "reset" }
  | { readonly kind: "lost" }
  | { readonly kind: "cut"; readonly at: number };

export interface DriveRequest {
  readonly account: string;
  readonly method: string;
  readonly url: URL;
  readonly headers: Headers;
  readonly body: Uint8Array<ArrayBuffer>;
}

interface Session {
  readonly owner: string;
  readonly metadata: Metadata;
  readonly size: number;
  kept: Uint8Array<ArrayBuffer>;
}

interface Metadata {
  readonly id: string;
  readonly name: string;
  readonly mimeType?: string;
  readonly parents: readonly string[];
  readonly properties?: Readonly<Record<string, string>>;
}

/** The folder that a test's group lies in. */
export const ROOT = "group-folder-0001";

export class SmallDrive {
  readonly files = new Map<string, SmallFile>();
  /** Who may do what in the group's folder: the first is its owner. */
  readonly members = new Map<string, "owner" | "writer" | "reader">();
  readonly requests: DriveRequest[] = [];
  /** Asked for each request. */
  fault: ((request: DriveRequest) => DriveFault | undefined) | undefined;
  pageSize = 300;
  quotaBytes = Number.POSITIVE_INFINITY;
  /** Tokens of changes before this one have expired. */
  oldestToken = 0;
  listsAreLate = false;
  hasHashes = true;
  readonly #feed: string[] = [];
  readonly #sessions = new Map<string, Session>();
  #ids = 0;
  #time = 0;

  constructor(...accounts: readonly string[]) {
    const [owner = "alice"] = accounts;
    this.add({ id: ROOT, name: "Group", mimeType: FOLDER, parents: ["root"] }, { owner });
    for (const account of accounts.length === 0 ? [owner] : accounts) {
      this.members.set(account, account === owner ? "owner" : "writer");
    }
  }

  /** Puts a file there, as some other client might. */
  add(metadata: Metadata, options: { readonly owner: string; readonly bytes?: Uint8Array }): SmallFile {
    const file: SmallFile = {
      id: metadata.id,
      mimeType: metadata.mimeType ?? "application/octet-stream",
      owner: options.owner,
      created: ++this.#time,
      properties: metadata.properties ?? {},
      name: metadata.name,
      parent: metadata.parents[0],
      bytes: new Uint8Array(options.bytes ?? []),
      trashed: false,
      isAbusive: false,
      isLate: this.listsAreLate,
    };
    this.files.set(file.id, file);
    this.changed(file.id);
    return file;
  }

  /** Notes a change for everybody's feed. */
  changed(id: string): void {
    this.#feed.push(id);
  }

  /** All files of a name that lie in the folder or below. */
  named(name: string): SmallFile[] {
    return [...this.files.values()].filter((file) => file.name === name && this.#isInside(file));
  }

  /** The `fetch` of one account; its token is its name. */
  readonly fetch: typeof fetch = async (input, init = {}) => {
    const headers = new Headers(init.headers);
    const body =
      typeof init.body === "string"
        ? new TextEncoder().encode(init.body)
        : new Uint8Array((init.body as Uint8Array) ?? []);
    const account = headers.get("authorization")?.replace("Bearer ", "").replace(/\..*/, "") ?? "";
    const request = { account, method: init.method ?? "GET", url: new URL(String(input)), headers, body };
    init.signal?.throwIfAborted();
    this.requests.push(request);
    const fault = this.fault?.(request);
    await new Promise((resolve) => setImmediate(resolve));
    if (fault?.kind === "answer") return fault.response();
    if (fault?.kind === "reset") {
      this.#keepSome(request);
      throw reset();
    }
    const response = this.#answer(request);
    if (fault?.kind === "lost") throw reset();
    return fault?.kind === "cut" ? cutAt(response, fault.at) : response;
  };

  /** An upload that breaks off leaves what had arrived, in Drive's own steps. */
  #keepSome({ url, body, headers }: DriveRequest): void {
    const session = this.#sessions.get(url.pathname);
    const from = Number(/^bytes (\d+)-/.exec(headers.get("content-range") ?? "")?.[1] ?? Number.NaN);
    if (!session || Number.isNaN(from) || from !== session.kept.length) return;
    const arrived = Math.floor(body.length / 2 / STEP_BYTES) * STEP_BYTES;
    session.kept = concat(session.kept, body.subarray(0, arrived));
  }

  #answer(request: DriveRequest): Response {
    const { method, url } = request;
    const path = url.pathname;
    if (this.#sessions.has(path)) return this.#upload(request);
    if (!this.members.has(request.account)) return failure(401, "authError");
    const route = `${method} ${path}`;
    if (route === "GET /drive/v3/files/generateIds") return this.#newIds(url);
    if (route === "GET /drive/v3/changes/startPageToken") return json({ startPageToken: String(this.#feed.length) });
    if (route === "GET /drive/v3/changes") return this.#changes(request);
    if (route === "GET /drive/v3/files") return this.#list(request);
    if (route === "GET /drive/v3/about") return json({ user: { emailAddress: `${request.account}@example.org` } });
    if (route === "POST /drive/v3/files") return this.#create(request, readJson(request.body), new Uint8Array());
    if (route === "POST /upload/drive/v3/files") return this.#beginOrCreate(request);
    return this.#file(request);
  }

  #newIds(url: URL): Response {
    const count = Number(url.searchParams.get("count"));
    return json({ ids: Array.from({ length: count }, () => `made-up-id-${String(++this.#ids).padStart(8, "0")}`) });
  }

  #changes({ url, account }: DriveRequest): Response {
    const from = Number(url.searchParams.get("pageToken"));
    if (from < this.oldestToken) return failure(400, "invalid");
    const to = Math.min(this.#feed.length, from + this.pageSize);
    const changes = [...new Set(this.#feed.slice(from, to))].map((fileId) => {
      const file = this.files.get(fileId);
      const isSeen = file !== undefined && this.#maySee(file, account);
      return isSeen ? { fileId, removed: false, file: this.#show(file, account) } : { fileId, removed: true };
    });
    return json({
      changes,
      ...(to < this.#feed.length ? { nextPageToken: String(to) } : { newStartPageToken: String(to) }),
    });
  }

  /** Understands what the store asks, and nothing more. */
  #list({ url, account }: DriveRequest): Response {
    const q = url.searchParams.get("q") ?? "";
    const parents = [...q.matchAll(/'((?:[^'\\]|\\.)*)' in parents/g)].map(([, id]) => id);
    const name = /\bname = '((?:[^'\\]|\\.)*)'/.exec(q)?.[1]?.replace(/\\(.)/g, "$1");
    const mark = /properties has \{ key='([^']*)' and value='([^']*)' \}/.exec(q);
    const found = [...this.files.values()].filter(
      (file) =>
        this.#maySee(file, account) &&
        (mark ? file.owner === account && file.properties[mark[1] as string] === mark[2] : !file.isLate) &&
        (mark !== null || parents.includes(file.parent ?? "")) &&
        (name === undefined || file.name === name) &&
        (!q.includes("trashed = false") || !file.trashed),
    );
    const from = Number(url.searchParams.get("pageToken") ?? 0);
    // An empty page comes first, and one that is short, as Drive's own may.
    const to = from === 0 ? 0.5 : Math.floor(from) + this.pageSize;
    const files = found.slice(Math.floor(from), Math.floor(to)).map((file) => this.#show(file, account));
    return json({ files, incompleteSearch: false, ...(to < found.length && { nextPageToken: String(to) }) });
  }

  #beginOrCreate(request: DriveRequest): Response {
    const { url, headers, body, account } = request;
    if (url.searchParams.get("uploadType") === "multipart") {
      const { metadata, bytes } = readMultipart(body, headers.get("content-type") ?? "");
      return this.#create(request, metadata, bytes);
    }
    const metadata = readJson(body);
    if (this.files.has(metadata.id)) return failure(409, "conflict");
    const path = `/upload/session/${++this.#ids}`;
    const size = Number(headers.get("x-upload-content-length"));
    this.#sessions.set(path, { owner: account, metadata, size, kept: new Uint8Array() });
    return json({}, 200, { location: `${url.origin}${path}` });
  }

  #upload({ url, headers, body }: DriveRequest): Response {
    const session = this.#sessions.get(url.pathname) as Session;
    const made = this.files.get(session.metadata.id);
    if (made) return json(this.#show(made, session.owner));
    const range = headers.get("content-range") ?? "";
    const from = Number(/^bytes (\d+)-/.exec(range)?.[1] ?? Number.NaN);
    if (!Number.isNaN(from)) {
      if (from !== session.kept.length) return failure(400, "badContentRange");
      session.kept = concat(session.kept, body);
    }
    if (session.kept.length === session.size) {
      const file = this.add(session.metadata, { owner: session.owner, bytes: session.kept });
      return json(this.#show(file, session.owner));
    }
    const kept = session.kept.length === 0 ? {} : { range: `bytes=0-${session.kept.length - 1}` };
    return new Response(null, { status: 308, headers: kept });
  }

  #create({ account }: DriveRequest, metadata: Metadata, bytes: Uint8Array): Response {
    if (this.files.has(metadata.id)) return failure(409, "conflict");
    const [parent = ""] = metadata.parents;
    if (parent !== "root" && !this.files.has(parent)) return failure(404, "notFound");
    if (this.members.get(account) === "reader") return failure(403, "insufficientFilePermissions");
    if (bytes.length > this.quotaBytes) return failure(403, "storageQuotaExceeded");
    return json(this.#show(this.add(metadata, { owner: account, bytes }), account));
  }

  #file(request: DriveRequest): Response {
    const { method, url, account, body } = request;
    const file = this.files.get(decodeURIComponent(url.pathname.split("/")[4] ?? ""));
    if (!file || !this.#maySee(file, account)) return failure(404, "notFound");
    if (method === "GET")
      return url.searchParams.get("alt") === "media" ? this.#media(file, request) : json(this.#show(file, account));
    if (method === "DELETE") {
      if (file.owner !== account) return failure(403, "insufficientFilePermissions");
      this.files.delete(file.id);
      this.changed(file.id);
      return new Response(null, { status: 204 });
    }
    if (method !== "PATCH" || this.members.get(account) === "reader")
      return failure(403, "insufficientFilePermissions");
    if (url.searchParams.get("removeParents") === file.parent) file.parent = undefined;
    if (readJson(body) && JSON.parse(new TextDecoder().decode(body)).trashed === true) {
      if (file.owner !== account) return failure(403, "insufficientFilePermissions");
      file.trashed = true;
    }
    this.changed(file.id);
    return json({ id: file.id });
  }

  #media(file: SmallFile, { headers, account, url }: DriveRequest): Response {
    const isKnown = file.owner === account && url.searchParams.get("acknowledgeAbuse") === "true";
    if (file.isAbusive && !isKnown) return failure(403, "cannotDownloadAbusiveFile");
    const range = /^bytes=(\d+)-(\d+)$/.exec(headers.get("range") ?? "");
    const length = (bytes: Uint8Array) => ({
      "content-type": "application/octet-stream",
      "content-length": String(bytes.length),
    });
    if (!range) return new Response(file.bytes, { headers: length(file.bytes) });
    const [first, last] = [Number(range[1]), Math.min(Number(range[2]), file.bytes.length - 1)];
    if (first >= file.bytes.length) {
      const headers = { "content-type": "text/html", "content-range": `bytes */${file.bytes.length}` };
      return new Response("Request range not satisfiable", { status: 416, headers });
    }
    const part = file.bytes.slice(first, last + 1);
    const said = { "content-range": `bytes ${first}-${last}/${file.bytes.length}` };
    return new Response(part, { status: 206, headers: { ...length(part), ...said } });
  }

  #show(file: SmallFile, account: string): object {
    const hash = (algorithm: string) => createHash(algorithm).update(file.bytes).digest("hex");
    return {
      id: file.id,
      name: file.name,
      mimeType: file.mimeType,
      parents: file.parent === undefined ? [] : [file.parent],
      createdTime: new Date(file.created).toISOString(),
      trashed: file.trashed,
      ownedByMe: file.owner === account,
      owners: [{ emailAddress: `${file.owner}@example.org` }],
      properties: file.properties,
      ...(file.mimeType !== FOLDER && { size: String(file.bytes.length) }),
      ...(file.mimeType !== FOLDER && this.hasHashes && { sha256Checksum: hash("sha256") }),
    };
  }

  #maySee(file: SmallFile, account: string): boolean {
    return file.owner === account || (this.members.has(account) && this.#isInside(file));
  }

  #isInside(file: SmallFile): boolean {
    for (let at: SmallFile | undefined = file; at; at = this.files.get(at.parent ?? ""))
      if (at.id === ROOT) return true;
    return false;
  }
}

const STEP_BYTES = 256 * 1024;

/** An answer that is no success, as Google's APIs write it. */
export function failure(status: number, reason: string, headers: Readonly<Record<string, string>> = {}): Response {
  return json({ error: { code: status, message: reason, errors: [{ domain: "global", reason }] } }, status, headers);
}

function json(value: unknown, status = 200, headers: Readonly<Record<string, string>> = {}): Response {
  const text = JSON.stringify(value);
  return new Response(text, {
    status,
    headers: { "content-type": "application/json; charset=UTF-8", "content-length": String(text.length), ...headers },
  });
}

function readJson(body: Uint8Array): Metadata {
  return JSON.parse(new TextDecoder().decode(body)) as Metadata;
}

function readMultipart(body: Uint8Array, type: string): { metadata: Metadata; bytes: Uint8Array } {
  const boundary = type.split("boundary=")[1] ?? "";
  const whole = Buffer.from(body);
  const head = whole.indexOf("\r\n\r\n") + 4;
  const end = whole.indexOf(`\r\n--${boundary}`, head);
  const start = whole.indexOf("\r\n\r\n", end) + 4;
  const bytes = whole.subarray(start, whole.length - `\r\n--${boundary}--\r\n`.length);
  return { metadata: readJson(whole.subarray(head, end)), bytes };
}

/** The same answer, whose body breaks off after so many bytes. */
function cutAt(response: Response, at: number): Response {
  const { status, headers, body } = response;
  if (body === null) throw reset();
  let left = at;
  const cutting = new TransformStream<Uint8Array, Uint8Array>({
    transform(part, controller) {
      if (left >= part.length) {
        left -= part.length;
        controller.enqueue(part);
        return;
      }
      controller.enqueue(part.subarray(0, left));
      controller.error(reset());
    },
  });
  return new Response(body.pipeThrough(cutting), { status, headers });
}

/** The same Drive, whose answers are each changed by `lie` as they come. */
export function lyingDrive(drive: SmallDrive, lie: (text: string, url: URL) => string): SmallDrive {
  const fetch: SmallDrive["fetch"] = async (input, init) => {
    const answer = await drive.fetch(input, init);
    const headers = { "content-type": answer.headers.get("content-type") ?? "text/plain" };
    return new Response(lie(await answer.text(), new URL(String(input))), { status: answer.status, headers });
  };
  return Object.assign(Object.create(drive) as SmallDrive, { fetch });
}

function reset(): Error {
  return new TypeError("fetch failed", { cause: Object.assign(new Error("socket hang up"), { code: "ECONNRESET" }) });
}

function concat(left: Uint8Array, right: Uint8Array): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(left.length + right.length);
  whole.set(left);
  whole.set(right, left.length);
  return whole;
}
