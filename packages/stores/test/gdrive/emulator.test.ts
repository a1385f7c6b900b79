/** The store on the emulated Google: the contract, and storms of faults in virtual time, in which nothing may be lost. */

import { createHash } from "node:crypto";
import type { ObjectStore, SourceEntry } from "@conclave/core";
import { type EmulatedGoogle, type Fault, startGoogle, type VirtualClock, virtualClock } from "@conclave/emulators";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { driveReferee } from "../../../../tests/support/drive-referee.ts";
import { requireOrSkip } from "../../../../tests/support/require.ts";
import { memoryDatabase } from "../../../core/test/support/sqlite.ts";
import { findDriveFolder, openDrivePlainFiles, openDriveStore, type Timing } from "../../src/gdrive.ts";
import { keysIn, patterned } from "../contract-cases.ts";
import { describeStore } from "../store-contract.ts";

const SEED = Number(process.env.CONCLAVE_SEED ?? 1);

/** Time that client and server share, so that the one's patience is measured by the other's clock. */
function timingOf(clock: VirtualClock): Timing {
  return {
    now: () => clock.now(),
    random: () => 1,
    async pause(milliseconds, signal) {
      signal?.throwIfAborted();
      await clock.sleep(milliseconds);
      signal?.throwIfAborted();
    },
  };
}

/** Signs an account in, with tokens that are renewed when they are refused. */
function authFor(google: EmulatedGoogle, email: string) {
  let token = google.signIn(email).accessToken;
  return {
    token: async () => token,
    async renew(stale: string) {
      if (stale === token) token = google.signIn(email).accessToken;
      return token;
    },
  };
}

interface Opened {
  readonly store: ObjectStore;
  readonly folder: string;
}

/** One account's store in a folder that is there. */
function openAs(
  google: EmulatedGoogle,
  clock: VirtualClock,
  options: { readonly name: string; readonly folder: string },
): ObjectStore {
  return openDriveStore({
    auth: authFor(google, `${options.name}@example.org`),
    endpoints: { api: google.url },
    timing: timingOf(clock),
    folder: options.folder,
    cache: memoryDatabase(),
    freshMs: 0,
    now: () => clock.now(),
  });
}

/** @param patience - How long nothing may move, by the machine's own clock: too little for a machine that is busy. */
async function open(
  google: EmulatedGoogle,
  clock: VirtualClock,
  name: string,
  patience: { readonly stallMs?: number } = {},
): Promise<Opened> {
  const access = {
    auth: authFor(google, "alice@example.org"),
    endpoints: { api: google.url },
    timing: timingOf(clock),
    ...patience,
  };
  const folder = await findDriveFolder(access, { name, create: true });
  const store = openDriveStore({ ...access, folder, cache: memoryDatabase(), freshMs: 0, now: () => clock.now() });
  return { store, folder };
}

describe("on an emulated Google", () => {
  let google: EmulatedGoogle;
  const clock = virtualClock();
  let folders = 0;
  beforeAll(async () => {
    google = await startGoogle({ clock, limits: { pageSizeMax: 300 } });
  });
  afterAll(() => google.close());

  describeStore("the store", async () => open(google, clock, `Group ${folders++}`));
});

const STORM: readonly Fault[] = [
  { type: "error", status: 429 },
  { type: "error", status: 429, retryAfterSeconds: 7 },
  { type: "error", status: 503 },
  { type: "error", status: 503, retryAfterSeconds: 3 },
  { type: "error", status: 500 },
  { type: "error", status: 403, reason: "userRateLimitExceeded" },
  { type: "reset-request", afterBytes: 0 },
  { type: "reset-request", afterBytes: 300_000 },
  { type: "reset-response", afterBytes: 0 },
  { type: "reset-response", afterBytes: 40 },
  { type: "truncate", afterBytes: 25 },
  { type: "lost-answer" },
  { type: "expire-token" },
];

