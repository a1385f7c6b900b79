/** Ways to spoil a stored object. Each is given the right bytes and gives back others. */
const HEADER_BYTES = 168;
const PAYLOAD_OFFSET: number = HEADER_BYTES + 16;
const SEALED_CHUNK = 65_552;

export type Spoil = (bytes: Uint8Array<ArrayBuffer>, another: Uint8Array<ArrayBuffer>) => Uint8Array<ArrayBuffer>;

function flip(at: number): Spoil {
  return (bytes) => {
    const index = at < 0 ? bytes.length + at : at;
    bytes[index] = (bytes[index] as number) ^ 0x01;
    return bytes;
  };
}

function chunk(bytes: Uint8Array, number: number): Uint8Array {
  return bytes.slice(PAYLOAD_OFFSET + number * SEALED_CHUNK, PAYLOAD_OFFSET + (number + 1) * SEALED_CHUNK);
}

function withChunk(bytes: Uint8Array<ArrayBuffer>, number: number, other: Uint8Array): Uint8Array<ArrayBuffer> {
  bytes.set(other, PAYLOAD_OFFSET + number * SEALED_CHUNK);
  return bytes;
}

function joined(...parts: Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}

/** Spoilings that touch header, nonce or the first two chunks, so that every read of the first piece meets them. */
export const NEAR_SPOILINGS: readonly (readonly [what: string, spoil: Spoil])[] = [
  ["a flipped bit in the version line", flip(3)],
  ["a flipped bit in the stanza", flip(60)],
  ["a flipped bit in the header's MAC", flip(150)],
  ["a flipped bit in the nonce", flip(HEADER_BYTES + 5)],
  ["a flipped bit in the first chunk", flip(PAYLOAD_OFFSET + 1000)],
  ["a flipped bit in the first chunk's tag", flip(PAYLOAD_OFFSET + SEALED_CHUNK - 1)],
  ["no bytes at all", () => new Uint8Array(0)],
  ["only its header", (bytes) => bytes.slice(0, PAYLOAD_OFFSET)],
  ["a cut inside the first chunk", (bytes) => bytes.slice(0, PAYLOAD_OFFSET + 100)],
  [
    "its first chunk dropped",
    (bytes) => joined(bytes.slice(0, PAYLOAD_OFFSET), bytes.slice(PAYLOAD_OFFSET + SEALED_CHUNK)),
  ],
  [
    "its first two chunks swapped",
    (bytes) => {
      const [first, second] = [chunk(bytes, 0), chunk(bytes, 1)];
      return withChunk(withChunk(bytes, 0, second), 1, first);
    },
  ],
  ["a chunk of another object", (bytes, another) => withChunk(bytes, 0, chunk(another, 0))],
  [
    "another object's header",
    (bytes, another) => joined(another.slice(0, PAYLOAD_OFFSET), bytes.slice(PAYLOAD_OFFSET)),
  ],
  ["another object whole", (_, another) => another],
];

/** Spoilings further back: what does not read there may not notice, but must not release anything else either. */
export const FAR_SPOILINGS: readonly (readonly [what: string, spoil: Spoil])[] = [
  ["a flipped last bit", flip(-1)],
  ["a flipped bit in the last chunk", flip(-1000)],
  ["a cut at a chunk's border", (bytes) => bytes.slice(0, PAYLOAD_OFFSET + 2 * SEALED_CHUNK)],
  ["its last byte cut off", (bytes) => bytes.slice(0, -1)],
  [
    "its last chunk dropped",
    (bytes) =>
      bytes.slice(0, PAYLOAD_OFFSET + Math.floor((bytes.length - PAYLOAD_OFFSET - 1) / SEALED_CHUNK) * SEALED_CHUNK),
  ],
  ["a chunk repeated", (bytes) => withChunk(bytes, 3, chunk(bytes, 2))],
  [
    "a chunk put in",
    (bytes) =>
      joined(
        bytes.slice(0, PAYLOAD_OFFSET + 2 * SEALED_CHUNK),
        chunk(bytes, 1),
        bytes.slice(PAYLOAD_OFFSET + 2 * SEALED_CHUNK),
      ),
  ],
  ["one byte appended", (bytes) => joined(bytes, new Uint8Array(1))],
  ["itself appended", (bytes) => joined(bytes, bytes)],
];
