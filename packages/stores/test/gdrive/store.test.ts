import { createHash } from "node:crypto";
import { StoreError } from "@conclave/core";
import { describe, expect, it } from "vitest";
import { memoryDatabase } from "../../../core/test/support/sqlite.ts";
import { keysIn, listed, patterned } from "../contract-cases.ts";
import { describeStore } from "../store-contract.ts";
import { openSmallDrive } from "./open.ts";
import { failure, lyingDrive, ROOT, SmallDrive } from "./small-drive.ts";

describeStore("store in a folder of Google Drive", async () => openSmallDrive(new SmallDrive()));

const bytes = (text: string) => new TextEncoder().encode(text);
const FOLDER = "application/vnd.google-apps.folder";

/** A key that carries the digest of these bytes. */
function keyOf(value: Uint8Array): string {
  return `e/objects/${createHash("sha256").update(value).digest("hex").slice(0, 32)}.age`;
}

/** How many requests some work costs. */
async function cost(drive: SmallDrive, work: () => Promise<unknown>): Promise<number> {
  const before = drive.requests.length;
  await work();
  return drive.requests.length - before;
}

describe("catching up", () => {
  it("costs one request when nothing has changed, and one more when a file has", async () => {
    const drive = new SmallDrive("alice", "bob");
    const alice = openSmallDrive(drive).store;
    const bob = openSmallDrive(drive, { account: "bob" }).store;
    for (let index = 0; index < 50; index++) await alice.put(`e/records/${index}.age`, bytes(`${index}`));
    expect(await keysIn(bob, "e/records")).toHaveLength(50);
    expect(await cost(drive, () => keysIn(bob, "e/records"))).toBe(1);
    await alice.put("e/records/new.age", bytes("new"));
    const requests = await cost(drive, async () => {
      expect(await keysIn(bob, "e/records")).toHaveLength(51);
      expect(await bob.get("e/records/new.age")).toEqual(bytes("new"));
    });
    expect(requests).toBe(2);
  });

  it("goes on in another process from what was remembered", async () => {
    const drive = new SmallDrive();
    const cache = memoryDatabase();
    await openSmallDrive(drive, { cache }).store.put("a/b/c.age", bytes("x"));
    const later = openSmallDrive(drive, { cache }).store;
    expect(await cost(drive, () => keysIn(later))).toBe(1);
    expect(await keysIn(later)).toEqual(["a/b/c.age"]);
  });

  it("sees what others delete, move out, rename and trash", async () => {
    const drive = new SmallDrive("alice", "bob");
    const [alice, bob] = [openSmallDrive(drive).store, openSmallDrive(drive, { account: "bob" }).store];
    for (const name of ["deleted", "moved", "renamed", "trashed", "stays"]) await alice.put(`e/${name}`, bytes(name));
    expect(await keysIn(bob)).toHaveLength(5);
    await alice.delete("e/deleted");
    for (const name of ["moved", "renamed", "trashed"]) {
      const [file] = drive.named(name);
      if (!file) throw new Error("the file is not there");
      if (name === "moved") file.parent = "elsewhere";
      if (name === "renamed") file.name = "other";
      if (name === "trashed") file.trashed = true;
      drive.changed(file.id);
    }
    expect(await keysIn(bob)).toEqual(["e/other", "e/stays"]);
  });

  it("lists a folder that was moved in with all that lies below it", async () => {
    const drive = new SmallDrive();
    const { store } = openSmallDrive(drive);
    expect(await keysIn(store)).toEqual([]);
    drive.add({ id: "outside", name: "moved", mimeType: FOLDER, parents: ["elsewhere"] }, { owner: "alice" });
    drive.add({ id: "inner", name: "inner", parents: ["outside"] }, { owner: "alice", bytes: bytes("x") });
    expect(await keysIn(store)).toEqual([]);
    const folder = drive.files.get("outside");
    if (folder) folder.parent = ROOT;
    drive.changed("outside");
    expect(await keysIn(store)).toEqual(["moved/inner"]);
  });

  it("lists everything anew when the feed has forgotten where we were", async () => {
    const drive = new SmallDrive("alice", "bob");
    const [alice, bob] = [openSmallDrive(drive).store, openSmallDrive(drive, { account: "bob" }).store];
    await alice.put("e/a", bytes("a"));
    await alice.put("e/b", bytes("b"));
    expect(await keysIn(bob)).toEqual(["e/a", "e/b"]);
    await alice.delete("e/a");
    await alice.put("e/c", bytes("c"));
    drive.oldestToken = 1_000;
    // What is young may be missing from a listing that is late, so it is not given up yet.
    expect(await keysIn(bob)).toContain("e/c");
    await expect(bob.get("e/a")).rejects.toMatchObject({ code: "not-found" });
  });

  it("finds what the first listing missed: by name at once, and by another listing when the lag has passed", async () => {
    const drive = new SmallDrive("alice", "bob");
    const alice = openSmallDrive(drive).store;
    await alice.put("e/early", bytes("early"));
    await alice.put("e/late", bytes("late"));
    for (const file of drive.named("late")) file.isLate = true;
    let now = 1_000_000_000;
    const bob = openSmallDrive(drive, { account: "bob", now: () => now }).store;
    expect(await keysIn(bob)).toEqual(["e/early"]);
    for (const file of drive.named("late")) file.isLate = false;
    now += 3_601_000;
    expect(await keysIn(bob)).toEqual(["e/early", "e/late"]);
    now += 3_601_000;
    expect(await cost(drive, () => keysIn(bob))).toBe(1);
  });
});

