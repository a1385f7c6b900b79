/** What {@link Crypto.sealPayload} gives back. */
export interface SealedPayload {
  /** The whole age file: header, payload nonce, sealed chunks. */
  readonly sealed: Uint8Array<ArrayBuffer>;
  /** SHA-256 of `sealed`, 32 bytes. */
  readonly digest: Uint8Array;
}

/**
 * The primitives that differ between Node and browsers in speed, never in result.
 *
 * All of them are asynchronous, so that worker threads can stand behind them. Everything else the core needs (hashing
 * of short lines, HKDF, key encapsulation) comes from audited JavaScript libraries.
 */
export interface Crypto {
  /** Whether large payloads are sealed and opened where they lie, so that they need no memory but their own. */
  readonly inPlace: boolean;

  /** Random bytes from the platform's generator. */
  randomBytes(length: number): Uint8Array<ArrayBuffer>;

  /** SHA-256, for more than a few kilobytes; 32 bytes. */
  sha256(bytes: Uint8Array): Promise<Uint8Array>;

  /** Ed25519 signature (64 bytes) of `message` under a secret 32-byte seed. */
  sign(options: { readonly signingKey: Uint8Array; readonly message: Uint8Array }): Promise<Uint8Array>;

  /**
   * The platform's Ed25519 verification alone. Callers go through `verifySignature`, which first refuses the encodings
   * on which implementations disagree.
   */
  verify(options: {
    readonly verifyingKey: Uint8Array;
    readonly signature: Uint8Array;
    readonly message: Uint8Array;
  }): Promise<boolean>;

  /**
   * Seals a payload as age's STREAM (C2SP age v1: ChaCha20-Poly1305 in chunks of 64 KiB) behind a finished header.
   *
   * @param options.header - The whole textual header, from `age-encryption.org/v1` to the line feed after its MAC.
   * @param options.fileKey - 16 bytes, secret, drawn for this one file.
   * @param options.nonce - 16 bytes, random, drawn for this one payload.
   * @param options.plaintext - What to seal. Taken over: the caller must not touch it or its buffer again.
   */
  sealPayload(options: {
    readonly header: Uint8Array;
    readonly fileKey: Uint8Array;
    readonly nonce: Uint8Array;
    readonly plaintext: Uint8Array<ArrayBuffer>;
  }): Promise<SealedPayload>;

  /**
   * Opens consecutive whole chunks of an age payload.
   *
   * @param options.chunks - Sealed chunks as stored (each 65,536 + 16 bytes, only the file's last one shorter). Taken over.
   * @param options.firstChunk - Number of the first of them in the file, from 0.
   * @param options.last - Whether the final one of them is the file's last chunk.
   * @returns The plaintext, in memory of its own; rejects with `ConclaveError` `corrupt` if any chunk does not open,
   *   or if the file's last chunk is empty and not its first.
   */
  openPayload(options: {
    readonly fileKey: Uint8Array;
    readonly nonce: Uint8Array;
    readonly chunks: Uint8Array<ArrayBuffer>;
    readonly firstChunk: number;
    readonly last: boolean;
  }): Promise<Uint8Array<ArrayBuffer>>;
}
