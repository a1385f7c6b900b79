/** The cloud accounts that this device is signed in to: who they are in clear, their tokens sealed. SPEC.md §12. */
import { readFile } from "node:fs/promises";
import { ConclaveError, type Crypto, type DeviceSecrets, openSecret, sealSecret } from "@conclave/core";
import type { Home } from "../home.ts";
import { withLock } from "../home-lock.ts";
import { replacePrivateFile } from "../private-file.ts";
import { SignInError } from "./error.ts";
import type { GoogleScope, Tokens } from "./google.ts";

/** A kind of cloud that one signs in to, by the scheme of its addresses. */
export type Provider = "gdrive";

/** What anybody may see who can read the home. */
export interface Account {
  readonly provider: Provider;
  /** An address of electronic mail, as the provider writes it. */
  readonly account: string;
  readonly clientId: string;
  readonly scope: GoogleScope;
  /** True for an account of an emulator: its tokens are good nowhere else, and nobody else's are sent there. */
  readonly isEmulated?: boolean;
  /** When the person signed in, in milliseconds since 1970. */
  readonly since: number;
}

/** What belongs to an account and nobody may see. */
export interface AccountSecrets {
  readonly clientSecret: string | undefined;
  readonly tokens: Tokens;
}

interface StoredAccount extends Account {
  /** Base64. */
  readonly sealed: string;
}

/** Who reads and writes sealed tokens. */
export interface TokenKeeper {
  readonly home: Home;
  readonly crypto: Crypto;
  readonly device: Pick<DeviceSecrets, "signingKey">;
}

const FORMAT = "conclave/accounts/v1";
const ACCOUNTS_MAX = 1_000;

/** All accounts, in the order of their names. */
export async function listAccounts(home: Home): Promise<readonly Account[]> {
  return (await readStored(home)).map(({ sealed: _, ...account }) => account);
}

/**
 * The account to use.
 *
 * @param wanted - By name, in any case; without it there must be exactly one of that provider.
 * @throws {@link SignInError} `signed-out` or `ambiguous-account`.
 */
export async function findAccount(home: Home, provider: Provider, wanted: string | undefined): Promise<Account> {
  const accounts = (await listAccounts(home)).filter((each) => each.provider === provider);
  const found = wanted === undefined ? accounts : accounts.filter((each) => isAccount(each.account, wanted));
  const [first, second] = found;
  if (first === undefined) {
    const whom = wanted === undefined ? "any account" : wanted;
    throw new SignInError(`this device is not signed in to ${whom} at ${provider}`, { code: "signed-out" });
  }
  if (second === undefined) return first;
  const names = accounts.map(({ account }) => account).join(", ");
  throw new SignInError(`this device is signed in to several accounts at ${provider}: ${names}`, {
    code: "ambiguous-account",
  });
}

/** Whether two names are one account: providers do not tell upper case from lower. */
export function isAccount(left: string, right: string): boolean {
  return left.toLowerCase() === right.toLowerCase();
}

/** Opens an account's secrets; undefined if there is no such account. */
export async function readSecrets(keeper: TokenKeeper, account: Account): Promise<AccountSecrets | undefined> {
  const stored = (await readStored(keeper.home)).find((each) => isSame(each, account));
  return stored && open(keeper, stored);
}

/** Keeps an account, or keeps it anew. */
export async function saveAccount(keeper: TokenKeeper, account: Account, secrets: AccountSecrets): Promise<void> {
  await withLock(keeper.home.accountsLock, () => writeAccount(keeper, account, secrets));
}

/** As {@link saveAccount}, for whoever holds the lock. */
export async function writeAccount(keeper: TokenKeeper, account: Account, secrets: AccountSecrets): Promise<void> {
  const others = (await readStored(keeper.home)).filter((each) => !isSame(each, account));
  if (others.length >= ACCOUNTS_MAX) {
    throw new ConclaveError(`a home holds at most ${ACCOUNTS_MAX} accounts`, { code: "limit" }); // check: size
  }
  await writeStored(keeper.home, [...others, { ...account, sealed: seal(keeper, account, secrets) }]);
}

