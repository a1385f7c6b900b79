/** The core's `Crypto` port on Node's own cryptography. Same results as in JavaScript, several times as fast. */
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  type KeyObject,
  randomFillSync,
  sign as signNatively,
  verify as verifyNatively,
} from "node:crypto";
import { availableParallelism } from "node:os";
import { ConclaveError, type Crypto, chunkLayout, type SealedPayload } from "@conclave/core";
import { type OpenOptions, openNatively, type SealOptions, sealNatively } from "./payload.ts";
import { PayloadWorkers } from "./payload-workers.ts";

/** Payloads from this size on go to a worker thread; below it the way there costs more than it frees. */
export const WORKER_BYTES_MIN: number = 1024 * 1024;
/** Verifying keys that are kept ready for use. */
const KEYS_MAX = 1024;
/** Worker threads at most, unless told otherwise: storages are slower than two. */
const WORKERS_DEFAULT = 2;

/** Small payloads get memory of their own: it costs nothing, and forgives a caller who looks at them again. */
const ELSEWHERE = { inPlace: false };

/** What stands before the seed in PKCS #8, and before the key in SPKI, of Ed25519. RFC 8410. */
const PKCS8_START = Buffer.from("302e020100300506032b657004220420", "hex");
const SPKI_START = Buffer.from("302a300506032b6570032100", "hex");

/** The port, and how to end its threads early; an idle one does not keep the process from ending. */
export type NodeCrypto = Crypto & { close(): Promise<void> };

/**
 * Node's native cryptography behind the core's port.
 *
 * @param options.workers - Worker threads for payloads of 1 MiB and more: default 2, at most one for each core, 0 for none.
 */
export function nodeCrypto(options: { readonly workers?: number } = {}): NodeCrypto {
  const workers = new PayloadWorkers({ limit: Math.min(options.workers ?? WORKERS_DEFAULT, availableParallelism()) });
  const verifyingKeys = new Map<string, KeyObject>();
  return {
    inPlace: (options.workers ?? WORKERS_DEFAULT) > 0,
    randomBytes: (length) => randomFillSync(new Uint8Array(length)),
    sha256: async (bytes) => new Uint8Array(createHash("sha256").update(bytes).digest()),
    sign: async ({ signingKey, message }) => sign(signingKey, message),
    verify: async ({ verifyingKey, signature, message }) => {
      const key = verifyingKeyObject(verifyingKeys, verifyingKey);
      return key !== undefined && verifyNatively(null, message, key, signature);
    },
    sealPayload: (task) => sealPayload(workers, task),
    openPayload: (task) => openPayload(workers, task),
    close: () => workers.close(),
  };
}

function sign(signingKey: Uint8Array, message: Uint8Array): Uint8Array {
  const key = createPrivateKey({ key: Buffer.concat([PKCS8_START, signingKey]), format: "der", type: "pkcs8" });
  return new Uint8Array(signNatively(null, message, key));
}

/** The verifying key of an Ed25519 seed, in hexadecimal: a hundred times as fast as in JavaScript, which must warm up first. */
export function nativeVerifyingKey(signingKey: Uint8Array): string {
  const key = createPrivateKey({ key: Buffer.concat([PKCS8_START, signingKey]), format: "der", type: "pkcs8" });
  return createPublicKey(key).export({ format: "der", type: "spki" }).subarray(SPKI_START.length).toString("hex");
}

/** The key ready for use, kept for the next time; undefined for bytes that are none. */
function verifyingKeyObject(kept: Map<string, KeyObject>, verifyingKey: Uint8Array): KeyObject | undefined {
  const name = Buffer.from(verifyingKey).toString("hex");
  const known = kept.get(name);
  if (known !== undefined) return known;
  try {
    const key = createPublicKey({ key: Buffer.concat([SPKI_START, verifyingKey]), format: "der", type: "spki" });
    // The oldest goes: which one hardly matters, only that there is a limit.
    if (kept.size >= KEYS_MAX) kept.delete(kept.keys().next().value ?? "");
    kept.set(name, key);
    return key;
  } catch {
    return undefined;
  }
}

async function sealPayload(workers: PayloadWorkers, task: SealOptions): Promise<SealedPayload> {
  if (task.plaintext.length < WORKER_BYTES_MIN || !(await workers.isAvailable())) return sealNatively(task, ELSEWHERE);
  const answer = await workers.run({ ...task, task: "seal", ...ownCopies(task), header: task.header.slice() }, [
    task.plaintext.buffer,
  ]);
  if (answer.answer === "sealed") return { sealed: answer.sealed, digest: answer.digest };
  throw new Error("worker did not seal a payload", { cause: answer });
}

async function openPayload(workers: PayloadWorkers, task: OpenOptions): Promise<Uint8Array<ArrayBuffer>> {
  const { chunks, firstChunk, last } = task;
  chunkLayout({ sealedLength: chunks.length, firstChunk, last });
  return (await openChunks(workers, task)) ?? refuse();
}

async function openChunks(workers: PayloadWorkers, task: OpenOptions): Promise<Uint8Array<ArrayBuffer> | undefined> {
  if (task.chunks.length < WORKER_BYTES_MIN || !(await workers.isAvailable())) return openNatively(task, ELSEWHERE);
  const answer = await workers.run({ ...task, task: "open", ...ownCopies(task) }, [task.chunks.buffer]);
  if (answer.answer === "opened") return answer.plaintext;
  if (answer.answer === "corrupt") return undefined;
  throw new Error("worker did not open a payload", { cause: answer });
}

/** Small parts in memory of their own: a message takes the whole buffer behind a view along. */
function ownCopies({ fileKey, nonce }: { readonly fileKey: Uint8Array; readonly nonce: Uint8Array }) {
  return { fileKey: fileKey.slice(), nonce: nonce.slice() };
}

function refuse(): never {
  throw new ConclaveError("age payload does not open", { code: "corrupt" });
}
