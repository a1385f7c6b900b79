/** Sending one file so that a lost answer makes no second one, and checking what Drive says it has stored. */
import { StoreError } from "@conclave/core";
import type { DriveFile } from "./answers.ts";
import type { CallContext } from "./calls.ts";
import type { DriveClient } from "./client.ts";
import type { NewFile } from "./upload-calls.ts";

/** Larger ones go through an upload of their own, which can be resumed. Drive's own limit for one request. */
const ONE_REQUEST_BYTES_MAX = 5_000_000;
const SESSIONS_MAX = 5;
const FILES_MAX = 3;

/** A file to be made, without an id. */
export interface Upload {
  readonly name: string;
  readonly parent: string;
  readonly properties?: Readonly<Record<string, string>>;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/**
 * Stores a file.
 *
 * @param nextId - Gives an id that Drive has made up for us and that was used for nothing else.
 * @throws StoreError `unavailable` if what Drive has stored is not what was sent, however often it was sent.
 */
export async function storeFile(
  client: DriveClient,
  options: { readonly upload: Upload; readonly nextId: () => Promise<string> },
  context: CallContext,
): Promise<DriveFile> {
  const { upload, nextId } = options;
  const { bytes, name, parent, properties } = upload;
  for (let files = 0; files < FILES_MAX; files++) {
    const file = { id: await nextId(), name, parents: [parent], ...(properties && { properties }) };
    // Something has that id: ours, if an answer was lost.
    const made = (await send(client, { file, bytes }, context)) ?? (await client.file(file.id, context));
    if (made !== undefined && (await isStored(client, { made, bytes }, context))) return made; // check: digest
    if (made?.ownedByMe === true && made.name === name) await client.delete(made.id, context);
  }
  throw new StoreError(`cannot ${context.doing}: Google Drive does not store what was sent`, { code: "unavailable" });
}

async function send(
  client: DriveClient,
  options: { readonly file: NewFile; readonly bytes: Uint8Array<ArrayBuffer> },
  context: CallContext,
): Promise<DriveFile | undefined> {
  const { file, bytes } = options;
  if (bytes.length <= ONE_REQUEST_BYTES_MAX) return client.uploads.whole(file, bytes, context);
  for (let sessions = 0; sessions < SESSIONS_MAX; sessions++) {
    const session = await client.uploads.begin(file, bytes.length, context);
    if (session === undefined) return undefined;
    const made = await sendThrough(client, { session, bytes }, context);
    if (made !== "gone") return made;
  }
  throw new StoreError(`cannot ${context.doing}: Google Drive forgets the upload again and again`, {
    code: "unavailable",
  });
}

/** Goes on where Drive says that it is, until it has all. */
async function sendThrough(
  client: DriveClient,
  { session, bytes }: { readonly session: string; readonly bytes: Uint8Array<ArrayBuffer> },
  context: CallContext,
): Promise<DriveFile | "gone"> {
  let from = 0;
  for (let tries = 1; ; tries++) {
    const sent = await client.uploads.send(session, { bytes, from, tries }, context);
    const state = sent === "unknown" ? await client.uploads.ask(session, bytes.length, context) : sent;
    if (typeof state !== "number") return state;
    // All is there, but the file is not: a session that cannot be finished is begun anew.
    if (state >= bytes.length || tries >= TRIES_MAX) return "gone";
    if (state > from) tries = 0;
    from = state;
  }
}

/** Most tries that get no further. */
const TRIES_MAX = 40;

/** By length and the provider's digest; where it has none yet the bytes are read back. */
async function isStored(
  client: DriveClient,
  { made, bytes }: { readonly made: DriveFile; readonly bytes: Uint8Array<ArrayBuffer> },
  context: CallContext,
): Promise<boolean> {
  if (made.size !== bytes.length) return false;
  if (made.sha256 !== undefined) return made.sha256 === (await hexDigest("SHA-256", bytes));
  if (made.sha1 !== undefined) return made.sha1 === (await hexDigest("SHA-1", bytes));
  const back = await client.download(
    made.id,
    { range: undefined, bytesMax: bytes.length, acknowledgesAbuse: true },
    context,
  );
  if (back.status !== 200 || back.bytes.length !== bytes.length) return false; // check: cut
  return back.bytes.every((byte, index) => byte === bytes[index]);
}

/** A digest as Drive writes it. */
export async function hexDigest(algorithm: "SHA-256" | "SHA-1", bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest(algorithm, bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
