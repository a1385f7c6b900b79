/**
 * The device's keys on disk: `identity.age` under a passphrase, or `identity.txt` without. Stock `age -d` opens the first
 * and `age -i` reads either.
 */
import { type BinaryLike, createHash, scrypt as scryptNatively } from "node:crypto";
import { access, open, unlink } from "node:fs/promises";
import {
  ConclaveError,
  type Crypto,
  type DeviceSecrets,
  IDENTITY_FILE_BYTES_MAX,
  openWithPassphrase,
  readIdentityFile,
  type Scrypt,
  sealWithPassphrase,
  writeIdentityFile,
} from "@conclave/core";
import type { Home } from "./home.ts";
import type { Keychain } from "./keychain.ts";
import { createPrivateFile } from "./private-file.ts";

/**
 * scrypt's work factor: N = 2^17 costs 128 MiB and measured 0.39 to 0.46 s on the two-core machine this was written on.
 * age's own default, 18, took twice that, for every command.
 */
export const WORK_FACTOR = 17;

/** How the identity lies there. */
export type IdentityState = "absent" | "sealed" | "plain";

/** Whether this home has an identity, and whether it takes a passphrase to open it. */
export async function identityState(home: Home): Promise<IdentityState> {
  if (await exists(home.sealedIdentity)) return "sealed";
  return (await exists(home.plainIdentity)) ? "plain" : "absent";
}

/**
 * Writes a new device's keys. One that is there is never overwritten.
 *
 * @param options.passphrase - Secret; without it the keys lie there in clear, readable by the user alone.
 * @throws ConclaveError `exists` if there is an identity of either kind.
 */
export async function createIdentity(
  crypto: Crypto,
  options: { readonly home: Home; readonly device: DeviceSecrets; readonly passphrase?: string },
): Promise<void> {
  const { home, device, passphrase } = options;
  if ((await identityState(home)) !== "absent") refuseExisting(home);
  const text = new TextEncoder().encode(writeIdentityFile(device));
  const path = passphrase === undefined ? home.plainIdentity : home.sealedIdentity;
  const bytes =
    passphrase === undefined
      ? text
      : await sealWithPassphrase(crypto, { passphrase, workFactor: WORK_FACTOR, plaintext: text, scrypt });
  try {
    await createPrivateFile(path, bytes);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "EEXIST") refuseExisting(home, cause);
    throw cause;
  }
  await refuseTwin(home, path);
}

/** Two `init` at once, one with a passphrase and one without, write two files: whoever sees the other's takes its own back. */
async function refuseTwin(home: Home, path: string): Promise<void> {
  const other = path === home.plainIdentity ? home.sealedIdentity : home.plainIdentity;
  if (!(await exists(other))) return;
  await unlink(path);
  refuseExisting(home);
}

/**
 * Reads the device's keys.
 *
 * @param options.passphrase - Asked only if the identity is under one, and the keychain does not hold it.
 * @param options.keychain - Where the keys of an identity under a passphrase may be found unlocked.
 * @throws ConclaveError `not-found` if there is none, `wrong-passphrase`, `limit` for a work factor or size out of bounds,
 *   `corrupt` or `malformed` for a damaged file.
 */
export async function readIdentity(
  crypto: Crypto,
  options: {
    readonly home: Home;
    readonly passphrase: () => Promise<string>;
    readonly keychain?: () => Promise<Keychain | undefined>;
  },
): Promise<DeviceSecrets> {
  const { home } = options;
  switch (await identityState(home)) {
    case "absent":
      throw new ConclaveError(`no identity in ${home.folder}`, { code: "not-found" });
    case "plain":
      return readText(await readBounded(home.plainIdentity));
    case "sealed": {
      const sealed = await readBounded(home.sealedIdentity);
      const keychain = await options.keychain?.();
      const kept = await keychain?.get(keychainName(sealed)).catch(() => undefined);
      if (kept !== undefined) return readIdentityFile(kept);
      return readText(await openWithPassphrase(crypto, { sealed, passphrase: await options.passphrase(), scrypt }));
    }
  }
}

/**
 * Keeps an identity that was unlocked by its passphrase in the keychain, so that the next command need not ask.
 *
 * @returns False if the identity is under no passphrase, or the keychain refused.
 */
export async function keepUnlocked(
  device: DeviceSecrets,
  { home, keychain }: { readonly home: Home; readonly keychain: Keychain },
): Promise<boolean> {
  if ((await identityState(home)) !== "sealed") return false;
  const name = keychainName(await readBounded(home.sealedIdentity));
  return keychain.set(name, writeIdentityFile(device)).then(
    () => true,
    () => false,
  );
}

/** Takes an identity out of the keychain. Whether it was there; rejects if it is there and stays. */
export async function lockIdentity({ home, keychain }: { readonly home: Home; readonly keychain: Keychain }) {
  if ((await identityState(home)) !== "sealed") return false;
  return keychain.delete(keychainName(await readBounded(home.sealedIdentity)));
}

/** By the sealed file's digest: of another identity at the same place, or under another passphrase, nothing is found. */
function keychainName(sealed: Uint8Array): string {
  return `identity ${createHash("sha256").update(sealed).digest("hex")}`;
}

function readText(bytes: Uint8Array): Promise<DeviceSecrets> {
  // What is not UTF-8 turns into marks that the strict reader refuses.
  return readIdentityFile(new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes));
}

async function readBounded(path: string): Promise<Uint8Array<ArrayBuffer>> {
  await using file = await open(path, "r");
  const { size } = await file.stat();
  if (size > IDENTITY_FILE_BYTES_MAX) {
    throw new ConclaveError(`identity file of ${size} bytes is over the limit`, { code: "limit" }); // check: size
  }
  return new Uint8Array(await file.readFile());
}

/** Native, on the thread pool: so that nothing else stands still for half a second. */
const scrypt: Scrypt = ({ passphrase, salt, workFactor }) => {
  const N = 2 ** workFactor;
  // Node wants the memory allowed: 128 * N * r bytes, and some more for its own.
  const parameters = { N, r: 8, p: 1, maxmem: 128 * N * 8 + 1024 * 1024 };
  return new Promise((resolve, reject) => {
    scryptNatively(passphrase as BinaryLike, salt as BinaryLike, 32, parameters, (error, key) => {
      if (error) reject(error);
      else resolve(new Uint8Array(key));
    });
  });
};

async function exists(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return false;
    throw error;
  }
}

function refuseExisting(home: Home, cause?: unknown): never {
  throw new ConclaveError(`there is an identity in ${home.folder}`, { code: "exists", cause });
}