/** Forgets an account and its tokens. */
export async function removeAccount(home: Home, account: Account): Promise<void> {
  await withLock(home.accountsLock, async () => {
    const stored = await readStored(home);
    await writeStored(
      home,
      stored.filter((each) => !isSame(each, account)),
    );
  });
}

function isSame(left: Account, right: Account): boolean {
  return left.provider === right.provider && isAccount(left.account, right.account);
}

function seal({ crypto, device }: TokenKeeper, account: Account, secrets: AccountSecrets): string {
  const { provider, account: name, isEmulated } = account;
  const { tokens, clientSecret = null } = secrets;
  const secret = JSON.stringify({ provider, account: name, isEmulated: isEmulated === true, clientSecret, tokens });
  const { signingKey } = device;
  return Buffer.from(sealSecret(crypto, { signingKey, secret, place: "accounts" })).toString("base64");
}

function open({ home, device }: TokenKeeper, stored: StoredAccount): AccountSecrets {
  const { signingKey } = device;
  const sealed = new Uint8Array(Buffer.from(stored.sealed, "base64"));
  // What was sealed here is of the right form; that it is this account's is asked, as the file may have been altered.
  const opened = JSON.parse(unsealed({ signingKey, sealed, account: stored.account })) as {
    readonly provider: string;
    readonly account: string;
    readonly isEmulated: boolean;
    readonly clientSecret: string | null;
    readonly tokens: Tokens;
  };
  if (nameOf(opened) !== nameOf(stored)) throw damaged(home); // check: key
  if (opened.isEmulated !== (stored.isEmulated === true)) throw damaged(home); // check: key
  return { clientSecret: opened.clientSecret ?? undefined, tokens: opened.tokens };
}

/** A copy of the file, or of the home without its keys, opens nothing. */
function unsealed(options: {
  readonly signingKey: DeviceSecrets["signingKey"];
  readonly sealed: Uint8Array<ArrayBuffer>;
  readonly account: string;
}): string {
  const { account, ...sealed } = options;
  try {
    return openSecret({ ...sealed, place: "accounts" });
  } catch (cause) {
    const message = `the sign-in to ${account} was kept by another device than this one, or is damaged`;
    throw new SignInError(message, { code: "signed-out", cause });
  }
}

/** Exactly whose tokens they are. */
function nameOf({ provider, account }: Pick<Account, "account"> & { readonly provider: string }): string {
  return `${provider} ${account}`;
}

async function readStored(home: Home): Promise<readonly StoredAccount[]> {
  let text: string;
  try {
    text = await readFile(home.accounts, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
  return parseStored(text, home);
}

async function writeStored(home: Home, accounts: readonly StoredAccount[]): Promise<void> {
  const sorted = [...accounts].sort((left, right) => (left.account < right.account ? -1 : 1));
  const text = JSON.stringify({ format: FORMAT, accounts: sorted }, undefined, 2);
  await replacePrivateFile(home.accounts, new TextEncoder().encode(`${text}\n`));
}

function parseStored(text: string, home: Home): readonly StoredAccount[] {
  let parsed: { format?: unknown; accounts?: unknown };
  try {
    parsed = JSON.parse(text) as typeof parsed;
  } catch (cause) {
    throw damaged(home, cause);
  }
  if (parsed?.format !== FORMAT || !Array.isArray(parsed.accounts)) throw damaged(home);
  return parsed.accounts.map((each: unknown) => {
    if (!isStored(each)) throw damaged(home);
    const { provider, account, clientId, scope, since, sealed, isEmulated = false } = each;
    return { provider, account, clientId, scope, since, sealed, ...(isEmulated ? { isEmulated } : {}) };
  });
}

function isStored(value: unknown): value is StoredAccount {
  if (typeof value !== "object" || value === null) return false;
  const { provider, account, clientId, scope, since, sealed, isEmulated = false } = value as Record<string, unknown>;
  return (
    typeof isEmulated === "boolean" &&
    provider === "gdrive" &&
    typeof account === "string" &&
    typeof clientId === "string" &&
    (scope === "drive" || scope === "drive.file") &&
    Number.isSafeInteger(since) &&
    typeof sealed === "string"
  );
}

function damaged(home: Home, cause?: unknown): ConclaveError {
  return new ConclaveError(`the list of accounts ${home.accounts} is damaged`, { code: "malformed", cause });
}
