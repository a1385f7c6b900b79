/** The face of Drive, by plain requests. */
import { afterEach, beforeEach, expect, it } from "vitest";
import { type EmulatedGoogle, startGoogle } from "../src/index.ts";
import { type Person, personAt } from "./support/person.ts";

let google: EmulatedGoogle;
let alice: Person;
let bob: Person;

beforeEach(async () => {
  google = await startGoogle({ limits: { pageSizeMax: 3 } });
  alice = personAt(google, "alice@example.org");
  bob = personAt(google, "bob@example.org");
});

afterEach(() => google.close());

it("gives back what was uploaded in one request, whole and in parts", async () => {
  const bytes = new TextEncoder().encode("hello \r\n--world");
  const file = await alice.upload({ name: "a.txt" }, bytes);
  expect(await alice.read(file.id)).toEqual(bytes);
  expect(await alice.read(file.id, "bytes=6-7")).toEqual(bytes.slice(6, 8));
  expect(await alice.read(file.id, "bytes=-5")).toEqual(bytes.slice(-5));
  expect((await alice.call("GET", `files/${file.id}?alt=media`, { headers: { range: "bytes=15-" } })).status).toBe(416);
});

it("answers 409 to an id that was used before, even by what was deleted", async () => {
  const { ids } = await alice.ok("GET", "files/generateIds?count=1");
  const [id] = ids as string[];
  await alice.upload({ id, name: "one" }, new Uint8Array(1));
  expect((await alice.tryUpload({ id, name: "one" }, new Uint8Array(1))).status).toBe(409);
  await alice.ok("DELETE", `files/${id}`);
  expect((await alice.tryUpload({ id, name: "one" }, new Uint8Array(1))).status).toBe(409);
});

it("lists in short pages exactly what is asked for", async () => {
  const folder = await alice.folder("shard");
  for (let at = 0; at < 7; at++) await alice.upload({ name: `it's ${at}`, parents: [folder] }, new Uint8Array(at));
  const names = (await alice.list(`'${folder}' in parents and trashed=false`)).map(({ name }) => name);
  expect(names.sort()).toEqual([0, 1, 2, 3, 4, 5, 6].map((at) => `it's ${at}`));
  expect(await alice.list(`(name='it\\'s 3' or name = 'it\\'s 5') and not mimeType contains 'image/'`)).toHaveLength(2);
});

it.each([
  "name like 'x'",
  "'a' in folders",
  "trashed=maybe",
  "name='x' xor name='y'",
  "name='x",
  "fullText contains 'x'",
])("refuses to search for %s", async (q) => {
  const answer = await alice.call("GET", `files?q=${encodeURIComponent(q)}`);
  expect(answer.status).toBe(400);
  expect(await answer.json()).toMatchObject({ error: { code: 400, errors: [{ reason: "invalid", location: "q" }] } });
});

it.each([
  ["GET", "files?trashed=true", 501],
  ["GET", "teamdrives", 501],
  ["GET", "files?fields=files(nam)", 400],
  ["GET", "files?pageSize=1001", 400],
  ["GET", "about", 400],
  ["GET", "files/nothing", 404],
])("refuses %s %s with %i", async (method, path, status) => {
  expect((await alice.call(method, path)).status).toBe(status);
});

it("lets a shared folder's members write, and only owners delete what they wrote", async () => {
  const folder = await alice.folder("group");
  await alice.share(folder, "bob@example.org", "writer");
  const { id } = await bob.upload({ name: "bob's", parents: [folder] }, new Uint8Array(3));
  expect(await alice.ok("GET", `files/${id}?fields=ownedByMe,capabilities(canDelete,canEdit)`)).toEqual({
    ownedByMe: false,
    capabilities: { canDelete: false, canEdit: true },
  });
  expect((await alice.call("DELETE", `files/${id}`)).status).toBe(403);
  expect((await alice.call("PATCH", `files/${id}`, { json: { trashed: true } })).status).toBe(403);
  await alice.ok("PATCH", `files/${id}?removeParents=${folder}`);
  expect((await alice.call("GET", `files/${id}`)).status).toBe(404);
  expect(await bob.ok("GET", `files/${id}?fields=parents,ownedByMe`)).toEqual({ ownedByMe: true });
  await bob.ok("DELETE", `files/${id}`);
});

