/**
 * How fast payloads are sealed and opened, beside the bare cipher and digest that no way of doing it could beat.
 *
 * Run: node --conditions=@conclave/source bench/crypto.ts [MiB]
 */
import { createCipheriv, createHash, randomBytes } from "node:crypto";
import { newEpochIdentity, openFile, plaintextMemory, sealFile, webCrypto } from "@conclave/core";
import { nodeCrypto } from "@conclave/node";

const SIZE_BYTES = Number(process.argv[2] ?? 32) * 1024 * 1024;
const CHUNK_BYTES = 64 * 1024;
const ROUNDS = 9;

/** Median of several rounds, in MB/s. `prepare` is not timed. */
async function speed<Input>(options: {
  readonly bytes: number;
  readonly prepare: () => Promise<Input> | Input;
  readonly work: (input: Input) => Promise<unknown> | unknown;
}): Promise<number> {
  const seconds: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const input = await options.prepare();
    const start = performance.now();
    await options.work(input);
    seconds.push((performance.now() - start) / 1000);
  }
  const median = seconds.sort((left, right) => left - right)[Math.floor(ROUNDS / 2)] ?? 1;
  return options.bytes / 1e6 / median;
}

const content = new Uint8Array(randomBytes(SIZE_BYTES));
const suite = "hybrid";
const { identity, recipient } = await newEpochIdentity(suite);

function plaintext(): Uint8Array<ArrayBuffer> {
  const memory = plaintextMemory({ suite, length: SIZE_BYTES });
  memory.set(content);
  return memory;
}

function bareCipher(): void {
  const key = content.subarray(0, 32);
  for (let offset = 0; offset < SIZE_BYTES; offset += CHUNK_BYTES) {
    const cipher = createCipheriv("chacha20-poly1305", key, content.subarray(32, 44), { authTagLength: 16 });
    cipher.update(content.subarray(offset, offset + CHUNK_BYTES));
    cipher.final();
  }
}

function bareDigest(): void {
  createHash("sha256").update(content).digest();
}

function print(name: string, speed: number, best?: number): void {
  const ratio = best === undefined ? "" : `  ${(speed / best).toFixed(2)} of bare`;
  process.stdout.write(`${name.padEnd(34)} ${speed.toFixed(0).padStart(6)} MB/s${ratio}\n`);
}

const bytes = SIZE_BYTES;
const prepare = () => undefined;
const cipher = await speed({ bytes, prepare, work: bareCipher });
const both = await speed({ bytes, prepare, work: () => [bareCipher(), bareDigest()] });
print("bare cipher", cipher);
print("bare digest", await speed({ bytes, prepare, work: bareDigest }));
print("bare cipher, then digest", both);

for (const [name, crypto] of [
  ["native, inline", nodeCrypto({ workers: 0 })],
  ["native, worker", nodeCrypto({ workers: 1 })],
  ["JavaScript", webCrypto()],
] as const) {
  const seal = (input: Uint8Array<ArrayBuffer>) =>
    sealFile(crypto, { recipients: [recipient], plaintext: input, suite });
  print(`seal, ${name}`, await speed({ bytes, prepare: plaintext, work: seal }), both);
  const sealed = async () => (await seal(plaintext())).sealed;
  const open = (input: Uint8Array<ArrayBuffer>) => openFile(crypto, { sealed: input, identities: [identity], suite });
  print(`open, ${name}`, await speed({ bytes, prepare: sealed, work: open }), cipher);
}

const two = nodeCrypto({ workers: 2 });
const pair = (inputs: readonly Uint8Array<ArrayBuffer>[]) =>
  Promise.all(inputs.map((input) => sealFile(two, { recipients: [recipient], plaintext: input, suite })));
const prepareTwo = () => [plaintext(), plaintext()];
print("seal, two workers", await speed({ bytes: 2 * bytes, prepare: prepareTwo, work: pair }), both);
