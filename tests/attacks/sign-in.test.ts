/** Attack 46: answers to a sign-in that its person did not give. The provider is real, on this machine, and so is the port. */
import { once } from "node:events";
import { connect } from "node:net";
import { googleEndpoints, type SignedIn, signIn } from "@conclave/node";
import { expect, it } from "vitest";
import { type OAuthProvider, oauthProvider } from "../support/oauth-provider.ts";

interface Attempt {
  /** The provider's page, as the person sees it. */
  readonly page: string;
  /** `http://127.0.0.1:PORT/`. */
  readonly door: string;
  readonly result: Promise<SignedIn>;
  readonly strays: () => number;
}

/** Begins a sign-in, and gives what its person would see. */
async function attempt(
  provider: OAuthProvider,
  options: { readonly timeoutMs?: number; readonly account?: string; readonly paste?: () => Promise<string> } = {},
): Promise<Attempt> {
  const shown = Promise.withResolvers<string>();
  let strays = 0;
  const result = signIn({
    google: googleEndpoints({ CONCLAVE_GOOGLE_EMULATOR: provider.url }),
    client: provider.client,
    clock: { now: () => Date.now() },
    scope: "drive",
    signal: new AbortController().signal,
    timeoutMs: 60_000,
    show: async (url) => shown.resolve(url),
    onStray: () => {
      strays += 1;
    },
    ...options,
  });
  result.catch(() => undefined);
  const page = await shown.promise;
  return { page, door: new URL(page).searchParams.get("redirect_uri") ?? "", result, strays: () => strays };
}

const tokenRequests = (provider: OAuthProvider) => provider.asked.filter(({ what }) => what === "POST /token");

it("takes the answer to its own request, with a verifier that fits the challenge", async () => {
  const provider = await oauthProvider();
  const { page, result } = await attempt(provider);
  const given = new URL(page).searchParams;
  expect(given.get("code_challenge_method")).toBe("S256");
  const shown = await fetch(await provider.browse(page));
  expect(await result).toMatchObject({ account: "anna@example.org" });
  expect(shown.status).toBe(200);
  expect(await shown.text()).toContain("anna@example.org");
  const sent = tokenRequests(provider)[0]?.fields;
  expect(sent?.get("code_verifier")).toMatch(/^[A-Za-z0-9_-]{43,128}$/);
  expect(page).not.toContain(sent?.get("code_verifier"));
});

it.each([
  ["no state", (answer: URL) => answer.searchParams.delete("state")],
  ["another state", (answer: URL) => answer.searchParams.set("state", "x".repeat(43))],
  ["two states", (answer: URL) => answer.searchParams.append("state", "x")],
  ["nothing at all", (answer: URL) => [...answer.searchParams.keys()].map((key) => answer.searchParams.delete(key))],
])("an answer with %s is refused, and the right one is still taken", async (_, spoil) => {
  const provider = await oauthProvider();
  const { page, result, strays } = await attempt(provider);
  const right = await provider.browse(page);
  const wrong = new URL(right);
  spoil(wrong);
  expect((await fetch(wrong)).status).toBe(400);
  expect(strays()).toBe(1);
  expect(tokenRequests(provider)).toEqual([]);
  expect((await fetch(right)).status).toBe(200);
  await expect(result).resolves.toMatchObject({ account: "anna@example.org" });
});

it("a second answer is refused while the first is being taken, and finds nobody afterwards", async () => {
  const provider = await oauthProvider();
  const { page, result, strays } = await attempt(provider);
  const second = await provider.browse(page);
  const first = await provider.browse(page);
  const asking = Promise.withResolvers<void>();
  const held = Promise.withResolvers<void>();
  provider.script.answer = {
    "/drive/v3/about": async (response) => {
      asking.resolve();
      await held.promise;
      response
        .writeHead(200, { "content-type": "application/json" })
        .end('{"user":{"emailAddress":"anna@example.org"}}');
    },
  };
  const answered = fetch(first);
  await asking.promise;
  expect((await fetch(second)).status).toBe(400);
  expect(strays()).toBe(1);
  held.resolve();
  await answered;
  await result;
  expect(tokenRequests(provider)).toHaveLength(1);
  await expect(fetch(second)).rejects.toThrow();
});

