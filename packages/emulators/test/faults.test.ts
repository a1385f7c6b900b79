/** Mishaps happen as they are told, and the log says what came of them. */
import { afterEach, beforeEach, expect, it } from "vitest";
import { type EmulatedGoogle, type FaultRule, startGoogle, type VirtualClock, virtualClock } from "../src/index.ts";
import { type Person, personAt } from "./support/person.ts";

let clock: VirtualClock;
let google: EmulatedGoogle;
let alice: Person;

beforeEach(async () => {
  clock = virtualClock();
  google = await startGoogle({ clock });
  alice = personAt(google, "alice@example.org");
});

afterEach(() => google.close());

const anything = () => alice.call("GET", "files");

it("refuses as told, as often as told, and goes on", async () => {
  google.faults.add({ on: "files.*", skip: 1, times: 2, fault: { type: "error", status: 429, retryAfterSeconds: 7 } });
  const answers = [await anything(), await anything(), await anything(), await anything()];
  expect(answers.map(({ status }) => status)).toEqual([200, 429, 429, 200]);
  expect(answers[1]?.headers.get("retry-after")).toBe("7");
  expect(await answers[1]?.json()).toMatchObject({
    error: { errors: [{ reason: "rateLimitExceeded", domain: "usageLimits" }] },
  });
  expect(google.faults.isSpent()).toBe(true);
});

it("knows who did not wait as told, and who did", async () => {
  const fault = { type: "error", status: 503, retryAfterSeconds: 5 } as const;
  google.faults.add({ fault, times: 2 });
  await anything();
  clock.advance(5000);
  await anything();
  expect(google.requests.impatient()).toEqual([]);
  clock.advance(4999);
  await anything();
  expect(google.requests.impatient().map(({ number }) => number)).toEqual([3]);
});

it("answers with a page where JSON is due", async () => {
  google.faults.add({ fault: { type: "html", status: 502 } });
  const answer = await anything();
  expect([answer.status, answer.headers.get("content-type")]).toEqual([502, "text/html; charset=UTF-8"]);
});

it.each<[FaultRule["fault"], boolean]>([
  [{ type: "lost-answer" }, true],
  [{ type: "reset-request", afterBytes: 40 }, false],
  [{ type: "reset-response", afterBytes: 3 }, true],
  [{ type: "truncate", afterBytes: 3 }, true],
])("cuts the connection by %o", async (fault, tookEffect) => {
  google.faults.add({ on: "upload.create", fault });
  await expect(alice.upload({ name: "a" }, new Uint8Array(1000))).rejects.toThrow();
  expect(await alice.list("trashed=false")).toHaveLength(tookEffect ? 1 : 0);
});

it("falls silent in the middle of an answer", async () => {
  const { id } = await alice.upload({ name: "a" }, new Uint8Array(1000));
  google.faults.add({ on: "files.download", fault: { type: "stall", afterBytes: 10 } });
  const controller = new AbortController();
  const authorization = `Bearer ${alice.accessToken}`;
  const answer = await fetch(`${google.url}/drive/v3/files/${id}?alt=media`, {
    headers: { authorization },
    signal: controller.signal,
  });
  const reader = answer.body?.getReader();
  expect((await reader?.read())?.value).toHaveLength(10);
  const more = reader?.read();
  controller.abort();
  await expect(more).rejects.toThrow("aborted");
});

it("delivers a request twice: without an id of its own there are two files, with one there is one", async () => {
  google.faults.add({ on: "upload.create", fault: { type: "duplicate" }, times: 2 });
  await alice.upload({ name: "a" }, new Uint8Array(1));
  expect((await alice.tryUpload({ name: "b", id: "1own-id" }, new Uint8Array(1))).status).toBe(409);
  expect((await alice.list("trashed=false")).map(({ name }) => name).sort()).toEqual(["a", "a", "b"]);
});

it("lets a token end in the middle of an upload", async () => {
  const url = await alice.startUpload({ name: "a" }, 4);
  google.faults.add({ on: "upload.chunk", fault: { type: "expire-token" } });
  const chunk = { method: "PUT", headers: { "content-range": "bytes 0-3/4" }, body: new Uint8Array(4) };
  expect((await alice.fetch(url, chunk)).status).toBe(401);
  const again = personAt(google, "alice@example.org");
  expect((await again.fetch(url, chunk)).status).toBe(200);
});