describe("in a storm that hits half of all requests", () => {
  let google: EmulatedGoogle | undefined;
  afterEach(() => google?.close());

  it.each([
    ["many puts at once: it loses nothing, and doubles nothing", true],
    ["one put after another: it never asks again sooner than it is told, either", false],
  ])(
    "%s",
    async (_, isAtOnce) => {
      const clock = virtualClock();
      google = await startGoogle({ clock, seed: SEED });
      const { store, folder } = await open(google, clock, "Storm");
      google.faults.add({ fault: STORM, chance: 0.5 });
      const expected = new Map<string, Uint8Array>();
      for (let round = 0; faultsIn(google) < FAULTS; round++) {
        const puts = Array.from({ length: 12 }, (_, index) => {
          const sizeBytes = index === 0 && round % 20 === 0 ? 5_300_000 : 200 + index;
          return { key: `e/records/${round}-${index}.age`, value: patterned(sizeBytes, round * 100 + index) };
        });
        if (isAtOnce) await Promise.all(puts.map(({ key, value }) => store.put(key, value)));
        else for (const { key, value } of puts) await store.put(key, value);
        for (const { key, value } of puts) expected.set(key, value);
        const [gone] = puts.slice(3);
        if (gone && round % 2 === 0) {
          expect(await store.delete(gone.key)).toBe("deleted");
          expected.delete(gone.key);
        }
        const asked = puts[round % 3];
        if (asked) expect(Buffer.from(await store.get(asked.key)).equals(asked.value)).toBe(true);
      }
      google.faults.clear();
      expect(await keysIn(store)).toEqual([...expected.keys()].sort());
      const files = [...google.cloud.items.values()].filter((item) => !item.isFolder);
      expect(files).toHaveLength(expected.size);
      // Of requests under way at once none can know what another is being told.
      if (!isAtOnce) expect(google.requests.impatient()).toEqual([]);
      const fresh = openDriveStore({
        auth: authFor(google, "alice@example.org"),
        endpoints: { api: google.url },
        timing: timingOf(clock),
        folder,
        cache: memoryDatabase(),
      });
      expect(await keysIn(fresh)).toEqual([...expected.keys()].sort());
      for (const [key, value] of [...expected].slice(0, 200)) {
        expect(Buffer.from(await fresh.get(key)).equals(value)).toBe(true);
      }
    },
    300_000,
  );
});

/** Mishaps of one run; `CONCLAVE_FAULTS` asks for more. */
const FAULTS = Number(process.env.CONCLAVE_FAULTS ?? 600);

function faultsIn(google: EmulatedGoogle): number {
  return [...google.requests].filter(({ fault }) => fault !== undefined).length;
}

describe("an emulated Google that", () => {
  let google: EmulatedGoogle;
  let opened: Opened;
  const clock = virtualClock();
  beforeAll(async () => {
    google = await startGoogle({ clock });
    opened = await open(google, clock, "Group", { stallMs: 200 });
  });
  afterEach(() => google.faults.clear());
  afterAll(() => google.close());

  it("leads reads to a second origin is followed without the token", async () => {
    await opened.store.put("a", patterned(1_000));
    google.faults.add({ on: "files.*", fault: { type: "redirect-origin" } });
    expect(await opened.store.get("a")).toEqual(patterned(1_000));
    expect(google.faults.isSpent()).toBe(true);
  });

  it("leads away from TLS is refused", async () => {
    google.faults.add({ fault: { type: "redirect-plain" } });
    await expect(opened.store.get("a")).rejects.toMatchObject({
      code: "untrusted",
      message: expect.stringMatching(/TLS/),
    });
  });

  it("answers with a page is not believed", async () => {
    google.faults.add({ fault: { type: "html", status: 200 } });
    await expect(opened.store.get("a")).rejects.toMatchObject({
      code: "untrusted",
      message: expect.stringMatching(/web page/),
    });
  });

  it("falls silent in the middle of an answer is asked again", async () => {
    google.faults.add({ fault: { type: "stall", afterBytes: 10 } });
    expect(await opened.store.get("a")).toEqual(patterned(1_000));
  });

  it("forgets uploads and expires tokens in the middle of one gets it all the same", async () => {
    const big = patterned(12_000_000);
    google.faults.add(
      { on: "upload.*", fault: { type: "reset-request", afterBytes: 5_000_000 }, skip: 1 },
      { fault: { type: "expire-token" }, skip: 3 },
    );
    await opened.store.put("big", big);
    expect(Buffer.from(await opened.store.get("big")).equals(big)).toBe(true);
  });

  it("makes only three files a second gets no more of them asked for", async () => {
    google.limits.createsPerSecond = 3;
    const before = google.requests.length;
    for (let index = 0; index < 30; index++) await opened.store.put(`e/${index}`, patterned(50, index));
    google.limits.createsPerSecond = undefined;
    const refused = [...google.requests].slice(before).filter(({ status }) => status === 403);
    expect(refused).toHaveLength(0);
  });
});

