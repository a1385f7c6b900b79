/** Google's own library as a client, while Google's own description judges what is said. */
import { Readable } from "node:stream";
import { auth, drive, type drive_v3 } from "@googleapis/drive";
import { afterEach, beforeEach, expect, it } from "vitest";
import { driveReferee, type Referee } from "../../../tests/support/drive-referee.ts";
import { requireOrSkip } from "../../../tests/support/require.ts";
import { EMULATED_CLIENT, type EmulatedGoogle, startGoogle } from "../src/index.ts";

const FOLDER = "application/vnd.google-apps.folder";

let referee: Referee | undefined;
let google: EmulatedGoogle;
let alice: drive_v3.Drive;
let bob: drive_v3.Drive;

beforeEach(async (context) => {
  referee = driveReferee(requireOrSkip(context, "specs"));
  google = await startGoogle({ observe: referee.observe, limits: { pageSizeMax: 2 } });
  [alice, bob] = [client("alice@example.org"), client("bob@example.org")];
});

afterEach(async () => {
  await google?.close();
  expect(referee?.objections ?? []).toEqual([]);
});

function client(email: string): drive_v3.Drive {
  const endpoints = { oauth2TokenUrl: `${google.url}/token`, oauth2RevokeUrl: `${google.url}/revoke` };
  const { id: clientId, secret: clientSecret } = EMULATED_CLIENT;
  const signedIn = new auth.OAuth2({ clientId, clientSecret, endpoints });
  const { accessToken, refreshToken } = google.signIn(email);
  signedIn.setCredentials({ access_token: accessToken, refresh_token: refreshToken });
  return drive({ version: "v3", auth: signedIn, rootUrl: `${google.url}/` });
}

async function folder(name: string): Promise<string> {
  return (await alice.files.create({ requestBody: { name, mimeType: FOLDER } })).data.id ?? "";
}

async function upload(by: drive_v3.Drive, requestBody: drive_v3.Schema$File, text: string): Promise<string> {
  const media = { mimeType: "application/octet-stream", body: Readable.from([Buffer.from(text)]) };
  return (await by.files.create({ requestBody, media, fields: "*" }, { rootUrl: `${google.url}/` })).data.id ?? "";
}

it("uploads, lists, reads in part, changes and deletes", async () => {
  const parent = await folder("group");
  const { data } = await alice.files.generateIds({ count: 3 });
  for (const id of data.ids ?? []) await upload(alice, { id, name: `n${id}`, parents: [parent] }, `text of ${id}`);
  const listed: string[] = [];
  let pageToken: string | undefined;
  do {
    const q = `'${parent}' in parents and trashed=false`;
    const page = await alice.files.list({ q, fields: "*", ...(pageToken && { pageToken }) });
    listed.push(...(page.data.files ?? []).map(({ id }) => id ?? ""));
    pageToken = page.data.nextPageToken ?? undefined;
  } while (pageToken);
  expect(listed.sort()).toEqual([...(data.ids ?? [])].sort());
  const [fileId = ""] = listed;
  const range = { headers: { range: "bytes=5-6" }, responseType: "text" } as const;
  expect((await alice.files.get({ fileId, alt: "media" }, range)).data).toBe("of");
  const renamed = await alice.files.update({ fileId, requestBody: { name: "new" }, fields: "name,md5Checksum,size" });
  expect(renamed.data).toMatchObject({ name: "new", size: String(`text of ${fileId}`.length) });
  await alice.files.delete({ fileId });
  await expect(alice.files.get({ fileId })).rejects.toMatchObject({ status: 404 });
  expect(referee?.judged).toBeGreaterThan(9);
});

