import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { type OAuthProvider, oauthProvider, PLANTED } from "../../../../tests/support/oauth-provider.ts";
import { type Given, newStage, type Person } from "../support/stage.ts";

/** Anna, with an identity and a file for the client's secret, at a browser that does what the provider's page says. */
async function anna(
  options: { readonly browse?: (page: string, provider: OAuthProvider) => Promise<unknown> } = {},
): Promise<{ readonly provider: OAuthProvider; readonly anna: Person; readonly login: readonly string[] }> {
  const provider = await oauthProvider();
  const stage = newStage();
  const { browse = async (page) => fetch(await provider.browse(page)) } = options;
  const person = stage.visitor("Anna", {
    env: { CONCLAVE_GOOGLE_EMULATOR: provider.url },
    openBrowser: async (page) => {
      // The browser is another program: nobody waits for it.
      void browse(page, provider).catch(() => undefined);
      return true;
    },
  });
  await person.json("init", "--name", "Anna", "--no-passphrase");
  writeFileSync(join(stage.folder, "client.json"), installed(provider));
  return { provider, anna: person, login: ["login", "gdrive", "--client-secret-file", "client.json"] };
}

function installed({ client }: OAuthProvider): string {
  return JSON.stringify({ installed: { client_id: client.id, client_secret: client.secret } });
}

const everything = ({ out, err }: Given): string => `${out}${err}`;

it("signs in, lists the account, and signs out at the provider too", async () => {
  const { provider, anna: say, login } = await anna();
  expect(await say.json(...login)).toEqual({ provider: "gdrive", account: "anna@example.org", scope: "drive" });
  const [account] = await say.json<{ account: string; clientId: string }[]>("accounts");
  expect(account).toMatchObject({ account: "anna@example.org", clientId: provider.client.id });
  expect(await say.json("logout")).toEqual({ provider: "gdrive", account: "anna@example.org", revoked: true });
  expect(provider.asked.filter(({ what }) => what === "POST /revoke")).toHaveLength(1);
  expect(await say.json("accounts")).toEqual([]);
});

it("keeps the client with the account, so that it is given once", async () => {
  const { provider, anna: say, login } = await anna();
  await say.json(...login);
  await say.json("login", "gdrive", "--account", "anna@example.org");
  await say.json("login", "gdrive", "--account", "second@example.org");
  const accounts = await say.json<{ account: string; clientId: string }[]>("accounts");
  expect(accounts.map(({ account }) => account)).toEqual(["anna@example.org", "second@example.org"]);
  expect(new Set(accounts.map(({ clientId }) => clientId))).toEqual(new Set([provider.client.id]));
  expect(await say.refusal("logout")).toMatchObject({ exit: 2, code: "ambiguous-account" });
});

it("keeps no token and no secret in clear", async () => {
  const { anna: say, login } = await anna();
  await say.json(...login);
  expect(readFileSync(join(say.home, "accounts.json"), "utf8")).not.toContain(PLANTED);
});

it.each([
  ["consent is denied", { consent: "deny" }, "consent-refused", 3],
  ["access to the files is left out", { consent: "untick" }, "scope-refused", 3],
  ["the provider answers with a page", { answer: { "/token": page } }, "untrusted-answer", 6],
  ["the provider sends elsewhere", { answer: { "/token": elsewhere } }, "untrusted-answer", 6],
  ["the provider is in trouble", { answer: { "/token": trouble } }, "unreachable", 6],
  ["who signed in is a page", { answer: { "/drive/v3/about": page } }, "untrusted-answer", 6],
  ["who signed in is asked elsewhere", { answer: { "/drive/v3/about": elsewhere } }, "unreachable", 6],
] as const)("is refused where %s, and keeps nothing", async (_, script, code, exit) => {
  const { provider, anna: say, login } = await anna();
  provider.script = script;
  expect(await say.refusal(...login)).toMatchObject({ exit, code });
  expect(await say.json("accounts")).toEqual([]);
});

