import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { CHUNK_BYTES, isAdmissibleKey, sealedLength, verifyingKeyOf, verifySignature, webCrypto } from "@conclave/core";
import { afterAll, describe, expect, it } from "vitest";
import { nodeCrypto, WORKER_BYTES_MIN } from "../src/crypto.ts";

const run = promisify(execFile);
const workers = nodeCrypto({ workers: 2 });
const inline = nodeCrypto({ workers: 0 });
afterAll(() => workers.close());

const header = new TextEncoder().encode("header\n");
const fileKey = new Uint8Array(16).fill(1);
const nonce = new Uint8Array(16).fill(2);

function seal(crypto: typeof workers, length: number) {
  return crypto.sealPayload({ header, fileKey, nonce, plaintext: new Uint8Array(length).fill(3) });
}

describe("Node's cryptography", () => {
  it("signs as WebCrypto signs, and each verifies the other's", async () => {
    const signingKey = workers.randomBytes(32);
    const message = new TextEncoder().encode("message");
    const signature = await workers.sign({ signingKey, message });
    expect(await webCrypto().sign({ signingKey, message })).toEqual(signature);
    const verifyingKey = keyOf(signingKey);
    expect(isAdmissibleKey(verifyingKey)).toBe(true);
    for (const crypto of [workers, webCrypto()]) {
      expect(await verifySignature(crypto, { verifyingKey, signature, message })).toBe(true);
      expect(await verifySignature(crypto, { verifyingKey, signature, message: header })).toBe(false);
    }
  });

  it("digests as WebCrypto digests", async () => {
    for (const length of [0, 1, 100_000]) {
      const bytes = workers.randomBytes(length);
      expect(await workers.sha256(bytes)).toEqual(await webCrypto().sha256(bytes));
    }
  });

  it("calls a key that is none a failed verification, not an error", async () => {
    const verifyingKey = new Uint8Array(32).fill(0xff);
    expect(await workers.verify({ verifyingKey, signature: new Uint8Array(64), message: header })).toBe(false);
    expect(
      await workers.verify({ verifyingKey: new Uint8Array(3), signature: new Uint8Array(64), message: header }),
    ).toBe(false);
  });

  it("keeps verifying right through more keys than it remembers", async () => {
    const signingKey = workers.randomBytes(32);
    const verifyingKey = keyOf(signingKey);
    const signature = await workers.sign({ signingKey, message: header });
    for (let index = 0; index < 1100; index++) {
      const other = workers.randomBytes(32);
      expect(await workers.verify({ verifyingKey: other, signature, message: header })).toBe(false);
    }
    expect(await workers.verify({ verifyingKey, signature, message: header })).toBe(true);
  });
});

/** The public half of a seed. */
function keyOf(signingKey: Uint8Array): Uint8Array {
  return new Uint8Array(Buffer.from(verifyingKeyOf(signingKey), "hex"));
}

describe("worker threads", () => {
  it("take large payloads by transfer, so nobody holds two copies", async () => {
    const plaintext = new Uint8Array(WORKER_BYTES_MIN).fill(3);
    const sealing = workers.sealPayload({ header, fileKey, nonce, plaintext });
    await sealing;
    expect(plaintext.length).toBe(0);
    const small = new Uint8Array(100);
    await workers.sealPayload({ header, fileKey, nonce, plaintext: small });
    expect(small.length).toBe(100);
  });

  it("leave keys and headers that lie in larger buffers where they are", async () => {
    const large = new Uint8Array(4096).fill(1);
    const plaintext = new Uint8Array(WORKER_BYTES_MIN).fill(3);
    const options = { header, fileKey: large.subarray(16, 32), nonce, plaintext };
    const { digest } = await workers.sealPayload(options);
    expect(digest).toEqual((await seal(inline, WORKER_BYTES_MIN)).digest);
    expect(large.length).toBe(4096);
  });

  it("do many payloads at once, each for its own caller", async () => {
    const lengths = Array.from({ length: 12 }, (_, index) => WORKER_BYTES_MIN + index * 1000);
    const results = await Promise.all(lengths.map((length) => seal(workers, length)));
    for (const [index, length] of lengths.entries()) {
      expect(results[index]?.sealed.length).toBe(header.length + 16 + sealedLength(length));
      expect(results[index]?.digest).toEqual((await seal(inline, length)).digest);
    }
  });

  it("go on after payloads that did not open", async () => {
    const chunks = () => new Uint8Array(20 * (CHUNK_BYTES + 16));
    const opening = () => workers.openPayload({ fileKey, nonce, chunks: chunks(), firstChunk: 0, last: true });
    const results = await Promise.allSettled([opening(), opening(), opening(), opening()]);
    for (const result of results) expect(result).toMatchObject({ status: "rejected", reason: { code: "corrupt" } });
    expect((await seal(workers, WORKER_BYTES_MIN)).digest).toEqual((await seal(inline, WORKER_BYTES_MIN)).digest);
  });

  it("once closed are not needed: payloads are done without them", async () => {
    const crypto = nodeCrypto({ workers: 1 });
    await seal(crypto, WORKER_BYTES_MIN);
    await crypto.close();
    expect((await seal(crypto, WORKER_BYTES_MIN)).digest).toEqual((await seal(inline, WORKER_BYTES_MIN)).digest);
  });

  const program = `
    import { nodeCrypto } from "FROM";
    const crypto = nodeCrypto();
    const plaintext = new Uint8Array(3_000_000);
    const { digest } = await crypto.sealPayload({ header: new Uint8Array(1), fileKey: new Uint8Array(16), nonce: new Uint8Array(16), plaintext });
    console.log(digest.length, plaintext.length);
  `;

  it.for(["../src/crypto.ts", "../dist/crypto.js"])(
    "let a process end by itself that used them and closed nothing, from %s",
    async (file, context) => {
      const path = fileURLToPath(new URL(file, import.meta.url));
      if (!existsSync(path)) context.skip("the package is not built");
      const args = path.endsWith(".ts") ? ["--conditions=@conclave/source"] : [];
      const source = program.replace("FROM", path);
      const { stdout } = await run(process.execPath, [...args, "--input-type=module", "-e", source], {
        timeout: 20_000,
      });
      expect(stdout.trim()).toBe("32 0");
    },
  );
});