it("tells in the change feed what came, what went, and what was taken away", async () => {
  const folder = await alice.folder("group");
  const { id: early } = await alice.upload({ name: "early", parents: [folder] }, new Uint8Array(1));
  const start = await bob.startPageToken();
  const permission = await alice.share(folder, "bob@example.org", "reader");
  const { id } = await alice.upload({ name: "later", parents: [folder] }, new Uint8Array(1));
  const { changes, next } = await bob.changes(start);
  expect(changes.map(({ fileId, removed }) => [fileId, removed]).sort()).toEqual(
    [folder, early, id].map((each) => [each, false]).sort(),
  );
  await alice.ok("DELETE", `files/${folder}/permissions/${permission}`);
  expect((await bob.changes(next)).changes.map(({ removed }) => removed)).toEqual([true, true, true]);
  expect((await bob.call("GET", `files/${id}?alt=media`)).status).toBe(404);
});

it("keeps writers from sharing where the owner said so", async () => {
  const folder = await alice.folder("group");
  await alice.share(folder, "bob@example.org", "writer");
  await alice.ok("PATCH", `files/${folder}`, { json: { writersCanShare: false } });
  const json = { type: "user", role: "writer", emailAddress: "carol@example.org" };
  expect((await bob.call("POST", `files/${folder}/permissions`, { json })).status).toBe(403);
});

it("takes an upload in pieces, and says how much it holds", async () => {
  const bytes = new Uint8Array(600_000).map((_, at) => at % 251);
  const url = await alice.startUpload({ name: "big" }, bytes.length);
  const send = (from: number, to: number, total: string) =>
    alice.fetch(url, {
      method: "PUT",
      headers: { "content-range": `bytes ${from}-${to - 1}/${total}` },
      body: bytes.slice(from, to),
    });
  const ask = () => alice.fetch(url, { method: "PUT", headers: { "content-range": "bytes */600000" } });
  expect((await ask()).headers.get("range")).toBeNull();
  expect((await send(0, 100_000, "600000")).status).toBe(400);
  expect((await send(0, 262_144, "600000")).headers.get("range")).toBe("bytes=0-262143");
  expect((await send(524_288, 600_000, "600000")).status).toBe(400);
  expect((await send(0, 524_288, "600000")).headers.get("range")).toBe("bytes=0-524287");
  const { id } = (await (await send(524_288, 600_000, "600000")).json()) as { id: string };
  expect(((await (await ask()).json()) as { id: string }).id).toBe(id);
  expect(await alice.read(id)).toEqual(bytes);
  google.dropUploadSessions();
  expect((await ask()).status).toBe(404);
});

it("refuses uploads over the quota, and counts what is stored", async () => {
  const small = await startGoogle({ users: [{ email: "dan@example.org", quotaBytes: 10 }] });
  const dan = personAt(small, "dan@example.org");
  await dan.upload({ name: "a" }, new Uint8Array(8));
  const answer = await dan.tryUpload({ name: "b" }, new Uint8Array(3));
  expect(await answer.json()).toMatchObject({ error: { code: 403, errors: [{ reason: "storageQuotaExceeded" }] } });
  expect(await dan.ok("GET", "about?fields=storageQuota(limit,usage)")).toEqual({
    storageQuota: { limit: "10", usage: "8" },
  });
  await small.close();
});

it("gives shared drives' files to the drive, and shows them only to who asks for drives", async () => {
  const drive = google.addSharedDrive("Team", { "alice@example.org": "organizer", "bob@example.org": "writer" });
  const { id } = await bob.upload({ name: "x", parents: [drive] }, new Uint8Array(1), "&supportsAllDrives=true");
  expect((await alice.call("GET", `files/${id}`)).status).toBe(404);
  expect(await alice.list(`'${drive}' in parents`)).toEqual([]);
  const all = "&corpora=drive&includeItemsFromAllDrives=true&supportsAllDrives=true";
  expect(await alice.list(`'${drive}' in parents`, `&driveId=${drive}${all}`)).toHaveLength(1);
  expect((await bob.call("DELETE", `files/${id}?supportsAllDrives=true`)).status).toBe(403);
  await alice.ok("DELETE", `files/${id}?supportsAllDrives=true`);
});

