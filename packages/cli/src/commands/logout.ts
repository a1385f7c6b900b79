import {
  type Account,
  findAccount,
  googleEndpoints,
  readSecrets,
  removeAccount,
  revokeTokens,
  SignInError,
} from "@conclave/node";
import { defineCommand } from "../command.ts";
import type { Context } from "../context.ts";
import { type Person, withPerson } from "../identity/person.ts";

export const logout = defineCommand({
  examples: ["conclave logout", "conclave logout anna@example.org"],
  args: ["account?"],
  notes: "Takes this device's sign-in back at the provider, and deletes the tokens here. Groups and files stay.",

  run: (context, { account: wanted }) =>
    withPerson(context, async (person) => {
      const account = await findAccount(person.home, "gdrive", wanted);
      const isRevoked = await revoke(context, { person, account });
      await removeAccount(person.home, account);
      context.out.result({ provider: account.provider, account: account.account, revoked: isRevoked }, ({ line }) =>
        line(`signed out of ${account.account}`),
      );
    }),
});

/** Tokens go from here in any case; where the provider could not be told, the person is. */
async function revoke(
  context: Context,
  { person, account }: { readonly person: Person; readonly account: Account },
): Promise<boolean> {
  const secrets = await readSecrets(person, account);
  if (!secrets) return false;
  const google = googleEndpoints(context.env);
  const client = { id: account.clientId, secret: secrets.clientSecret };
  try {
    await revokeTokens({ google, client, clock: context.clock, signal: context.signal }, secrets.tokens);
    return true;
  } catch (error) {
    if (!(error instanceof SignInError)) throw error;
    if (error.code === "sign-in-expired") return true;
    context.warn(
      `the provider was not told (${error.message}): withdraw Conclave's access in the account's own settings`,
    );
    return false;
  }
}
