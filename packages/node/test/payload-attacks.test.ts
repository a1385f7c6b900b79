/** What a storage can do to an object: ATTACKS 1 and 2, against each way in which payloads are opened. */
import { randomBytes } from "node:crypto";
import {
  CHUNK_BYTES,
  type Crypto,
  type EpochIdentity,
  headerBytes,
  newEpochIdentity,
  openFile,
  openHeader,
  plaintextMemory,
  SEALED_CHUNK_BYTES,
  sealFile,
  TAG_BYTES,
  webCrypto,
} from "@conclave/core";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { nodeCrypto, WORKER_BYTES_MIN } from "../src/crypto.ts";

const suite = "classic";
const PAYLOAD = headerBytes(suite) + 16;
const inline = nodeCrypto({ workers: 0 });
const withWorkers = nodeCrypto({ workers: 2 });
const ports: readonly { readonly how: string; readonly crypto: Crypto; readonly chunks: number }[] = [
  { how: "natively", crypto: inline, chunks: 4 },
  { how: "by workers", crypto: withWorkers, chunks: WORKER_BYTES_MIN / CHUNK_BYTES + 2 },
  { how: "in JavaScript", crypto: webCrypto(), chunks: 4 },
];
let epoch: EpochIdentity;

beforeAll(async () => {
  epoch = await newEpochIdentity(suite);
});
afterAll(() => withWorkers.close());

const corrupt = expect.objectContaining({ code: "corrupt" });

/** A file whose last chunk is short. */
async function sealedFile(chunks: number): Promise<{ file: Uint8Array<ArrayBuffer>; content: Uint8Array }> {
  const content = new Uint8Array(randomBytes(chunks * CHUNK_BYTES - 1000));
  const { sealed } = await sealFile(inline, { recipients: [epoch.recipient], plaintext: content.slice(), suite });
  return { file: sealed, content };
}

function open(crypto: Crypto, file: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  return openFile(crypto, { sealed: file.slice(), identities: [epoch.identity], suite });
}

function split(file: Uint8Array): Uint8Array[] {
  const chunks: Uint8Array[] = [];
  for (let at = PAYLOAD; at < file.length; at += SEALED_CHUNK_BYTES)
    chunks.push(file.subarray(at, at + SEALED_CHUNK_BYTES));
  return chunks;
}

function join(file: Uint8Array, chunks: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.concat([file.subarray(0, PAYLOAD), ...chunks]));
}