it("shows an app of the scope drive.file only what it made for that person", async () => {
  const folder = await alice.folder("group");
  await alice.share(folder, "bob@example.org", "writer");
  const limited = personAt(google, "bob@example.org", ["https://www.googleapis.com/auth/drive.file"]);
  expect((await limited.call("GET", `files/${folder}`)).status).toBe(404);
  const { id } = await limited.upload({ name: "mine" }, new Uint8Array(1));
  expect((await limited.list("trashed=false")).map((file) => file.id)).toEqual([id]);
});

it("keeps older bytes as revisions, which writers list, read and delete, but for the last", async () => {
  const folder = await alice.folder("group");
  const { id } = await alice.upload({ name: "a", parents: [folder] }, new TextEncoder().encode("one"));
  const over = `${google.url}/upload/drive/v3/files/${id}?uploadType=media`;
  expect((await alice.fetch(over, { method: "PATCH", body: "two" })).status).toBe(200);
  const { revisions } = await alice.ok("GET", `files/${id}/revisions`);
  const [first, last] = (revisions as { id: string }[]).map((each) => each.id);
  expect(await alice.ok("GET", `files/${id}/revisions/${first}?fields=size,md5Checksum`)).toEqual({
    size: "3",
    md5Checksum: "f97c5d29941bfb1b2fdab0874906ab82",
  });
  expect(await (await alice.call("GET", `files/${id}/revisions/${first}?alt=media`)).text()).toBe("one");
  expect(new TextDecoder().decode(await alice.read(id))).toBe("two");
  await alice.share(folder, "bob@example.org", "reader");
  expect((await bob.call("GET", `files/${id}/revisions`)).status).toBe(403);
  await alice.ok("DELETE", `files/${id}/revisions/${first}`);
  expect((await alice.call("GET", `files/${id}/revisions/${first}`)).status).toBe(404);
  expect((await alice.call("DELETE", `files/${id}/revisions/${last}`)).status).toBe(400);
});

it("gives what it takes for malware to its owner alone, who says that they know", async () => {
  const folder = await alice.folder("group");
  const { id } = await alice.upload({ name: "a", parents: [folder] }, new Uint8Array(3));
  await alice.share(folder, "bob@example.org", "writer");
  for (const item of google.cloud.items.values()) item.isAbusive = item.id === id;
  const tried = async (person: Person, more = "") => (await person.call("GET", `files/${id}?alt=media${more}`)).status;
  expect([await tried(alice), await tried(bob), await tried(bob, "&acknowledgeAbuse=true")]).toEqual([403, 403, 403]);
  expect(await tried(alice, "&acknowledgeAbuse=true")).toBe(200);
});

it("says where a search has not looked everywhere", async () => {
  for (let at = 0; at < 4; at++) await alice.upload({ name: `${at}` }, new Uint8Array(1));
  google.limits.searchesAreIncomplete = true;
  expect(await alice.ok("GET", "files?fields=incompleteSearch")).toEqual({ incompleteSearch: true });
  expect(await alice.list("trashed=false")).toHaveLength(2);
});

it("lets pages of other origins speak to it, and shows them the address of an upload session but no range", async () => {
  const page = { origin: "https://page.example" };
  const url = `${google.url}/drive/v3/files`;
  const asked = { "access-control-request-method": "PATCH", "access-control-request-headers": "authorization" };
  const preflight = await fetch(url, { method: "OPTIONS", headers: { ...page, ...asked } });
  expect([preflight.status, preflight.headers.get("access-control-allow-origin")]).toEqual([200, page.origin]);
  expect(preflight.headers.get("access-control-allow-headers")).toBe("authorization");
  const refused = await fetch(url, { headers: page });
  expect([refused.status, refused.headers.get("access-control-allow-origin")]).toEqual([401, page.origin]);
  expect(refused.headers.get("access-control-expose-headers")).toBe("location");
  expect((await fetch(url)).headers.get("access-control-allow-origin")).toBeNull();
});
