/** What is sealed in a story, whichever process does it and however it ends: no file key and no nonce may be used twice. */
import type { Crypto } from "@conclave/core";

export interface SealedOnce {
  readonly crypto: Crypto;
  /** How many payloads were sealed. */
  count(): number;
}

/**
 * Cryptography that fails where a payload is sealed with a file key or a nonce that another one was sealed with.
 *
 * @param crypto - What does the work.
 */
export function sealedOnce(crypto: Crypto): SealedOnce {
  const used = new Set<string>();
  const use = (what: string, bytes: Uint8Array): void => {
    const name = `${what} ${Buffer.from(bytes).toString("hex")}`;
    if (used.has(name)) throw new Error(`a ${what} is used a second time`);
    used.add(name);
  };
  return {
    crypto: {
      ...crypto,
      sealPayload(options) {
        use("file key", options.fileKey);
        use("payload nonce", options.nonce);
        return crypto.sealPayload(options);
      },
    },
    count: () => used.size / 2,
  };
}
