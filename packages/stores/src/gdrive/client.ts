/** The calls of Drive's API (v3) that the store needs, each one request; all of them may run twice. */
import { StoreError } from "@conclave/core";
import type { Answer } from "../http/attempt.ts";
import { sharedLimits } from "../http/limits.ts";
import { type Authorization, type Http, type Request, resilientHttp, type Settled } from "../http/resilient.ts";
import type { Timing } from "../http/timing.ts";
import {
  asFields,
  type ChangePage,
  type DriveFile,
  type DrivePermission,
  FILE_FIELDS,
  type FilePage,
  FOLDER_TYPE,
  fieldsOf,
  listIn,
  textIn,
  toChangePage,
  toFile,
  toFilePage,
  toPermissions,
} from "./answers.ts";
import { ABUSIVE, judgeDrive } from "./judge.ts";

/** Where Drive is. */
export interface DriveEndpoints {
  /** The origin of its API, for example "https://www.googleapis.com"; plain http on this machine only. */
  readonly api: string;
  /** How many writes a second one process begins there; default: as many as Google takes over time. */
  readonly writesPerSecond?: number | undefined;
}

export const GOOGLE: DriveEndpoints = { api: "https://www.googleapis.com" };

export interface DriveClientOptions {
  readonly auth: Authorization;
  readonly endpoints?: DriveEndpoints | undefined;
  readonly timing?: Timing | undefined;
  readonly fetch?: typeof fetch | undefined;
  readonly stallMs?: number | undefined;
  /** Told true when Drive has been silent for some seconds while it is waited for, and false when it answers. */
  readonly onSilence?: ((isSilent: boolean) => void) | undefined;
  /** Ends every wait and every request at once: the command is called off, or the store closed. */
  readonly signal?: AbortSignal | undefined;
}

/** What every call may be given. */
export interface CallContext {
  /** For errors: "store a/b". */
  readonly doing: string;
  readonly signal?: AbortSignal | undefined;
}

export interface NewFile {
  readonly id: string;
  readonly name: string;
  readonly parents: readonly string[];
  readonly properties?: Readonly<Record<string, string>>;
}

/** Enough for a page of a thousand files. */
const JSON_BYTES_MAX = 16 * 1024 * 1024;
/** Drive takes about three writes a second of one account over time; more is answered with 403 and lost time. */
const WRITES_PER_SECOND = 3;
const REQUESTS_AT_ONCE = 8;

export class DriveClient {
  readonly #http: Http;
  readonly #api: string;