describe("names that are not unique", () => {
  it("reads two folders of one name as one, and writes to the older", async () => {
    const drive = new SmallDrive();
    drive.add({ id: "older", name: "e", mimeType: FOLDER, parents: [ROOT] }, { owner: "alice" });
    drive.add({ id: "newer", name: "e", mimeType: FOLDER, parents: [ROOT] }, { owner: "bob" });
    drive.add({ id: "one", name: "one", parents: ["older"] }, { owner: "alice", bytes: bytes("1") });
    drive.add({ id: "two", name: "two", parents: ["newer"] }, { owner: "bob", bytes: bytes("2") });
    const { store } = openSmallDrive(drive);
    expect(await keysIn(store, "e")).toEqual(["e/one", "e/two"]);
    expect(await store.get("e/two")).toEqual(bytes("2"));
    await store.put("e/three", bytes("3"));
    expect(drive.named("three").map(({ parent }) => parent)).toEqual(["older"]);
  });

  it("makes each folder once, however many files ask for it at the same moment", async () => {
    const drive = new SmallDrive();
    const { store } = openSmallDrive(drive);
    await Promise.all(Array.from({ length: 20 }, (_, index) => store.put(`e/records/${index}`, bytes("x"))));
    expect(drive.named("e")).toHaveLength(1);
    expect(drive.named("records")).toHaveLength(1);
  });

  it("gives the file whose digest is in its name, whatever a stranger put beside it before", async () => {
    const drive = new SmallDrive("alice", "mallory");
    const value = patterned(5_000);
    const key = keyOf(value);
    const name = key.split("/").at(-1) ?? "";
    const mallory = openSmallDrive(drive, { account: "mallory" }).store;
    await mallory.put("e/objects/x", bytes("makes the folders"));
    const [folder] = drive.named("objects");
    drive.add({ id: "foreign", name, parents: [folder?.id ?? ""] }, { owner: "mallory", bytes: bytes("foreign") });
    const alice = openSmallDrive(drive).store;
    await alice.put(key, value);
    expect(await alice.get(key)).toEqual(value);
    expect(await listed(alice, "e/objects")).toMatchObject([{ key, size: 5_000 }, { key: "e/objects/x" }]);
  });

  it("sends nothing again that lies there already", async () => {
    const drive = new SmallDrive();
    const { store } = openSmallDrive(drive);
    await store.put("e/a", bytes("hello"));
    expect(await cost(drive, () => store.put("e/a", bytes("hello")))).toBe(0);
  });

  it("tells of foreign names and takes them for no object", async () => {
    const drive = new SmallDrive();
    const foreign: string[] = [];
    for (const [id, name] of [
      ["f1", "Budget 2026.xlsx"],
      ["f2", "a/b"],
      ["f3", ".."],
    ] as const) {
      drive.add({ id, name, parents: [ROOT] }, { owner: "alice", bytes: bytes("x") });
    }
    drive.add(
      { id: "f4", name: "doc", mimeType: "application/vnd.google-apps.document", parents: [ROOT] },
      { owner: "alice" },
    );
    const { store } = openSmallDrive(drive, { onForeign: (name) => foreign.push(name) });
    expect(await keysIn(store)).toEqual([]);
    expect(foreign.sort()).toEqual(["..", "Budget 2026.xlsx", "a/b"]);
  });
});

