/** Bytes on their way: in parts, in ranges, with digests. */
import { createHash } from "node:crypto";
import type { Said } from "../drive-account.ts";
import { outcome, type Scene, type Trap } from "./trap.ts";

const PART_BYTES = 256 * 1024;

export const TRANSFER_TRAPS: readonly Trap<Scene>[] = [
  {
    name: "an upload in parts says how far it is, and answers again once it is whole",
    async observe({ ask, folder }) {
      const bytes = new Uint8Array(2 * PART_BYTES).fill(7);
      const session = await openSession({ ask, folder }, bytes.length);
      const put = (range: string, body: Uint8Array<ArrayBuffer>) =>
        ask(session, { method: "PUT", headers: { "content-range": range }, body });
      const first = await put(`bytes 0-${PART_BYTES - 1}/${bytes.length}`, bytes.subarray(0, PART_BYTES));
      const question = await put(`bytes */${bytes.length}`, new Uint8Array());
      const last = await put(`bytes ${PART_BYTES}-${bytes.length - 1}/${bytes.length}`, bytes.subarray(PART_BYTES));
      const again = await put(`bytes */${bytes.length}`, new Uint8Array());
      return { parts: [first, question, last, again].map(progress), isSame: last.json.id === again.json.id };
    },
  },
  {
    name: "an upload that nobody knows is not there",
    async observe({ ask, folder }) {
      const session = new URL(await openSession({ ask, folder }, 10));
      session.searchParams.set("upload_id", "unknown");
      const headers = { "content-range": "bytes 0-9/10" };
      return (await ask(session.href, { method: "PUT", headers, body: "0123456789" })).status;
    },
  },
  {
    name: "a range is a range: within, to the end, beyond it, the last bytes",
    async observe({ made, file }) {
      const id = await made("a", "0123456789");
      const seen = [];
      for (const range of ["bytes=3-6", "bytes=8-107", "bytes=10-11", "bytes=-3"]) {
        const { status, headers, text } = await file(id, { query: { alt: "media" }, headers: { range } });
        seen.push({ range, status, said: headers.get("content-range"), ...(status < 300 && { text }) });
      }
      return seen;
    },
  },
  {
    name: "size and digests are told at once, and are right",
    async observe({ made, file }) {
      const id = await made("a", "hello");
      const { json } = await file(id, { query: { fields: "size,md5Checksum,sha1Checksum,sha256Checksum" } });
      const digest = (algorithm: string) => createHash(algorithm).update("hello").digest("hex");
      const digests = ["md5", "sha1", "sha256"].map((name) => [name, json[`${name}Checksum`] === digest(name)]);
      return { size: json.size, ...Object.fromEntries(digests) };
    },
  },
];

async function openSession({ ask, folder }: Pick<Scene, "ask" | "folder">, sizeBytes: number): Promise<string> {
  const opened = await ask("/upload/drive/v3/files", {
    method: "POST",
    query: { uploadType: "resumable", fields: "id" },
    headers: { "x-upload-content-type": "application/octet-stream", "x-upload-content-length": String(sizeBytes) },
    json: { name: "parts", parents: [folder] },
  });
  const session = opened.headers.get("location");
  if (session !== null) return session;
  throw new Error(`no upload could be begun: ${outcome(opened)}`);
}

function progress(said: Said): string {
  return `${said.status} ${said.headers.get("range") ?? ""}`.trim();
}