it("keeps of an upload that broke off what Google would keep", async () => {
  const bytes = new Uint8Array(1_000_000).fill(7);
  const url = await alice.startUpload({ name: "a" }, bytes.length);
  google.faults.add({ on: "upload.chunk", fault: { type: "reset-request", afterBytes: 700_000 } });
  await expect(alice.fetch(url, { method: "PUT", body: bytes })).rejects.toThrow();
  const held = await alice.fetch(url, { method: "PUT", headers: { "content-range": "bytes */1000000" } });
  expect([held.status, held.headers.get("range")]).toEqual([308, "bytes=0-524287"]);
  const rest = { "content-range": "bytes 524288-999999/1000000" };
  const { id } = (await (
    await alice.fetch(url, { method: "PUT", headers: rest, body: bytes.slice(524_288) })
  ).json()) as { id: string };
  expect(await alice.read(id)).toEqual(bytes);
});

it("redirects to an origin that refuses whoever brings credentials there", async () => {
  const { id } = await alice.upload({ name: "a" }, new Uint8Array([1, 2]));
  google.faults.add({ on: "files.download", fault: { type: "redirect-origin" }, times: 2 });
  expect(await alice.read(id)).toEqual(new Uint8Array([1, 2]));
  const sent = await alice.fetch(`${google.url}/drive/v3/files/${id}?alt=media`, { redirect: "manual" });
  const location = sent.headers.get("location") ?? "";
  expect(new URL(location).origin).not.toBe(google.url);
  expect((await alice.fetch(location, {})).status).toBe(400);
});

it("redirects to plain http at a host that is not its own", async () => {
  google.faults.add({ fault: { type: "redirect-plain" } });
  const sent = await alice.fetch(`${google.url}/drive/v3/files`, { redirect: "manual" });
  expect(sent.headers.get("location")).toMatch(/^http:\/\/plain\.invalid\/drive/);
});

it.each([1, 2, 3])("lets the same mishaps happen for the same seed (%i)", async (seed) => {
  const statuses = async (): Promise<number[]> => {
    const faults: FaultRule[] = [
      { chance: 0.3, fault: [500, 503].map((status) => ({ type: "error", status }) as const) },
    ];
    const unlucky = await startGoogle({ seed, faults });
    const bob = personAt(unlucky, "bob@example.org");
    const found: number[] = [];
    for (let at = 0; at < 30; at++) found.push((await bob.call("GET", "files")).status);
    await unlucky.close();
    return found;
  };
  const first = await statuses();
  expect(new Set(first)).toEqual(new Set([200, 500, 503]));
  expect(await statuses()).toEqual(first);
});

it("lets an account make only so many files each second", async () => {
  google.limits.createsPerSecond = 3;
  const tried = async () => (await alice.tryUpload({ name: "a" }, new Uint8Array(1))).status;
  expect([await tried(), await tried(), await tried(), await tried()]).toEqual([200, 200, 200, 403]);
  clock.advance(1000);
  expect(await tried()).toBe(200);
});

it("shows new files and changes late where they lag", async () => {
  const start = await alice.startPageToken();
  google.cloud.lag.listMs = 5000;
  google.cloud.lag.changesMs = 3000;
  const { id } = await alice.upload({ name: "a" }, new Uint8Array(1));
  expect([await alice.list(""), (await alice.changes(start)).changes]).toEqual([[], []]);
  expect(await alice.read(id)).toHaveLength(1);
  clock.advance(3000);
  expect((await alice.changes(start)).changes).toHaveLength(1);
  clock.advance(2000);
  expect(await alice.list("")).toHaveLength(1);
});

it("takes so long as told, and wears another time where its clock is wrong", async () => {
  const slow = await startGoogle({ clock, latencyMs: 250, skewMs: 3_600_000 });
  const before = clock.now();
  const answer = await personAt(slow, "bob@example.org").call("GET", "files");
  expect(clock.now() - before).toBe(250);
  expect(Date.parse(answer.headers.get("date") ?? "")).toBe(Math.floor((clock.now() + 3_600_000) / 1000) * 1000);
  await slow.close();
});