it("speaks to Google as Google describes it", async (context) => {
  const referee = driveReferee(requireOrSkip(context, "specs"));
  const clock = virtualClock();
  const google = await startGoogle({ clock, observe: referee.observe });
  const { store, folder } = await open(google, clock, "Group");
  await store.sharing?.grant("bob@example.org", "read");
  await store.sharing?.grant("bob@example.org", "write");
  const bob = openAs(google, clock, { name: "bob", folder });
  await store.put("a/small", patterned(10));
  await store.put("a/big", patterned(6_000_000));
  await bob.put("a/bob", patterned(10));
  expect(await keysIn(bob)).toEqual(["a/big", "a/bob", "a/small"]);
  expect(await bob.get("a/small", { offset: 2, length: 3 })).toHaveLength(3);
  await expect(bob.get("a/none")).rejects.toMatchObject({ code: "not-found" });
  expect([await store.delete("a/bob"), await store.delete("a/small")]).toEqual(["detached", "deleted"]);
  for await (const kept of bob.retention?.kept() ?? []) expect(await bob.retention?.purge(kept)).toBe("purged");
  expect(await store.sharing?.account()).toBe("alice@example.org");
  expect(await store.sharing?.withdraw("bob@example.org")).toBe("withdrawn");
  await expect(keysIn(bob)).rejects.toMatchObject({ code: "gone" });
  await google.close();
  expect(referee.judged).toBeGreaterThan(25);
  expect(referee.objections).toEqual([]);
});

describe("a file that Google takes for malware", () => {
  it("is read by its owner all the same, and by nobody else", async () => {
    const clock = virtualClock();
    const google = await startGoogle({ clock });
    const { store, folder } = await open(google, clock, "Group");
    await store.sharing?.grant("bob@example.org", "write");
    await store.put("a", patterned(1_000));
    for (const item of google.cloud.items.values()) item.isAbusive = item.name === "a";
    expect(await store.get("a", { offset: 10, length: 5 })).toEqual(patterned(1_000).slice(10, 15));
    const bob = openAs(google, clock, { name: "bob", folder });
    await expect(bob.get("a")).rejects.toMatchObject({
      code: "flagged",
      message: expect.stringMatching(/malware.*only its owner/),
    });
    await google.close();
  });
});

describe("what others can pass off as the group's", () => {
  const clock = virtualClock();
  let google: EmulatedGoogle;
  let alice: Opened;
  beforeAll(async () => {
    google = await startGoogle({ clock });
    alice = await open(google, clock, "Group");
    await alice.store.sharing?.grant("bob@example.org", "write");
  });
  afterAll(() => google.close());

  const call = async (by: string, path: string, init: RequestInit = {}): Promise<{ readonly id: string }> => {
    const { accessToken } = google.signIn(`${by}@example.org`);
    const headers = { "content-type": "application/json", ...init.headers, authorization: `Bearer ${accessToken}` };
    const response = await fetch(`${google.url}${path}`, { ...init, headers });
    if (!response.ok) throw new Error(await response.text());
    return (await response.json()) as { id: string };
  };
  /** A file of Alice's own, in a folder of hers that Bob may write to. */
  async function thesis(): Promise<{ readonly id: string; readonly folder: string }> {
    const folder = await call("alice", "/drive/v3/files", {
      method: "POST",
      body: JSON.stringify({ name: "Shared", mimeType: "application/vnd.google-apps.folder" }),
    });
    await call("alice", `/drive/v3/files/${folder.id}/permissions`, {
      method: "POST",
      body: JSON.stringify({ type: "user", role: "writer", emailAddress: "bob@example.org" }),
    });
    const meta = JSON.stringify({ name: "thesis", parents: [folder.id] });
    const { id } = await call("alice", "/upload/drive/v3/files?uploadType=multipart", {
      method: "POST",
      headers: { "content-type": "multipart/related; boundary=b" },
      body: `--b\r\ncontent-type: application/json\r\n\r\n${meta}\r\n--b\r\ncontent-type: text/plain\r\n\r\nyears\r\n--b--`,
    });
    return { id, folder: folder.id };
  }
  it("by other bytes of the same size and time, put into an original that is to be deleted, keeps it", async () => {
    const { id, folder } = await thesis();
    const access = {
      auth: authFor(google, "alice@example.org"),
      endpoints: { api: google.url },
      timing: timingOf(clock),
    };
    const files = await openDrivePlainFiles(access, folder);
    const found: SourceEntry[] = [];
    for await (const each of files.walk()) if ("kind" in each) found.push(each);
    const [entry] = found as [SourceEntry];
    await (await files.open(entry.path)).read(0, new Uint8Array(entry.size));
    const modifiedTime = new Date(entry.modified).toISOString();
    await call("bob", `/upload/drive/v3/files/${id}?uploadType=multipart`, {
      method: "PATCH",
      headers: { "content-type": "multipart/related; boundary=b" },
      body: `--b\r\ncontent-type: application/json\r\n\r\n${JSON.stringify({ modifiedTime })}\r\n--b\r\ncontent-type: text/plain\r\n\r\nYEARS\r\n--b--`,
    });
    expect(await files.deleteFile(entry)).toBe("changed");
    expect(google.cloud.items.has(id)).toBe(true);
  });

  const NAME = `${createHash("sha256").update(patterned(10)).digest("hex").slice(0, 32)}.age`;

  it("by marking another file of its owner's does not make that file one to be deleted for good", async () => {
    const { id } = await thesis();
    const properties = { "conclave-folder": alice.folder, "conclave-path": `${"ab".repeat(32)}/objects` };
    await call("bob", `/drive/v3/files/${id}`, { method: "PATCH", body: JSON.stringify({ name: NAME, properties }) });
    for await (const kept of alice.store.retention?.kept() ?? []) expect(kept).toBeUndefined();
  });

  it("by moving another file of its owner's to a key goes into the trash at most", async () => {
    await alice.store.put(`e/objects/${NAME}`, patterned(10));
    const { id, folder } = await thesis();
    const objects = [...google.cloud.items.values()].find(({ name }) => name === "objects");
    await call("bob", `/drive/v3/files/${id}?addParents=${objects?.id}&removeParents=${folder}`, {
      method: "PATCH",
      body: JSON.stringify({ name: NAME }),
    });
    expect(await alice.store.delete(`e/objects/${NAME}`)).toBe("detached");
    expect(google.cloud.items.get(id)).toMatchObject({ trash: {} });
    expect(await keysIn(alice.store)).toEqual([]);
  });
});

