/** The system's keychain, where there is one: what is kept in it stays readable for this user until it is taken out. */

/** Small secrets by name, kept between commands. */
export interface Keychain {
  get(name: string): Promise<string | undefined>;
  set(name: string, secret: string): Promise<void>;
  /** Whether there was one. */
  delete(name: string): Promise<boolean>;
}

const SERVICE = "conclave";
/** A keychain that is locked asks the person; nobody waits longer than this for one who is not there. In milliseconds. */
const PATIENCE = 60_000;

/**
 * Opens the keychain of this user: Keychain on macOS, Credential Manager on Windows, the Secret Service on Linux. Linux's
 * kernel keyring is no substitute: what lies there is gone with the login.
 *
 * @returns Undefined where there is none, as on a server, or its native part does not fit this machine.
 */
export async function systemKeychain(): Promise<Keychain | undefined> {
  try {
    const { AsyncEntry } = await import("@napi-rs/keyring");
    const entry = (name: string) => new AsyncEntry(SERVICE, name, { linux: { store: "secret-service" } });
    const patience = () => AbortSignal.timeout(PATIENCE);
    const keychain: Keychain = {
      get: async (name) => (await entry(name).getPassword(patience())) ?? undefined,
      set: (name, secret) => entry(name).setPassword(secret, patience()),
      delete: (name) => entry(name).deleteCredential(patience()),
    };
    await keychain.get("probe");
    return keychain;
  } catch {
    return undefined;
  }
}
