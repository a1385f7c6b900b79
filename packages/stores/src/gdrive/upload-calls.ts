/** The calls that put bytes there, at once or in a session that can be gone on with. */
import { StoreError } from "@conclave/core";
import { type Answer, mayLeadTo } from "../http/attempt.ts";
import type { Request } from "../http/resilient.ts";
import { type DriveFile, FILE_FIELDS } from "./answers.ts";
import { type CallContext, type DriveCalls, JSON_BYTES_MAX } from "./calls.ts";

export interface NewFile {
  readonly id: string;
  readonly name: string;
  readonly parents: readonly string[];
  readonly properties?: Readonly<Record<string, string>>;
}

const OCTETS = "application/octet-stream";

export class DriveUploads {
  readonly #calls: DriveCalls;

  constructor(calls: DriveCalls) {
    this.#calls = calls;
  }

  /** Makes a file of at most 5 MB in one request; undefined if something has that id already. */
  async whole(file: NewFile, bytes: Uint8Array<ArrayBuffer>, context: CallContext): Promise<DriveFile | undefined> {
    const { body, type } = multipart(file, bytes);
    const answer = await this.#calls.send({
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
    return answer.status === 409 ? undefined : this.#calls.made(answer, context);
  }

  /**
   * Begins an upload of any size.
   *
   * @returns The address to send to, a secret by itself; undefined if something has that id already.
   */
  async begin(file: NewFile, sizeBytes: number, context: CallContext): Promise<string | undefined> {
    const answer = await this.#calls.send({
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
    const { api } = this.#calls;
    const session = URL.parse(answer.headers.get("location") ?? "", api);
    if (session && answer.headers.has("location") && mayLeadTo(session, new URL(api))) return session.href;
    throw new StoreError(`cannot ${context.doing}: Google Drive gives no address to send to`, { code: "unavailable" }); // check: link
  }

  /**
   * Sends an upload's bytes from `from` to their end, once.
   *
   * @returns The file if it is whole, how many bytes Drive has, "unknown" if the answer was lost, or "gone" if there is no
   *   such upload any more.
   */
  async send(
    session: string,
    part: { readonly bytes: Uint8Array<ArrayBuffer>; readonly from: number; readonly tries: number },
    context: CallContext,
  ): Promise<DriveFile | number | "unknown" | "gone"> {
    const { bytes, from, tries } = part;
    const range = `bytes ${from}-${bytes.length - 1}/${bytes.length}`;
    const request = this.#uploading(session, { kind: "send", range, body: bytes.subarray(from) }, context);
    const answer = await this.#calls.http.sendOnce(request, tries);
    return answer === undefined ? "unknown" : this.#uploaded(answer, context);
  }

  /** How far an upload has come. */
  async ask(session: string, sizeBytes: number, context: CallContext): Promise<DriveFile | number | "gone"> {
    const range = `bytes */${sizeBytes}`;
    const request = this.#uploading(session, { kind: "resume", range, body: new Uint8Array() }, context);
    return this.#uploaded(await this.#calls.http.send(request), context);
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
      authorized: new URL(session).origin === this.#calls.api,
    };
  }

  #uploaded(answer: Answer, context: CallContext): DriveFile | number | "gone" {
    if (answer.status === 308) return keptBytes(answer);
    if (answer.status >= 400) return "gone";
    return this.#calls.made(answer, context);
  }
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
