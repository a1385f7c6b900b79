import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { newDevice } from "@conclave/core";
import { expect, it, onTestFinished } from "vitest";
import { type OAuthProvider, oauthProvider } from "../../../../tests/support/oauth-provider.ts";
import {
  type Account,
  accessTo,
  createIdentity,
  googleEndpoints,
  listAccounts,
  nodeCrypto,
  openHome,
  readSecrets,
  removeAccount,
  saveAccount,
  signIn,
  type TokenKeeper,
} from "../../src/index.ts";

interface SignedInHome {
  readonly provider: OAuthProvider;
  readonly keeper: TokenKeeper & { readonly clock: { now(): number } };
  readonly account: Account;
}

/** A home that is signed in, with an access token that has just ended unless it is to live. */
async function signedIn(options: { readonly lifetime?: number } = {}): Promise<SignedInHome> {
  const provider = await oauthProvider();
  provider.script = { lifetime: options.lifetime ?? 0 };
  const folder = mkdtempSync(join(tmpdir(), "conclave-access-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const crypto = nodeCrypto();
  onTestFinished(() => crypto.close());
  const home = openHome({ env: { CONCLAVE_HOME: folder } });
  const device = await newDevice(crypto, { label: "computer" });
  await createIdentity(crypto, { home, device });
  const keeper = { home, crypto, device, clock: { now: () => Date.now() } };
  const { account: name, tokens } = await signIn({
    google: googleEndpoints({ CONCLAVE_GOOGLE_EMULATOR: provider.url }),
    client: provider.client,
    clock: keeper.clock,
    scope: "drive",
    signal: new AbortController().signal,
    timeoutMs: 60_000,
    show: async (page) => void provider.browse(page).then((url) => fetch(url)),
    onStray: () => undefined,
  });
  const { id: clientId, secret: clientSecret } = provider.client;
  const account: Account = { provider: "gdrive", account: name, clientId, scope: "drive", isEmulated: true, since: 0 };
  await saveAccount(keeper, account, { clientSecret, tokens });
  provider.script = {};
  provider.asked.length = 0;
  return { provider, keeper, account };
}

const access = ({ provider, keeper, account }: SignedInHome) =>
  accessTo(keeper, { account, google: googleEndpoints({ CONCLAVE_GOOGLE_EMULATOR: provider.url }) });

it("asks the provider for nothing while a token is good", async () => {
  const home = await signedIn({ lifetime: 3600 });
  const tokens = access(home);
  expect(await tokens.token()).toBe(await tokens.token());
  expect(home.provider.asked).toEqual([]);
});

it("renews once, however many ask at once, in one store and in several", async () => {
  const home = await signedIn();
  const stores = [access(home), access(home), access(home)];
  const given = await Promise.all(stores.flatMap((store) => [store.token(), store.token()]));
  expect(new Set(given).size).toBe(1);
  expect(home.provider.asked).toHaveLength(1);
});

it("renews a token that the provider refused once, also where several report it", async () => {
  const home = await signedIn({ lifetime: 3600 });
  const [one, two] = [access(home), access(home)];
  const stale = await one.token();
  const [a, b] = await Promise.all([one.renew(stale), two.renew(stale)]);
  expect(a).not.toBe(stale);
  expect(b).toBe(a);
  expect(home.provider.asked).toHaveLength(1);
});

it("renews once for several processes", async () => {
  const home = await signedIn();
  const child = fileURLToPath(new URL("../support/token-child.ts", import.meta.url));
  const run = () =>
    new Promise<string>((resolve, reject) => {
      const words = ["--conditions=@conclave/source", child, home.keeper.home.folder, home.provider.url];
      const started = spawn(process.execPath, words, { stdio: ["ignore", "pipe", "inherit"] });
      let text = "";
      started.stdout.on("data", (chunk) => (text += String(chunk)));
      started.once("exit", (code) => (code === 0 ? resolve(text) : reject(new Error(`ended with ${code}`))));
    });
  const given = await Promise.all([run(), run(), run()]);
  expect(new Set(given).size).toBe(1);
  expect(home.provider.asked).toHaveLength(1);
});

it("says that a sign-in was revoked, and keeps what is there", async () => {
  const home = await signedIn();
  const before = readFileSync(home.keeper.home.accounts, "utf8");
  home.provider.revokeAll();
  await expect(access(home).token()).rejects.toMatchObject({ name: "SignInError", code: "sign-in-expired" });
  expect(readFileSync(home.keeper.home.accounts, "utf8")).toBe(before);
});

it("says that nobody is signed in any more", async () => {
  const home = await signedIn();
  const tokens = access(home);
  await removeAccount(home.keeper.home, home.account);
  await expect(tokens.token()).rejects.toMatchObject({ name: "SignInError", code: "signed-out" });
});

it("opens no tokens with another device's key, nor another account's in their place", async () => {
  const home = await signedIn({ lifetime: 3600 });
  const { keeper, account, provider } = home;
  const other = await newDevice(keeper.crypto, { label: "computer" });
  const stolen = access({ ...home, keeper: { ...keeper, device: other } });
  await expect(stolen.token()).rejects.toMatchObject({ code: "signed-out" });
  const path = keeper.home.accounts;
  writeFileSync(path, readFileSync(path, "utf8").replaceAll("anna@", "mallory@"));
  const swapped = access({ provider, keeper, account: { ...account, account: "mallory@example.org" } });
  await expect(swapped.token()).rejects.toMatchObject({ code: "malformed" });
});

it("sends no token of the real provider to an emulator, nor passes an emulator's off as one", async () => {
  const home = await signedIn({ lifetime: 0 });
  const { isEmulated: _, ...real } = home.account;
  expect(() => access({ ...home, account: real })).toThrow("Google itself");
  expect(() => accessTo(home.keeper, { account: home.account, google: googleEndpoints() })).toThrow("an emulator");
  const path = home.keeper.home.accounts;
  writeFileSync(path, readFileSync(path, "utf8").replace(/\n *"isEmulated": true,/, ""));
  await expect(readSecrets(home.keeper, real)).rejects.toMatchObject({ code: "malformed" });
  expect(home.provider.asked).toEqual([]);
});

it("keeps the tokens for the user alone, on the disk", async () => {
  const { keeper } = await signedIn();
  expect(statSync(keeper.home.accounts).mode & 0o777).toBe(0o600);
});

it("keeps a thousand accounts, each of which may sign in again, and refuses one more", async () => {
  const { keeper, account } = await signedIn();
  const { home } = keeper;
  const kept = JSON.parse(readFileSync(home.accounts, "utf8"));
  const [first] = kept.accounts;
  const many = Array.from({ length: 999 }, (_, index) => ({ ...first, account: `person-${index}@example.com` }));
  writeFileSync(home.accounts, JSON.stringify({ ...kept, accounts: [first, ...many] }));
  const secrets = await readSecrets(keeper, account);
  if (!secrets) throw new Error("the account was not kept");
  await saveAccount(keeper, { ...account, since: 5 }, secrets);
  const another = { ...account, account: "one-more@example.com" };
  await expect(saveAccount(keeper, another, secrets)).rejects.toMatchObject({ code: "limit" });
  expect(await listAccounts(home)).toHaveLength(1000);
});