describe("a put", () => {
  it("whose answer is lost makes no second file", async () => {
    const drive = new SmallDrive();
    const { store } = openSmallDrive(drive);
    let lost = 0;
    drive.fault = ({ url, method }) => {
      const isUpload = url.pathname.startsWith("/upload") || (method === "POST" && url.pathname.endsWith("/files"));
      return isUpload && lost++ % 2 === 0 ? { kind: "lost" } : undefined;
    };
    await store.put("e/small", bytes("hello"));
    const big = patterned(6_000_000);
    await store.put("e/big", big);
    drive.fault = undefined;
    expect(drive.named("small")).toHaveLength(1);
    expect(drive.named("big")).toHaveLength(1);
    expect(Buffer.from(await store.get("e/big")).equals(big)).toBe(true);
  });

  it("of much goes on where it broke off, and sends little twice", async () => {
    const drive = new SmallDrive();
    const { store } = openSmallDrive(drive);
    const big = patterned(20_000_000);
    let breaks = 3;
    drive.fault = ({ url, body }) =>
      url.pathname.startsWith("/upload/session/") && body.length > 0 && breaks-- > 0 ? { kind: "reset" } : undefined;
    await store.put("big", big);
    const ranges = drive.requests.flatMap(({ headers }) => headers.get("content-range") ?? []);
    const starts = ranges.flatMap((range) => /^bytes (\d+)-/.exec(range)?.[1] ?? []).map(Number);
    expect(starts).toEqual([...starts].sort((left, right) => left - right));
    expect(new Set(starts).size).toBe(4);
    expect(Buffer.from(await store.get("big")).equals(big)).toBe(true);
  });

  it("is refused where Drive stores other bytes than were sent, and leaves none of them", async () => {
    const drive = new SmallDrive();
    const { store } = openSmallDrive(drive);
    const add = drive.add.bind(drive);
    drive.add = (metadata, options) =>
      add(metadata, options.bytes?.length === 5 ? { ...options, bytes: bytes("hellO") } : options);
    await expect(store.put("a", bytes("hello"))).rejects.toMatchObject({
      code: "unavailable",
      message: expect.stringMatching(/what was sent/),
    });
    expect(drive.named("a")).toEqual([]);
  });

  it("takes another id where something that it may not see has its own", async () => {
    const drive = new SmallDrive();
    const { store } = openSmallDrive(drive);
    // Ids come in packs: the one after the first is known.
    await store.put("a", bytes("a"));
    const given = drive.named("a")[0]?.id ?? "";
    const next = given.replace(/\d+$/, (number) => String(Number(number) - 1).padStart(number.length, "0"));
    drive.add({ id: next, name: "of bob", parents: ["elsewhere"] }, { owner: "bob" });
    await store.put("b", bytes("b"));
    expect(await store.get("b")).toEqual(bytes("b"));
    expect(drive.files.get(next)?.name).toBe("of bob");
    expect(drive.requests.filter(({ url }) => url.pathname.endsWith(`/files/${next}`))).toHaveLength(1);
  });

  it("is read back where Drive tells no digest", async () => {
    const drive = new SmallDrive();
    drive.hasHashes = false;
    const { store } = openSmallDrive(drive);
    await store.put("a", bytes("hello"));
    expect(drive.requests.at(-1)?.url.searchParams.get("alt")).toBe("media");
  });

  it("makes a folder again that somebody has deleted", async () => {
    const drive = new SmallDrive();
    const { store } = openSmallDrive(drive);
    await store.put("e/a", bytes("a"));
    const [folder] = drive.named("e");
    const [file] = drive.named("a");
    for (const gone of [file, folder]) {
      drive.files.delete(gone?.id ?? "");
      drive.changed(gone?.id ?? "");
    }
    await store.put("e/b", bytes("b"));
    expect(await keysIn(store)).toEqual(["e/b"]);
  });
});