it("an answer that comes too late finds nobody, and the person is told that time is up", async () => {
  const provider = await oauthProvider();
  const { page, result } = await attempt(provider, { timeoutMs: 1 });
  await expect(result).rejects.toMatchObject({ name: "SignInError", code: "timed-out" });
  const late = await provider.browse(page);
  await expect(fetch(late)).rejects.toThrow();
  expect(tokenRequests(provider)).toEqual([]);
});

it("a code that was given for another challenge is refused by the provider, and so is the sign-in", async () => {
  const provider = await oauthProvider();
  const { page, result } = await attempt(provider);
  const foreign = new URL(page);
  foreign.searchParams.set("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
  expect((await fetch(await provider.browse(foreign.href))).status).toBe(400);
  await expect(result).rejects.toMatchObject({ name: "SignInError", code: "sign-in-expired" });
});

it("nobody is answered who calls this machine by another name, or asks for anything else", async () => {
  const provider = await oauthProvider();
  const { page, door } = await attempt(provider);
  const { host, port } = new URL(door);
  const right = new URL(await provider.browse(page));
  const status = (name: string, line: string) =>
    new Promise<string>((resolve, reject) => {
      const socket = connect(Number(port), "127.0.0.1");
      let text = "";
      socket.on("data", (chunk) => (text += chunk.toString()));
      socket.on("end", () => resolve(text.slice(9, 12)));
      socket.on("error", reject);
      socket.write(`${line} HTTP/1.1\r\nHost: ${name}\r\nConnection: close\r\n\r\n`);
    });
  const asked = `GET ${right.pathname}${right.search}`;
  expect(await status("rebound.example", asked)).toBe("421");
  expect(await status(`localhost:${port}`, asked)).toBe("421");
  expect(await status(host, `POST /${right.search}`)).toBe("405");
  expect(await status(host, "GET /favicon.ico")).toBe("404");
  expect(tokenRequests(provider)).toEqual([]);
});

it.each([
  ["nothing", ""],
  ["half a question", "GET / HTTP/1.1\r\nHo"],
])("whoever connects and says %s, and stays, holds nobody up", async (_, said) => {
  const provider = await oauthProvider();
  const { page, door, result } = await attempt(provider);
  const socket = connect(Number(new URL(door).port), "127.0.0.1");
  await once(socket, "connect");
  if (said !== "") await new Promise((resolve) => socket.write(said, resolve));
  expect((await fetch(await provider.browse(page))).status).toBe(200);
  await expect(result).resolves.toMatchObject({ account: "anna@example.org" });
  socket.destroy();
});

it("somebody else's account is refused where one was asked for", async () => {
  const provider = await oauthProvider();
  const { page, result } = await attempt(provider, { account: "bob@example.org" });
  const url = new URL(page);
  url.searchParams.delete("login_hint");
  await fetch(await provider.browse(url.href, "mallory@example.org"));
  await expect(result).rejects.toMatchObject({ code: "other-account", message: expect.stringContaining("mallory") });
});

it("somebody else who saw the page's address and answers first is named, in the browser and here", async () => {
  const provider = await oauthProvider();
  const { page, result } = await attempt(provider);
  const shown = await fetch(await provider.browse(page, "mallory@example.org"));
  expect(await shown.text()).toContain("mallory@example.org");
  expect(await result).toMatchObject({ account: "mallory@example.org" });
});

it("an address that was pasted is held to the same rules", async () => {
  const provider = await oauthProvider();
  const pasted = Promise.withResolvers<string>();
  const good = await attempt(provider, { paste: () => pasted.promise });
  pasted.resolve(`  ${await provider.browse(good.page)}\n`);
  await expect(good.result).resolves.toMatchObject({ account: "anna@example.org" });
  const bad = await attempt(provider, { paste: async () => "http://127.0.0.1:9/?state=x&code=y" });
  await expect(bad.result).rejects.toMatchObject({ code: "answer-refused" });
});
