/** Whatever is sent, the emulator answers in Google's form and goes on; what it stumbled over stands in its log. */
import { connect } from "node:net";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { type EmulatedGoogle, startGoogle } from "../src/index.ts";
import { type Person, personAt } from "./support/person.ts";

let google: EmulatedGoogle;
let alice: Person;

beforeEach(async () => {
  google = await startGoogle();
  alice = personAt(google, "alice@example.org");
});

afterEach(() => google.close());

/** That it still does what it should. */
async function expectToLive(): Promise<void> {
  expect((await alice.call("GET", "files")).status).toBe(200);
}

const json = (status: number, reason: string) => ({ error: { code: status, errors: [{ reason }] } });

it("refuses JSON of more than a mebibyte", async () => {
  const answer = await alice.call("POST", "files", { json: { name: "x".repeat(1024 * 1024) } });
  expect(answer.status).toBe(413);
  expect(await answer.json()).toMatchObject(json(413, "uploadTooLarge"));
  await expectToLive();
});

it.each(["files/%E0%A4%A", "files/%", "files/a/permissions/%zz"])(
  "answers a path that nobody can read (%s) with an error of its own",
  async (path) => {
    const answer = await alice.call("GET", path);
    expect(answer.status).toBe(500);
    expect(await answer.json()).toMatchObject(json(500, "internalError"));
    expect([...google.requests].at(-1)?.error).toBeInstanceOf(URIError);
    await expectToLive();
  },
);

it.each([
  ["/token", { authorization: "Basic JTpzZWNyZXQ=" }, "grant_type=refresh_token"],
  ["/token", {}, `code=${"x".repeat(1024 * 1024)}`],
  ["/revoke", {}, `token=${"x".repeat(1024 * 1024)}`],
])("answers what %s stumbles over", async (path, headers, body) => {
  const type = { "content-type": "application/x-www-form-urlencoded" };
  const answer = await fetch(google.url + path, { method: "POST", headers: { ...type, ...headers }, body });
  expect(answer.status).toBe(500);
  expect(await answer.json()).toMatchObject(json(500, "internalError"));
  await expectToLive();
});

it.each(["properties", "appProperties", "shortcutDetails", "parents", "name", "trashed"])(
  "answers metadata whose %s is nonsense",
  async (name) => {
    for (const value of [0, true, "x", [[]], { a: { b: 1 } }, null]) {
      const answer = await alice.call("POST", "files", { json: { [name]: value } });
      await answer.json();
      expect([200, 400, 403, 404, 500]).toContain(answer.status);
    }
    await expectToLive();
  },
);

it("answers when whoever watches it stumbles", async () => {
  const watched = await startGoogle({
    observe() {
      throw new Error("the watcher's own");
    },
  });
  await expect(personAt(watched, "alice@example.org").call("GET", "files")).rejects.toThrow("fetch failed");
  expect([...watched.requests].at(-1)?.error).toMatchObject({ message: "the watcher's own" });
  await watched.close();
});

it.each([
  "GET http:// HTTP/1.1\r\nHost: x\r\n\r\n",
  "GET /drive/v3/files HTTP/1.1\r\nHost: a b\r\n\r\n",
  "OPTIONS * HTTP/1.1\r\nHost: :\r\n\r\n",
  "POST /drive/v3/files HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{",
  "nonsense\r\n\r\n",
])("lives on after %j", async (request) => {
  const socket = connect(Number(new URL(google.url).port), "127.0.0.1");
  socket.on("error", () => {});
  socket.end(request);
  socket.resume();
  await vi.waitFor(() => expect(socket.closed).toBe(true), { timeout: 5_000 });
  await expectToLive();
});