function page(response: import("node:http").ServerResponse): void {
  response.writeHead(200, { "content-type": "text/html" }).end("<html>please sign in to this network</html>");
}

function elsewhere(response: import("node:http").ServerResponse): void {
  response.writeHead(307, { location: "http://127.0.0.1:9/token" }).end();
}

function trouble(response: import("node:http").ServerResponse): void {
  response.writeHead(503).end();
}

it("is refused with a client that the provider does not know, and says where one comes from", async () => {
  const { anna: say } = await anna();
  const refused = await say.refusal("login", "gdrive", "--client-id", "nobody");
  expect(refused).toMatchObject({ exit: 3, code: "wrong-client", hint: expect.stringContaining("google-drive.md") });
});

it("ships no client of its own, and says how one is made", async () => {
  const { anna: say, provider } = await anna();
  const refused = await say.refusal("login", "gdrive");
  expect(refused).toMatchObject({ exit: 3, code: "wrong-client", hint: expect.stringContaining("no client id") });
  expect(provider.asked).toEqual([]);
});

it("ends when nobody comes in time", async () => {
  const { anna: say, login } = await anna({ browse: async () => undefined });
  expect(await say.refusal(...login, "--wait", "1")).toMatchObject({ exit: 3, code: "timed-out" });
});

it.each([
  "http://evil.example:80",
  "https://127.0.0.1:8443",
  "http://127.0.0.1.evil.example:80",
  "http://localhost:80",
  "http://127.0.0.1:80@evil.example",
  "http://127.0.0.1:80/path",
])("sends nothing to an emulator that is not on this machine: %s", async (url) => {
  const stage = newStage();
  const say = stage.visitor("Anna", { env: { CONCLAVE_GOOGLE_EMULATOR: url } });
  await say.json("init", "--name", "Anna", "--no-passphrase");
  const refused = await say.refusal("login", "gdrive", "--client-id", "x");
  expect(refused).toMatchObject({ exit: 1, code: "malformed", message: expect.stringContaining("127.0.0.1") });
});

it.each([
  ["no JSON", "{ not json"],
  ["a web client's file", '{"web":{"client_id":"a","client_secret":"planted-secret-b"}}'],
  ["several words", "one planted-secret"],
])("refuses a client file that is %s, without repeating it", async (_, text) => {
  const stage = newStage();
  const say = await stage.newcomer("Anna");
  stage.files(".", { "client.json": text });
  const refused = await say("login", "gdrive", "--client-secret-file", "client.json");
  expect(refused.exit).toBe(2);
  expect(everything(refused)).not.toContain(PLANTED);
});

// Attack 47: every secret of the provider begins with the same words.
it.each([
  ["all goes well", {}],
  ["consent is denied", { consent: "deny" }],
  ["the token is refused", { answer: { "/token": echo } }],
  ["the account is refused", { answer: { "/drive/v3/about": echo } }],
  ["the provider is in trouble", { answer: { "/token": trouble } }],
] as const)("says no token, code, verifier or secret where %s", async (_, script) => {
  for (const words of [["--json"], ["--debug", "--verbose", "--stats"], ["--json", "--debug", "--quiet"]]) {
    const { provider, anna: say, login } = await anna();
    provider.script = script;
    const given = await say(...login, ...words);
    const out = await say("logout", ...words);
    const said = everything(given) + everything(out);
    const verifiers = provider.asked.map(({ fields }) => fields.get("code_verifier")).filter((each) => each !== null);
    for (const secret of [PLANTED, ...verifiers]) expect(said).not.toContain(secret);
  }
});

/** A provider that repeats what it was asked, secrets too. */
function echo(response: import("node:http").ServerResponse): void {
  const error = { error: "invalid_grant", error_description: `${PLANTED}-repeated`, access_token: `${PLANTED}-x` };
  response.writeHead(400, { "content-type": "application/json" }).end(JSON.stringify(error));
}
