/** Access tokens for a store: renewed once for everybody, in this process and in others. */
import type { Clock } from "@conclave/core";
import { withLock } from "../home-lock.ts";
import { type Account, type AccountSecrets, readSecrets, type TokenKeeper, writeAccount } from "./accounts.ts";
import { SignInError } from "./error.ts";
import type { GoogleEndpoints } from "./google.ts";
import { renewTokens } from "./token-request.ts";

/** What a store asks for its requests. */
export interface Access {
  /** A token that should be good. */
  token(): Promise<string>;
  /** A token that is not `stale`: for when the provider refused that one. */
  renew(stale: string): Promise<string>;
}

/**
 * Access to one account.
 *
 * @throws {@link SignInError} `signed-out` if the account is an emulator's and `google` is not, or the other way round.
 */
export function accessTo(
  keeper: TokenKeeper & { readonly clock: Clock },
  options: { readonly account: Account; readonly google: GoogleEndpoints; readonly signal?: AbortSignal },
): Access {
  const { account, google, signal } = options;
  if (google.isEmulated !== (account.isEmulated === true)) throw elsewhere(account); // check: link
  let held: AccountSecrets | undefined;
  const isFresh = (secrets: AccountSecrets, stale?: string): boolean =>
    secrets.tokens.access !== stale && secrets.tokens.expires > keeper.clock.now();

  /** Whoever comes second finds what the first one wrote: one refresh, however many asked. */
  async function renewed(stale: string | undefined): Promise<string> {
    held = await withLock(keeper.home.accountsLock, async () => {
      const secrets = await readSecrets(keeper, account);
      if (!secrets) throw signedOut(account);
      if (isFresh(secrets, stale)) return secrets;
      const client = { id: account.clientId, secret: secrets.clientSecret };
      const tokens = await renewTokens({ google, client, clock: keeper.clock, signal }, secrets.tokens);
      const next = { ...secrets, tokens };
      await writeAccount(keeper, account, next);
      return next;
    });
    return held.tokens.access;
  }

  return {
    async token() {
      held ??= await readSecrets(keeper, account);
      if (!held) throw signedOut(account);
      return isFresh(held) ? held.tokens.access : renewed(undefined);
    },
    renew: (stale) => (held && isFresh(held, stale) ? Promise.resolve(held.tokens.access) : renewed(stale)),
  };
}

function signedOut({ account, provider }: Account): SignInError {
  return new SignInError(`this device is not signed in to ${account} at ${provider}`, { code: "signed-out" });
}

/** A token for the real Google is worth something: nothing else gets to see it. */
function elsewhere({ account, isEmulated }: Account): SignInError {
  const where = isEmulated === true ? "an emulator, not Google itself" : "Google itself, not an emulator";
  return new SignInError(`this device is signed in to ${account} at ${where}`, { code: "signed-out" });
}
