/** Plain files in a folder of Google Drive, taken into a group on a folder here; on an emulated Google. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { EMULATED_CLIENT, type EmulatedGoogle, startGoogle } from "@conclave/emulators";
import { expect, it, onTestFinished } from "vitest";
import { newStage, type Person } from "../support/stage.ts";

const FOLDER = "application/vnd.google-apps.folder";

interface Scene {
  readonly google: EmulatedGoogle;
  readonly alice: Person;
  /** Puts something into Alice's Drive; gives its id. */
  put(parent: string, name: string, contents: string | undefined, options?: { readonly by?: string }): Promise<string>;
}

async function scene(): Promise<Scene> {
  const google = await startGoogle();
  onTestFinished(() => google.close());
  const stage = newStage();
  const { id: client_id, secret: client_secret } = EMULATED_CLIENT;
  writeFileSync(join(stage.folder, "client.json"), JSON.stringify({ installed: { client_id, client_secret } }));
  const alice = stage.visitor("Alice", {
    env: { CONCLAVE_GOOGLE_EMULATOR: google.url },
    openBrowser: async (page) => {
      void fetch(page).catch(() => undefined);
      return true;
    },
  });
  await alice.json("init", "--name", "Alice", "--no-passphrase");
  await alice.json("login", "gdrive", "--client-secret-file", "client.json", "--account", "alice@example.org");
  await alice.json("create", "family", "store", "--settled");
  const call = async (path: string, init: RequestInit, by: string) => {
    const { accessToken } = google.signIn(`${by}@example.org`);
    const headers = { ...(init.headers as Record<string, string>), authorization: `Bearer ${accessToken}` };
    const response = await fetch(`${google.url}${path}`, { ...init, headers });
    if (!response.ok) throw new Error(await response.text());
    return (await response.json()) as { id: string };
  };
  const put: Scene["put"] = async (parent, name, contents, { by = "alice" } = {}) => {
    const meta = { name, parents: [parent], ...(contents === undefined ? { mimeType: FOLDER } : {}) };
    const json = { "content-type": "application/json" };
    if (contents === undefined) {
      return (await call("/drive/v3/files", { method: "POST", headers: json, body: JSON.stringify(meta) }, by)).id;
    }
    const body = `--b\r\ncontent-type: application/json\r\n\r\n${JSON.stringify(meta)}\r\n--b\r\ncontent-type: text/plain\r\n\r\n${contents}\r\n--b--`;
    const path = "/upload/drive/v3/files?uploadType=multipart";
    return (
      await call(path, { method: "POST", headers: { "content-type": "multipart/related; boundary=b" }, body }, by)
    ).id;
  };
  return { google, alice, put };
}

/** What lies in a folder of Alice's Drive now. */
async function names({ google }: Scene, folder: string): Promise<readonly string[]> {
  const { accessToken } = google.signIn("alice@example.org");
  const q = encodeURIComponent(`'${folder}' in parents and trashed = false`);
  const response = await fetch(`${google.url}/drive/v3/files?q=${q}`, {
    headers: { authorization: `Bearer ${accessToken}` },
  });
  return ((await response.json()) as { files: { name: string }[] }).files.map(({ name }) => name).sort();
}

it("takes them in, reads them back, and deletes the originals only when told to", { timeout: 120_000 }, async () => {
  const drive = await scene();
  const { alice, put } = drive;
  const top = await put("root", "photos", undefined);
  const sub = await put(top, "a b", undefined);
  await put(top, "one.txt", "1");
  await put(sub, "it's.txt", "22");
  await put(sub, "empty", "");
  expect(await alice.json("import", "gdrive:photos", "family:from drive")).toMatchObject({
    transferred: 3,
    verified: 3,
    deleted: 0,
    failed: [],
  });
  expect((await alice("cat", "family:from drive/a b/it's.txt")).out).toBe("22");
  expect(await names(drive, top)).toEqual(["a b", "one.txt"]);
  expect(await alice.json("import", `gdrive:id=${top}`, "family:from drive", "--delete-originals")).toMatchObject({
    transferred: 0,
    skipped: 3,
    verified: 3,
    deleted: 3,
    failed: [],
  });
  expect(await names(drive, top)).toEqual([]);
});

it("leaves what has no one name or no bytes, and says why", { timeout: 120_000 }, async () => {
  const drive = await scene();
  const { alice, put } = drive;
  const top = await put("root", "mixed", undefined);
  await put(top, "twice", "1");
  await put(top, "twice", "2");
  await put(top, "a/b", "3");
  await put(top, "..", "4");
  await put(top, "well", "5");
  const { exit, out } = await alice("import", "gdrive:mixed", "family:", "--delete-originals", "--json");
  const { deleted, failed } = JSON.parse(out) as { deleted: number; failed: { path: string; error: string }[] };
  expect({ exit, deleted }).toEqual({ exit: 1, deleted: 1 });
  expect(Object.fromEntries(failed.map(({ path, error }) => [path, error.split(":")[0]]))).toEqual({
    "..": "its name cannot be that of a file",
    "a/b": "its name cannot be that of a file",
    twice: "several things have this name",
  });
  expect(await names(drive, top)).toEqual(["..", "a/b", "twice", "twice"]);
});

it("refuses a folder that holds a group, or lies in one, and one that is not there", { timeout: 120_000 }, async () => {
  const { alice, put } = await scene();
  const top = await put("root", "club", undefined);
  const sub = await put(top, "below", undefined);
  await put(top, "conclave.json", "{}");
  for (const place of ["gdrive:club", `gdrive:id=${sub}`]) {
    expect(await alice.refusal("import", place, "family:")).toMatchObject({ code: "conflict" });
  }
  expect(await alice.refusal("import", "gdrive:nowhere", "family:")).toMatchObject({ code: "not-found", exit: 4 });
});