describe("in a shared drive", () => {
  const clock = virtualClock();
  let google: EmulatedGoogle;
  let stores: Readonly<Record<"alice" | "bob" | "carol", ObjectStore>>;
  beforeAll(async () => {
    google = await startGoogle({ clock });
    const roles = {
      "alice@example.org": "organizer",
      "bob@example.org": "fileOrganizer",
      "carol@example.org": "writer",
    };
    const folder = google.addSharedDrive("Team", roles as Parameters<EmulatedGoogle["addSharedDrive"]>[1]);
    const as = (name: string) => openAs(google, clock, { name, folder });
    stores = { alice: as("alice"), bob: as("bob"), carol: as("carol") };
  });
  afterAll(() => google.close());

  it("everybody reads what everybody writes", async () => {
    await stores.carol.put("e/one", patterned(100, 1));
    await stores.alice.put("e/two", patterned(100, 2));
    for (const store of Object.values(stores)) {
      expect(await keysIn(store)).toEqual(["e/one", "e/two"]);
      expect(await store.get("e/one")).toEqual(patterned(100, 1));
    }
  });

  it("only a manager deletes for good, an organiser of contents puts into the trash, and a writer is refused", async () => {
    for (const name of ["a", "b", "c"]) await stores.carol.put(`f/${name}`, patterned(10));
    expect(await stores.carol.delete("f/a")).toBe("refused");
    expect(await stores.bob.delete("f/b")).toBe("detached");
    expect(await stores.alice.delete("f/c")).toBe("deleted");
    expect(await keysIn(stores.carol, "f")).toEqual(["f/a"]);
  });

  it("what lies in the trash is shown to a manager, who ends it", async () => {
    await stores.bob.put("g/a", patterned(10));
    await stores.bob.delete("g/a");
    const kept = [];
    for await (const object of stores.alice.retention?.kept() ?? []) if (object.key === "g/a") kept.push(object);
    expect(kept).toMatchObject([{ key: "g/a", where: "trash" }]);
    for (const object of kept) expect(await stores.bob.retention?.purge(object)).toBe("kept");
    for (const object of kept) expect(await stores.alice.retention?.purge(object)).toBe("purged");
  });
});

it("forgets nothing for a listing that has not looked everywhere", async () => {
  const clock = virtualClock();
  const google = await startGoogle({ clock });
  const { store } = await open(google, clock, "Group");
  for (let index = 0; index < 6; index++) await store.put(`e/${index}`, patterned(10, index));
  clock.advance(2 * 3_600_000);
  google.limits.searchesAreIncomplete = true;
  // The second listing, which is due once the lag is over: half of the files are missing from it.
  expect(await keysIn(store)).toHaveLength(6);
  await google.close();
});