  constructor(options: DriveClientOptions) {
    const { auth, endpoints = GOOGLE, timing, fetch, stallMs, onSilence, signal } = options;
    this.#api = new URL(endpoints.api).origin;
    this.#http = resilientHttp({
      name: "Google Drive",
      auth,
      judge: judgeDrive,
      limits: sharedLimits(this.#api, {
        atOnce: REQUESTS_AT_ONCE,
        writesPerSecond: endpoints.writesPerSecond ?? WRITES_PER_SECOND,
        ...(timing && { timing }),
      }),
      timing,
      fetch,
      stallMs,
      onSilence,
      signal,
    });
  }

  get counts(): ReadonlyMap<string, number> {
    return this.#http.counts;
  }

  /** The account that is signed in, as an address. */
  async account(context: CallContext): Promise<string> {
    const fields = await this.#json({
      ...context,
      kind: "about",
      path: "about",
      query: { fields: "user(emailAddress)" },
    });
    const account = textIn(asFields(fields.user), "emailAddress");
    if (account === undefined) throw new StoreError("Google Drive does not tell the account", { code: "unavailable" });
    return account;
  }

  /** Undefined if there is none, or this account may not see it. */
  async file(id: string, context: CallContext): Promise<DriveFile | undefined> {
    const answer = await this.#send({ ...context, kind: "file", path: filePath(id), query: { fields: FILE_FIELDS } });
    return answer.status === 404 ? undefined : toFile(fieldsOf(answer, context.doing));
  }

  /** One page of what a query finds. `driveId` names the shared drive to look in. */
  async files(
    query: { readonly q: string; readonly page?: string | undefined; readonly driveId?: string | undefined },
    context: CallContext,
  ): Promise<FilePage> {
    const { q, page, driveId } = query;
    const fields = await this.#json({
      ...context,
      kind: "list",
      path: "files",
      query: {
        q,
        fields: `nextPageToken,incompleteSearch,files(${FILE_FIELDS})`,
        pageSize: "1000",
        includeItemsFromAllDrives: "true",
        ...(driveId !== undefined && { corpora: "drive", driveId }),
        ...(page !== undefined && { pageToken: page }),
      },
    });
    return toFilePage(fields);
  }

  /** Where the feed of changes stands now. */
  async startToken(driveId: string | undefined, context: CallContext): Promise<string> {
    const query = driveId === undefined ? {} : { driveId };
    const fields = await this.#json({ ...context, kind: "changes", path: "changes/startPageToken", query });
    const token = textIn(fields, "startPageToken");
    if (token === undefined) throw new StoreError("Google Drive gives no token for changes", { code: "unavailable" });
    return token;
  }

  /** One page of the feed; undefined if the token is not good any more. */
  async changes(token: string, driveId: string | undefined, context: CallContext): Promise<ChangePage | undefined> {
    const answer = await this.#send({
      ...context,
      kind: "changes",
      path: "changes",
      query: {
        pageToken: token,
        pageSize: "1000",
        includeRemoved: "true",
        includeItemsFromAllDrives: "true",
        fields: `nextPageToken,newStartPageToken,changes(fileId,removed,file(${FILE_FIELDS}))`,
        ...(driveId !== undefined && { driveId }),
      },
      understands: [400, 403],
    });
    return answer.status >= 400 ? undefined : toChangePage(fieldsOf(answer, context.doing));
  }

  /** Ids that new files may be made with, so that no lost answer makes a second file. */
  async newIds(count: number, context: CallContext): Promise<string[]> {
    const query = { count: String(count), space: "drive", type: "files" };
    const fields = await this.#json({ ...context, kind: "ids", path: "files/generateIds", query });
    return listIn(fields, "ids").filter((id) => typeof id === "string");
  }

  /** Makes a folder; undefined if something has that id already. */
  async makeFolder(folder: NewFile, context: CallContext): Promise<DriveFile | undefined> {
    const answer = await this.#send({
      ...context,
      kind: "folder",
      method: "POST",
      path: "files",
      query: { fields: FILE_FIELDS },
      json: { ...folder, mimeType: FOLDER_TYPE },
      pace: "write",
    });
    return answer.status === 409 ? undefined : this.#made(answer, context);
  }

  /** Makes a file of at most 5 MB in one request; undefined if something has that id already. */
  async upload(file: NewFile, bytes: Uint8Array<ArrayBuffer>, context: CallContext): Promise<DriveFile | undefined> {
    const { body, type } = multipart(file, bytes);
    const answer = await this.#send({
      ...context,
      kind: "put",
      method: "POST",
      path: "files",
      isUpload: true,
      query: { uploadType: "multipart", fields: FILE_FIELDS },
      headers: { "content-type": type },
      body,
      pace: "write",
    });
    return answer.status === 409 ? undefined : this.#made(answer, context);
  }

  /**
   * Begins an upload of any size.
   *
   * @returns The address to send to, a secret by itself; undefined if something has that id already.
   */
  async beginUpload(file: NewFile, sizeBytes: number, context: CallContext): Promise<string | undefined> {
    const answer = await this.#send({
      ...context,
      kind: "begin",
      method: "POST",
      path: "files",
      isUpload: true,
      query: { uploadType: "resumable", fields: FILE_FIELDS },
      json: file,
      headers: { "x-upload-content-type": OCTETS, "x-upload-content-length": String(sizeBytes) },
      pace: "write",
    });
    if (answer.status === 409) return undefined;
    const session = answer.headers.get("location");
    if (session !== null) return new URL(session, this.#api).href;
    throw new StoreError(`cannot ${context.doing}: Google Drive gives no address to send to`, { code: "unavailable" });
  }

  /**
   * Sends an upload's bytes from `from` to their end, once.
   *
   * @returns The file if it is whole, how many bytes Drive has, "unknown" if the answer was lost, or "gone" if there is no
   *   such upload any more.
   */
  async sendUpload(
    session: string,
    part: { readonly bytes: Uint8Array<ArrayBuffer>; readonly from: number; readonly tries: number },
    context: CallContext,
  ): Promise<DriveFile | number | "unknown" | "gone"> {
    const { bytes, from, tries } = part;
    const range = `bytes ${from}-${bytes.length - 1}/${bytes.length}`;
    const request = this.#uploading(session, { kind: "send", range, body: bytes.subarray(from) }, context);
    const answer = await this.#http.sendOnce(request, tries);
    return answer === undefined ? "unknown" : this.#uploaded(answer, context);
  }

  /** How far an upload has come. */
  async askUpload(session: string, sizeBytes: number, context: CallContext): Promise<DriveFile | number | "gone"> {
    const range = `bytes */${sizeBytes}`;
    const request = this.#uploading(session, { kind: "resume", range, body: new Uint8Array() }, context);
    return this.#uploaded(await this.#http.send(request), context);
  }

  #uploading(
    session: string,
    part: { readonly kind: string; readonly range: string; readonly body: Uint8Array<ArrayBuffer> },
    context: CallContext,
  ): Request {
    return {
      ...context,
      kind: part.kind,
      method: "PUT",
      url: session,
      headers: { "content-range": part.range, "content-type": OCTETS },
      body: part.body,
      bytesMax: JSON_BYTES_MAX,
      // The address is a permission by itself, so nobody else needs the token.
      authorized: new URL(session).origin === this.#api,
    };
  }

  #uploaded(answer: Answer, context: CallContext): DriveFile | number | "gone" {
    if (answer.status === 308) return keptBytes(answer);
    if (answer.status >= 400) return "gone";
    return this.#made(answer, context);
  }

  /**
   * A file's bytes, or a range of them, as the server answers.
   *
   * @param options.acknowledgesAbuse - Asks again as one who knows what Drive takes for malware, which only a file's owner
   *   may: for objects, which are ciphertext that nobody runs.
   */
  async download(
    id: string,
    options: { readonly range: string | undefined; readonly bytesMax: number; readonly acknowledgesAbuse: boolean },
    context: CallContext,
  ): Promise<Settled> {
    const call: Call = {
      ...context,
      kind: "get",
      path: filePath(id),
      query: { alt: "media" },
      headers: options.range === undefined ? {} : { range: options.range },
      bytesMax: options.bytesMax,
    };
    const answer = await this.#send({ ...call, understandsReasons: options.acknowledgesAbuse ? [ABUSIVE] : [] });
    if (answer.status !== 403) return answer;
    return this.#send({ ...call, query: { ...call.query, acknowledgeAbuse: "true" } });
  }

  /** Deletes a file for good, past any trash. */
  async delete(id: string, context: CallContext): Promise<"deleted" | "absent" | "refused"> {
    const answer = await this.#send({
      ...context,
      kind: "delete",
      method: "DELETE",
      path: filePath(id),
      understands: [403],
      pace: "write",
    });
    if (answer.status === 403) return "refused";
    // Who asked twice because the first answer was lost has deleted it.
    if (answer.status === 404) return answer.retried ? "deleted" : "absent";
    return "deleted";
  }

  /** Takes a file out of a folder, or puts it into the trash. */
  async update(
    id: string,
    change: { readonly removeParent: string } | { readonly trashed: true },
    context: CallContext,
  ): Promise<"done" | "absent" | "refused"> {
    const answer = await this.#send({
      ...context,
      kind: "update",
      method: "PATCH",
      path: filePath(id),
      query: { fields: "id", ...("removeParent" in change && { removeParents: change.removeParent }) },
      json: "trashed" in change ? change : {},
      understands: [403],
      pace: "write",
    });
    if (answer.status === 403) return "refused";
    return answer.status === 404 ? "absent" : "done";
  }

  /** Everybody who may reach a file; undefined if there is no such file. */
  async permissions(id: string, context: CallContext): Promise<DrivePermission[]> {
    const found: DrivePermission[] = [];
    let page: string | undefined;
    do {
      const fields = await this.#json({
        ...context,
        kind: "sharing",
        path: `${filePath(id)}/permissions`,
        query: {
          fields: "nextPageToken,permissions(id,type,role,emailAddress)",
          pageSize: "100",
          ...(page !== undefined && { pageToken: page }),
        },
      });
      found.push(...toPermissions(fields));
      page = textIn(fields, "nextPageToken");
    } while (page !== undefined && found.length < PERMISSIONS_MAX);
    return found;
  }

  async grant(
    id: string,
    permission: { readonly account: string; readonly role: "reader" | "writer" },
    context: CallContext,
  ): Promise<void> {
    await this.#json({
      ...context,
      kind: "sharing",
      method: "POST",
      path: `${filePath(id)}/permissions`,
      query: { sendNotificationEmail: "false", fields: "id" },
      json: { type: "user", role: permission.role, emailAddress: permission.account },
      pace: "write",
    });
  }

  async changeRole(id: string, permission: string, role: "reader" | "writer", context: CallContext): Promise<void> {
    await this.#json({
      ...context,
      kind: "sharing",
      method: "PATCH",
      path: `${filePath(id)}/permissions/${encodeURIComponent(permission)}`,
      query: { fields: "id" },
      json: { role },
      pace: "write",
    });
  }

  async withdraw(id: string, permission: string, context: CallContext): Promise<"withdrawn" | "absent" | "refused"> {
    const answer = await this.#send({
      ...context,
      kind: "sharing",
      method: "DELETE",
      path: `${filePath(id)}/permissions/${encodeURIComponent(permission)}`,
      understands: [403],
      pace: "write",
    });
    if (answer.status === 403) return "refused";
    if (answer.status === 404) return answer.retried ? "withdrawn" : "absent";
    return "withdrawn";
  }

  #made(answer: Answer, context: CallContext): DriveFile {
    if (answer.status < 300) return toFile(fieldsOf(answer, context.doing));
    throw missing(context, answer);
  }

  async #json(call: Call): Promise<Readonly<Record<string, unknown>>> {
    const answer = await this.#send(call);
    if (answer.status < 300) return fieldsOf(answer, call.doing);
    throw missing(call, answer);
  }

  #send(call: Call): Promise<Settled> {
    const { path, query = {}, json, isUpload = false, understands = [], headers, bytesMax, ...request } = call;
    const url = new URL(`${isUpload ? "/upload" : ""}/drive/v3/${path}`, this.#api);
    for (const [name, value] of Object.entries({ ...(DRIVES.test(path) && { supportsAllDrives: "true" }), ...query }))
      url.searchParams.set(name, value);
    return this.#http.send({
      method: "GET",
      bytesMax: bytesMax ?? JSON_BYTES_MAX,
      ...request,
      url: url.href,
      understands,
      headers: { ...(json !== undefined && { "content-type": "application/json; charset=UTF-8" }), ...headers },
      ...(json !== undefined && { body: JSON.stringify(json) }),
    });
  }
}

