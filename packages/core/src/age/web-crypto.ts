import { concatBytes } from "../encoding/bytes.ts";
import { fromHex } from "../encoding/hex.ts";
import type { Crypto } from "../ports/crypto.ts";
import { openStream, sealStream } from "./stream.ts";

/** What stands before the seed in the PKCS #8 form of an Ed25519 key. RFC 8410 §7. */
const PKCS8_START = fromHex("302e020100300506032b657004220420");

/** WebCrypto takes only bytes that no other thread can change; ours never lie in shared memory. */
function unshared(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return bytes as Uint8Array<ArrayBuffer>;
}

/** The `Crypto` port on web standards alone: WebCrypto, and payloads in JavaScript. Runs in browsers and in Node. */
export function webCrypto(): Crypto {
  const { subtle } = globalThis.crypto;
  async function sha256(bytes: Uint8Array): Promise<Uint8Array> {
    return new Uint8Array(await subtle.digest("SHA-256", unshared(bytes)));
  }
  return {
    sha256,
    inPlace: false,
    randomBytes: (length) => globalThis.crypto.getRandomValues(new Uint8Array(length)),
    async sign({ signingKey, message }) {
      const pkcs8 = concatBytes(PKCS8_START, signingKey);
      const key = await subtle.importKey("pkcs8", pkcs8, "Ed25519", false, ["sign"]);
      return new Uint8Array(await subtle.sign("Ed25519", key, unshared(message)));
    },
    async verify({ verifyingKey, signature, message }) {
      try {
        const key = await subtle.importKey("raw", unshared(verifyingKey), "Ed25519", false, ["verify"]);
        return await subtle.verify("Ed25519", key, unshared(signature), unshared(message));
      } catch {
        // A platform that refuses the key itself gives the same verdict in another way.
        return false;
      }
    },
    async sealPayload(options) {
      const sealed = sealStream(options);
      return { sealed, digest: await sha256(sealed) };
    },
    openPayload: async (options) => openStream(options),
  };
}