describe("a read", () => {
  it("takes a whole answer to a range, and cuts it", async () => {
    const drive = new SmallDrive();
    const { store } = openSmallDrive(drive);
    const value = patterned(1_000);
    await store.put("a", value);
    drive.fault = ({ url }) =>
      url.searchParams.get("alt") === "media" ? { kind: "answer", response: () => new Response(value) } : undefined;
    expect(await store.get("a", { offset: 100, length: 7 })).toEqual(value.slice(100, 107));
  });

  it.each([
    ["another place", "bytes 0-6/1000", 7],
    ["less than was said", "bytes 100-106/1000", 3],
    ["more than was said", "bytes 100-106/1000", 9],
    ["less than was asked for", "bytes 100-102/1000", 3],
    ["nonsense", "bytes of mine", 7],
  ])("refuses a range of %s", async (_, said, length) => {
    const drive = new SmallDrive();
    const { store } = openSmallDrive(drive);
    await store.put("a", patterned(1_000));
    const response = () => new Response(patterned(length), { status: 206, headers: { "content-range": said } });
    drive.fault = ({ url }) => (url.searchParams.get("alt") === "media" ? { kind: "answer", response } : undefined);
    await expect(store.get("a", { offset: 100, length: 7 })).rejects.toMatchObject({ code: "unavailable" });
  });

  it("of what is not there costs little, and asks Drive itself", async () => {
    const drive = new SmallDrive();
    const { store } = openSmallDrive(drive);
    await store.put("e/a", bytes("a"));
    expect(await cost(drive, () => store.get("e/b").catch(() => {}))).toBe(2);
  });
});

describe("deleting", () => {
  it("takes out of the folder what another account owns, whose device then ends it", async () => {
    const drive = new SmallDrive("alice", "bob");
    const [alice, bob] = [openSmallDrive(drive).store, openSmallDrive(drive, { account: "bob" }).store];
    await bob.put("e/objects/x.age", bytes("of bob"));
    await alice.put("e/objects/y.age", bytes("of alice"));
    expect(await alice.delete("e/objects/x.age")).toBe("detached");
    expect(await alice.delete("e/objects/y.age")).toBe("deleted");
    expect(await keysIn(bob)).toEqual([]);
    const kept = [];
    for await (const object of bob.retention?.kept() ?? []) kept.push(object);
    expect(kept).toMatchObject([{ key: "e/objects/x.age", owner: "bob@example.org", where: "detached" }]);
    for (const object of kept) expect(await bob.retention?.purge(object)).toBe("purged");
    expect([...drive.files.values()].filter(({ name }) => name === "x.age")).toEqual([]);
    for await (const object of alice.retention?.kept() ?? []) expect(object).toBeUndefined();
  });

  it("for good is not offered of a document that somebody has marked like one of the group's", async () => {
    const drive = new SmallDrive("alice");
    const { store } = openSmallDrive(drive);
    const [, folder = "", name = ""] = /^(.*)\/(.*)$/.exec(keyOf(bytes("x"))) ?? [];
    const properties = { "conclave-folder": ROOT, "conclave-path": folder };
    const outside = { name, parents: ["elsewhere"], properties };
    drive.add({ ...outside, id: "lost", mimeType: "application/octet-stream" }, { owner: "alice", bytes: bytes("x") });
    drive.add({ ...outside, id: "thesis", mimeType: "application/vnd.google-apps.document" }, { owner: "alice" });
    // Of a document there is no digest.
    drive.hasHashes = false;
    const kept = [];
    for await (const { id } of store.retention?.kept() ?? []) kept.push(id);
    expect(kept).toEqual(["lost"]);
  });

  it("is refused to who may only read", async () => {
    const drive = new SmallDrive("alice", "bob");
    await openSmallDrive(drive).store.put("a", bytes("a"));
    drive.members.set("bob", "reader");
    expect(await openSmallDrive(drive, { account: "bob" }).store.delete("a")).toBe("refused");
  });
});