interface Call
  extends CallContext,
    Partial<Pick<Request, "method" | "headers" | "body" | "bytesMax" | "pace" | "understandsReasons">> {
  readonly kind: string;
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly json?: unknown;
  readonly isUpload?: boolean;
  /** Statuses that the call itself understands, besides those that all do. */
  readonly understands?: readonly number[];
}

/** Calls about files, which may lie in shared drives; the others refuse the word. */
const DRIVES = /^(?:changes|files(?!\/generateIds))/;
/** More accounts than a folder of Drive can be shared with. */
const PERMISSIONS_MAX = 1_000;
const OCTETS = "application/octet-stream";

function filePath(id: string): string {
  return `files/${encodeURIComponent(id)}`;
}

/** What was to be used is gone, for this account at least. */
function missing({ doing }: CallContext, { status }: Answer): StoreError {
  const message = `cannot ${doing}: the folder on Google Drive is not there any more, or not shared with this account`;
  if (status === 404) return new StoreError(message, { code: "not-found" });
  return new StoreError(`cannot ${doing}: Google Drive answers ${status}`, { code: "refused" });
}

/** "bytes=0-N" says that N + 1 are kept; no header, that none are. */
function keptBytes(answer: Answer): number {
  const last = /^bytes=0-(\d{1,15})$/.exec(answer.headers.get("range") ?? "")?.[1];
  return last === undefined ? 0 : Number(last) + 1;
}

/** Metadata and bytes in one body (RFC 2387). The boundary is random, so that no bytes can hold it but by chance. */
function multipart(
  file: NewFile,
  bytes: Uint8Array,
): { readonly body: Uint8Array<ArrayBuffer>; readonly type: string } {
  const boundary = `conclave-${crypto.randomUUID()}`;
  const encoder = new TextEncoder();
  const head = encoder.encode(
    `--${boundary}\r\ncontent-type: application/json; charset=UTF-8\r\n\r\n${JSON.stringify(file)}\r\n` +
      `--${boundary}\r\ncontent-type: ${OCTETS}\r\n\r\n`,
  );
  const tail = encoder.encode(`\r\n--${boundary}--\r\n`);
  const body = new Uint8Array(head.length + bytes.length + tail.length);
  body.set(head);
  body.set(bytes, head.length);
  body.set(tail, head.length + bytes.length);
  return { body, type: `multipart/related; boundary=${boundary}` };
}