describe.each(ports)("an object opened $how", ({ crypto, chunks }) => {
  it("comes back whole", async () => {
    const { file, content } = await sealedFile(chunks);
    expect(Buffer.from(await open(crypto, file)).equals(content)).toBe(true);
  });

  it("is refused with a byte flipped in any region", async () => {
    const { file } = await sealedFile(chunks);
    const regions: Record<string, number> = {
      version: 3,
      stanza: 30,
      "wrapped file key": 100,
      mac: headerBytes(suite) - 10,
      nonce: headerBytes(suite) + 3,
      "first chunk": PAYLOAD,
      "first tag": PAYLOAD + CHUNK_BYTES,
      "second chunk": PAYLOAD + SEALED_CHUNK_BYTES + 9,
      "last chunk": file.length - TAG_BYTES - 1,
      "last tag": file.length - TAG_BYTES,
      "last byte": file.length - 1,
    };
    for (const [region, place] of Object.entries(regions)) {
      const altered = file.slice();
      altered[place] = (altered[place] ?? 0) ^ 1;
      await expect(open(crypto, altered), region).rejects.toThrow(corrupt);
    }
  });

  it("is refused when cut at any chunk border, or one byte beside it", async () => {
    const { file } = await sealedFile(chunks);
    for (let border = PAYLOAD; border < file.length; border += SEALED_CHUNK_BYTES) {
      for (const length of [border - 1, border, border + 1, border + TAG_BYTES]) {
        await expect(open(crypto, file.slice(0, length)), `${length}`).rejects.toThrow(corrupt);
      }
    }
    await expect(open(crypto, file.slice(0, -1))).rejects.toThrow(corrupt);
  });

  it("is refused with its chunks swapped, repeated, left out, or taken from another object", async () => {
    const [{ file }, other] = [await sealedFile(chunks), await sealedFile(chunks)];
    const own = split(file);
    const foreign = split(other.file);
    const [first, second, ...rest] = own as [Uint8Array, Uint8Array, ...Uint8Array[]];
    const attacks: Record<string, readonly Uint8Array[]> = {
      swapped: [second, first, ...rest],
      repeated: [first, first, ...rest],
      inserted: [first, first, second, ...rest],
      "first left out": [second, ...rest],
      "second left out": [first, ...rest],
      "last left out": own.slice(0, -1),
      "last twice": [...own, ...own.slice(-1)],
      "last first": [...own.slice(-1), ...own.slice(0, -1)],
      "first foreign": [foreign[0] ?? first, second, ...rest],
      "last foreign": [...own.slice(0, -1), ...foreign.slice(-1)],
      "all foreign": foreign,
      none: [],
    };
    for (const [attack, changed] of Object.entries(attacks)) {
      await expect(open(crypto, join(file, changed)), attack).rejects.toThrow(corrupt);
    }
  });

  it("is refused with bytes behind its end", async () => {
    const { file } = await sealedFile(chunks);
    for (const length of [1, TAG_BYTES, TAG_BYTES + 1, SEALED_CHUNK_BYTES]) {
      const longer = new Uint8Array(Buffer.concat([file, new Uint8Array(length)]));
      await expect(open(crypto, longer), `${length}`).rejects.toThrow(corrupt);
    }
  });

  it("opens in part, chunk by chunk, and only as the part that it is", async () => {
    const { file, content } = await sealedFile(chunks);
    const { fileKey, nonce } = await openHeader({ start: file, identities: [epoch.identity], suite });
    const part = (first: number, count: number, claimed = first, last = false) =>
      crypto.openPayload({
        fileKey,
        nonce,
        chunks: file.slice(PAYLOAD + first * SEALED_CHUNK_BYTES, PAYLOAD + (first + count) * SEALED_CHUNK_BYTES),
        firstChunk: claimed,
        last,
      });
    expect(Buffer.from(await part(1, 2)).equals(content.subarray(CHUNK_BYTES, 3 * CHUNK_BYTES))).toBe(true);
    await expect(part(1, 2, 2)).rejects.toThrow(corrupt);
    await expect(part(1, 2, 1, true)).rejects.toThrow(corrupt);
    await expect(part(chunks - 1, 1)).rejects.toThrow(corrupt);
    expect((await part(chunks - 1, 1, chunks - 1, true)).length).toBe(CHUNK_BYTES - 1000);
  });
});

describe("ways of sealing", () => {
  it("give the same bytes and digest, whatever the length, in place or not", async () => {
    const border = fc
      .tuple(fc.integer({ min: 0, max: 20 }), fc.integer({ min: -2, max: 2 }))
      .map(([chunk, by]) => Math.max(0, chunk * CHUNK_BYTES + by));
    const lengths = fc.oneof(border, fc.integer({ min: 0, max: 20 * CHUNK_BYTES }));
    await fc.assert(
      fc.asyncProperty(lengths, fc.boolean(), async (length, hasRoom) => {
        const content = new Uint8Array(randomBytes(length));
        const header = new Uint8Array(randomBytes(headerBytes(suite)));
        const [fileKey, nonce] = [new Uint8Array(randomBytes(16)), new Uint8Array(randomBytes(16))];
        const results: string[] = [];
        for (const { crypto } of ports) {
          const plaintext = hasRoom ? plaintextMemory({ suite, length }) : new Uint8Array(length);
          plaintext.set(content);
          const { sealed, digest } = await crypto.sealPayload({ header, fileKey, nonce, plaintext });
          results.push(`${Buffer.from(sealed).toString("base64")} ${Buffer.from(digest).toString("hex")}`);
          const chunks = sealed.slice(PAYLOAD);
          const opened = await crypto.openPayload({ fileKey, nonce, chunks, firstChunk: 0, last: true });
          expect(Buffer.from(opened).equals(content)).toBe(true);
        }
        expect(new Set(results).size).toBe(1);
      }),
      { numRuns: 25 },
    );
  });
});