describe("what goes wrong", () => {
  const full = (drive: SmallDrive) => {
    drive.quotaBytes = 0;
  };
  const readOnly = (drive: SmallDrive) => {
    drive.members.set("alice", "reader");
  };
  it.each([
    ["a full account", "full", /storage is full/, full],
    ["a share that may only be read", "read-only", /insufficientFilePermissions/, readOnly],
  ])("is named when a put meets %s", async (_, code, message, spoil) => {
    const drive = new SmallDrive();
    spoil(drive);
    const putting = openSmallDrive(drive).store.put("a", bytes("a"));
    await expect(putting).rejects.toMatchObject({ name: "StoreError", code, message: expect.stringMatching(message) });
  });

  it("is named when the folder is in the trash, gone, or shared no more", async () => {
    const drive = new SmallDrive("alice", "bob");
    const bob = openSmallDrive(drive, { account: "bob" }).store;
    const alice = openSmallDrive(drive).store;
    await alice.put("a", bytes("a"));
    expect(await keysIn(bob)).toEqual(["a"]);
    drive.members.delete("bob");
    drive.members.set("bobby", "writer");
    const without = openSmallDrive(drive, { account: "bob", renew: async () => "bob" }).store;
    await expect(keysIn(without)).rejects.toMatchObject({ code: "refused", message: expect.stringMatching(/sign-in/) });
    const root = drive.files.get(ROOT);
    if (root) root.trashed = true;
    drive.changed(ROOT);
    await expect(keysIn(alice)).rejects.toMatchObject({ code: "gone", message: expect.stringMatching(/trash/) });
    drive.files.delete(ROOT);
    drive.changed(ROOT);
    await expect(keysIn(alice)).rejects.toMatchObject({ code: "gone", message: expect.stringMatching(/not shared/) });
  });

  it("is named when Drive has marked a file as malware, and its owner still reads it", async () => {
    const drive = new SmallDrive("alice", "bob");
    const alice = openSmallDrive(drive).store;
    await alice.put("a", bytes("a"));
    for (const file of drive.named("a")) file.isAbusive = true;
    const bob = openSmallDrive(drive, { account: "bob" }).store;
    await expect(bob.get("a")).rejects.toMatchObject({ code: "flagged", message: expect.stringMatching(/malware/) });
    expect(await alice.get("a")).toEqual(bytes("a"));
  });

  it("is not hidden from one call by another that was called off", async () => {
    const drive = new SmallDrive();
    const { store } = openSmallDrive(drive);
    await store.put("a", bytes("a"));
    const cancel = new AbortController();
    drive.fault = () => {
      cancel.abort(new Error("enough"));
      drive.fault = undefined;
      return { kind: "answer", response: () => failure(503, "backendError") };
    };
    const calledOff = (async () => {
      for await (const _ of store.list("", { signal: cancel.signal }));
    })();
    const [first, second] = await Promise.allSettled([calledOff, keysIn(store)]);
    expect(first.status).toBe("rejected");
    expect(second).toMatchObject({ status: "fulfilled", value: ["a"] });
    expect(StoreError).toBeDefined();
  });
});

describe("a Drive that lies", () => {
  it.each(["-1", "0.5", "1e300", "NaN", "9007199254740993"])("about a size, %s, is named", async (size) => {
    const drive = new SmallDrive();
    await openSmallDrive(drive).store.put("a", bytes("x"));
    const { store } = openSmallDrive(lyingDrive(drive, (text) => text.replaceAll(/"size":"\d+"/g, `"size":"${size}"`)));
    await expect(keysIn(store)).rejects.toMatchObject({ name: "StoreError", code: "unavailable" });
  });

  it.each([
    ["this machine", "http://127.0.0.1:631/admin"],
    ["a place without TLS", "http://elsewhere.test/up"],
    ["a file", "file:///etc/passwd"],
    ["nowhere", "https://[bad"],
  ])("about where to send, %s, gets nothing sent there", async (_, location) => {
    const drive = new SmallDrive();
    const asked: string[] = [];
    const fetch: SmallDrive["fetch"] = async (input, init) => {
      asked.push(new URL(String(input)).origin);
      if (new URL(String(input)).searchParams.get("uploadType") !== "resumable") return drive.fetch(input, init);
      return new Response("{}", { headers: { location, "content-type": "application/json" } });
    };
    const { store } = openSmallDrive(Object.assign(Object.create(drive) as SmallDrive, { fetch }));
    await expect(store.put("a", new Uint8Array(5_000_001))).rejects.toMatchObject({
      name: "StoreError",
      code: "unavailable",
      message: expect.stringMatching(/no address to send to/),
    });
    expect(new Set(asked).size).toBe(1);
  });

  it("about an empty file that it has stored, and cannot give back, is not believed", async () => {
    const drive = new SmallDrive();
    drive.hasHashes = false;
    const { store } = openSmallDrive(drive);
    const response = () => new Response("", { status: 404 });
    drive.fault = ({ url }) => (url.searchParams.has("alt") ? { kind: "answer", response } : undefined);
    await expect(store.put("a", new Uint8Array(0))).rejects.toMatchObject({ name: "StoreError", code: "unavailable" });
  });

  it("about what it has stored, with no digest and no bytes, is not believed", async () => {
    const drive = new SmallDrive();
    drive.hasHashes = false;
    const { store } = openSmallDrive(lyingDrive(drive, (text, url) => (url.searchParams.has("alt") ? "" : text)));
    await expect(store.put("a", bytes("x"))).rejects.toMatchObject({ name: "StoreError", code: "unavailable" });
  });
});