it("shares, follows changes, and takes access away", async () => {
  const parent = await folder("group");
  const { startPageToken } = (await bob.changes.getStartPageToken()).data;
  const requestBody = { type: "user", role: "writer", emailAddress: "bob@example.org" };
  const permission = await alice.permissions.create({
    fileId: parent,
    requestBody,
    sendNotificationEmail: false,
    fields: "*",
  });
  const permissionId = permission.data.id ?? "";
  expect((await alice.permissions.list({ fileId: parent, fields: "*" })).data.permissions).toHaveLength(2);
  await alice.permissions.update({ fileId: parent, permissionId, requestBody: { role: "reader" } });
  expect((await alice.permissions.get({ fileId: parent, permissionId })).data.role).toBe("reader");
  const seen = await bob.changes.list({ pageToken: startPageToken ?? "", fields: "*" });
  expect(seen.data.changes).toMatchObject([{ fileId: parent, removed: false, file: { name: "group" } }]);
  await alice.permissions.delete({ fileId: parent, permissionId });
  const gone = await bob.changes.list({ pageToken: seen.data.newStartPageToken ?? "", fields: "*" });
  expect(gone.data.changes).toMatchObject([{ fileId: parent, removed: true }]);
});

it("sees shared drives and the account", async () => {
  const driveId = google.addSharedDrive("Team", { "alice@example.org": "organizer" });
  expect((await alice.drives.list()).data.drives).toMatchObject([{ id: driveId, name: "Team" }]);
  expect((await alice.drives.get({ driveId, fields: "*" })).data.name).toBe("Team");
  await upload(alice, { name: "in my own", properties: { a: "1" }, appProperties: { b: "2" } }, "x");
  const found = await alice.files.list({ q: "appProperties has { key='b' and value='2' }", fields: "files(name)" });
  expect(found.data.files).toEqual([{ name: "in my own" }]);
  const { data } = await alice.about.get({ fields: "*" });
  expect(data).toMatchObject({ user: { emailAddress: "alice@example.org", me: true }, storageQuota: { usage: "1" } });
});

it("refreshes a token that has ended", async () => {
  google.expireAccessTokens();
  expect((await alice.about.get({ fields: "user" })).data.user?.displayName).toBe("Alice");
  expect(google.requests.count("oauth.token")).toBe(1);
});

it("has the referee object to what Google does not describe", async () => {
  const watched = driveReferee(process.env.CONCLAVE_SPECS ?? "");
  const authorization = `Bearer ${google.signIn("alice@example.org").accessToken}`;
  const odd = await startGoogle({ observe: watched.observe });
  for (const path of ["files?page=1", "files?pageSize=0", "file", "about?fields=user", "changes"]) {
    await fetch(`${odd.url}/drive/v3/${path}`, { headers: { authorization } });
  }
  await odd.close();
  expect(watched.objections).toEqual([
    expect.stringContaining("the parameter page is not in the description"),
    expect.stringContaining("the parameter pageSize cannot be 0"),
    expect.stringContaining("this method is not in the description"),
    expect.stringContaining("the parameter pageToken is missing"),
  ]);
});

it("has the referee object to parts of uploads that are none, and to scopes that there are not", async () => {
  const watched = driveReferee(process.env.CONCLAVE_SPECS ?? "");
  const odd = await startGoogle({ observe: watched.observe });
  const part = "/upload/drive/v3/files?uploadType=resumable&upload_id=x";
  await fetch(`${odd.url}${part}`, { method: "PUT", body: "x" });
  await fetch(`${odd.url}${part}`, { method: "PUT", headers: { "content-range": "bytes */9000000000000" } });
  await fetch(`${odd.url}${part}`, { method: "PUT", headers: { "content-range": "bytes */10" } });
  await fetch(`${odd.url}/upload/drive/v3/about`);
  await fetch(`${odd.url}/o/oauth2/v2/auth?scope=https://www.googleapis.com/auth/all`);
  await odd.close();
  expect(watched.objections).toEqual([
    expect.stringContaining("does not say which part it is"),
    expect.stringContaining("larger than any may be"),
    expect.stringContaining("this method is not in the description"),
    expect.stringContaining('there is no scope "https://www.googleapis.com/auth/all"'),
  ]);
});
