/** From a home that is signed in to accounts that can be asked. */
import { readFile } from "node:fs/promises";
import { ConclaveError } from "@conclave/core";
import {
  accessTo,
  findAccount,
  googleEndpoints,
  nodeCrypto,
  openHome,
  readIdentity,
  SignInError,
  systemClock,
  type Unlocked,
} from "@conclave/node";
import { type DriveAccount, driveAccount } from "./drive-account.ts";
import type { World } from "./world.ts";

/** Why nothing can be tried, for a person. */
export class NoCredentials extends Error {
  override readonly name = "NoCredentials";
}

/** Who tries. */
export interface Credentials {
  readonly mine: DriveAccount;
  /** A second account, for sharing. */
  readonly others: DriveAccount | undefined;
}

/** Which accounts, of which home. */
interface Wanted {
  readonly account?: string | undefined;
  readonly other?: string | undefined;
  readonly home?: string | undefined;
}

/**
 * Unlocks the home, and does work with its accounts.
 *
 * @throws {@link NoCredentials} where no account is named, or the home is not signed in to it.
 */
export async function withCredentials<Result>(
  { account, other, home: folder }: Wanted,
  { env, signal }: World,
  work: (credentials: Credentials) => Promise<Result>,
): Promise<Result> {
  if (account === undefined) throw new NoCredentials("no account is named");
  const crypto = nodeCrypto();
  try {
    const home = openHome({ env: folder === undefined ? env : { ...env, CONCLAVE_HOME: folder } });
    const device = await explained(() => readIdentity(crypto, { home, passphrase: () => passphrase(env) }));
    const unlocked: Unlocked = { home, crypto, device, clock: systemClock };
    const google = googleEndpoints(env);
    const signedIn = async (name: string): Promise<DriveAccount> => {
      const known = await explained(() => findAccount(home, "gdrive", name));
      const auth = await explained(async () => accessTo(unlocked, { account: known, google, signal }));
      return driveAccount({ email: known.account, auth, endpoints: google, signal });
    };
    return await work({
      mine: await signedIn(account),
      others: other === undefined ? undefined : await signedIn(other),
    });
  } finally {
    await crypto.close();
  }
}

async function explained<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof SignInError || error instanceof ConclaveError) throw new NoCredentials(error.message);
    throw error;
  }
}

async function passphrase(env: World["env"]): Promise<string> {
  const file = env.CONCLAVE_PASSPHRASE_FILE ?? "";
  if (file === "")
    throw new NoCredentials("the home is under a passphrase, and CONCLAVE_PASSPHRASE_FILE names no file");
  return (await readFile(file, "utf8")).replace(/\r?\n$/, "");
}
