/** Somebody who talks to the emulated Drive by plain requests. */
import { expect } from "vitest";
import type { EmulatedGoogle } from "../../src/index.ts";

type Json = Record<string, unknown>;
type Named = { readonly id: string; readonly name: string };
type Change = { readonly fileId: string; readonly removed: boolean };
type Sent = { readonly headers?: Record<string, string>; readonly json?: unknown };

/** A person's requests. */
export type Person = ReturnType<typeof personAt>;

/** Signs somebody in. */
export function personAt(google: EmulatedGoogle, email: string, scopes?: readonly string[]) {
  const { accessToken } = google.signIn(email, scopes);
  const authorization = `Bearer ${accessToken}`;
  const send = (url: string, init: RequestInit): Promise<Response> =>
    fetch(url, { ...init, headers: { authorization, ...(init.headers as Record<string, string>) } });

  async function call(method: string, path: string, { headers = {}, json }: Sent = {}): Promise<Response> {
    const typed = json === undefined ? {} : { "content-type": "application/json" };
    const body = json === undefined ? null : JSON.stringify(json);
    return send(`${google.url}/drive/v3/${path}`, { method, headers: { ...typed, ...headers }, body });
  }

  async function ok(method: string, path: string, sent?: Sent): Promise<Json> {
    const answer = await call(method, path, sent);
    const text = await answer.text();
    expect(answer.ok, text).toBe(true);
    return text === "" ? {} : (JSON.parse(text) as Json);
  }

  async function tryUpload(metadata: Json, bytes: Uint8Array, query = ""): Promise<Response> {
    const head = `--b0\r\ncontent-type: application/json\r\n\r\n${JSON.stringify(metadata)}\r\n--b0\r\ncontent-type: text/x\r\n\r\n`;
    const body = new Blob([head, new Uint8Array(bytes), "\r\n--b0--"]);
    const headers = { "content-type": "multipart/related; boundary=b0" };
    return send(`${google.url}/upload/drive/v3/files?uploadType=multipart${query}`, { method: "POST", headers, body });
  }

  async function list(q: string, more = ""): Promise<Named[]> {
    const found: Named[] = [];
    let token = "";
    do {
      const page = await ok("GET", `files?q=${encodeURIComponent(q)}${token && `&pageToken=${token}`}${more}`);
      found.push(...(page.files as Named[]));
      token = (page.nextPageToken as string | undefined) ?? "";
    } while (token !== "");
    return found;
  }

  async function changes(from: string): Promise<{ changes: Change[]; next: string }> {
    const found: Change[] = [];
    for (let token = from; ; ) {
      const page = await ok("GET", `changes?pageToken=${token}`);
      found.push(...(page.changes as Change[]));
      if (page.newStartPageToken) return { changes: found, next: page.newStartPageToken as string };
      token = page.nextPageToken as string;
    }
  }

  return {
    accessToken,
    fetch: send,
    call,
    ok,
    tryUpload,
    list,
    changes,
    async upload(metadata: Json, bytes: Uint8Array, query = ""): Promise<Named> {
      const answer = await tryUpload(metadata, bytes, query);
      expect(answer.status).toBe(200);
      return (await answer.json()) as Named;
    },
    async read(id: string, range?: string): Promise<Uint8Array> {
      const answer = await call("GET", `files/${id}?alt=media`, { headers: range === undefined ? {} : { range } });
      expect(answer.status).toBe(range === undefined ? 200 : 206);
      return new Uint8Array(await answer.arrayBuffer());
    },
    async folder(name: string): Promise<string> {
      const json = { name, mimeType: "application/vnd.google-apps.folder" };
      return (await ok("POST", "files", { json })).id as string;
    },
    async share(id: string, emailAddress: string, role: string): Promise<string> {
      const json = { type: "user", role, emailAddress };
      return (await ok("POST", `files/${id}/permissions`, { json })).id as string;
    },
    async startPageToken(): Promise<string> {
      return (await ok("GET", "changes/startPageToken")).startPageToken as string;
    },
    async startUpload(metadata: Json, sizeBytes: number): Promise<string> {
      const headers = { "content-type": "application/json", "x-upload-content-length": String(sizeBytes) };
      const url = `${google.url}/upload/drive/v3/files?uploadType=resumable`;
      const answer = await send(url, { method: "POST", headers, body: JSON.stringify(metadata) });
      return answer.headers.get("location") ?? "";
    },
  };
}
