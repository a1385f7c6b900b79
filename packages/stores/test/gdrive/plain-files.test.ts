/** Plain files on a Drive that may tell anything of them. */
import type { PlainFiles, SourceEntry } from "@conclave/core";
import { describe, expect, it } from "vitest";
import { openDrivePlainFiles } from "../../src/gdrive.ts";
import { virtualTime } from "../http/virtual-time.ts";
import { lyingDrive, ROOT, SmallDrive } from "./small-drive.ts";

const FOLDER = "application/vnd.google-apps.folder";
const bytes = (text: string) => new TextEncoder().encode(text);

let origins = 0;

function open(drive: SmallDrive): Promise<PlainFiles> {
  const access = {
    endpoints: { api: `https://plain-${++origins}.test` },
    auth: { token: async () => "alice", renew: async () => "alice" },
    fetch: drive.fetch,
    timing: virtualTime(),
  };
  return openDrivePlainFiles(access, ROOT);
}

/** What a walk finds: each path with what cannot be done with it, or nothing. */
async function walked(files: PlainFiles): Promise<Map<string, string | undefined>> {
  const found = new Map<string, string | undefined>();
  for await (const each of files.walk()) found.set(each.path, "problem" in each ? each.problem : undefined);
  return found;
}

function driveWith(...names: readonly string[]): SmallDrive {
  const drive = new SmallDrive("alice");
  for (const [index, name] of names.entries())
    drive.add({ id: `file-${index}`, name, parents: [ROOT] }, { owner: "alice", bytes: bytes("x") });
  return drive;
}

describe("a walk", () => {
  it.each([
    ["an empty one", ""],
    ["the folder itself", "."],
    ["the folder above", ".."],
    ["a path", "../../etc/passwd"],
    ["a path from the top", "/etc/passwd"],
    ["one with a NUL", "a\0b"],
    ["one that is no Unicode", "a\ud800b"],
  ])("names what has a name that no file has: %s", async (_, name) => {
    const found = await walked(await open(driveWith("fits", name)));
    expect([...found]).toHaveLength(2);
    expect(found.get("fits")).toBeUndefined();
    expect(found.get(name)).toMatch(/cannot be that of a file/);
  });

  it("goes down to the deepest folder that Drive allows, and ends there", async () => {
    const drive = driveWith();
    let parent = ROOT;
    for (let depth = 1; depth <= 101; depth++) {
      drive.add({ id: `folder-${depth}`, name: "d", mimeType: FOLDER, parents: [parent] }, { owner: "alice" });
      parent = `folder-${depth}`;
    }
    const found = [...(await walked(await open(drive)))];
    expect(found).toHaveLength(101);
    expect(found.slice(0, 100).every(([, problem]) => problem === undefined)).toBe(true);
    expect(found[100]?.[1]).toMatch(/deeper than 100 folders/);
  });

  it("ends where Drive shows a folder inside itself", async () => {
    const drive = driveWith();
    drive.add({ id: "circle", name: "c", mimeType: FOLDER, parents: [ROOT] }, { owner: "alice" });
    const inItself = JSON.stringify({ files: [{ id: "circle", name: "c", mimeType: FOLDER }] });
    const circling = lyingDrive(drive, (text, url) =>
      url.searchParams.get("q")?.includes("'circle' in parents") ? inItself : text,
    );
    expect([...(await walked(await open(circling))).values()].filter((problem) => problem !== undefined)).toHaveLength(
      1,
    );
  });

  it("ends where Drive's listing of a folder does not", async () => {
    const drive = driveWith("a");
    const endless = lyingDrive(drive, (text, url) => (url.searchParams.has("q") ? endlessPage(text, url) : text));
    const files = await open(lyingDrive(endless, (text, url) => (isForGroup(url) ? '{"files":[]}' : text)));
    await expect(walked(files)).rejects.toMatchObject({
      code: "unavailable",
      message: expect.stringMatching(/no end/),
    });
  });
});

it("refuses a folder that holds a group, however empty Drive's first page is", async () => {
  await expect(open(driveWith("conclave.json"))).rejects.toMatchObject({ code: "conflict" });
});

describe("an original that is to be deleted", () => {
  /** A Drive that tells other things of the file when it is looked at again. */
  async function deleting(before: object, now: object): Promise<{ readonly drive: SmallDrive; readonly said: string }> {
    const drive = driveWith("a");
    let isLater = false;
    const telling = lyingDrive(drive, (text, url) => {
      const said = JSON.parse(text || "{}") as { readonly files?: readonly object[] };
      if (url.pathname.endsWith("/file-0") && isLater) return JSON.stringify({ ...said, ...now });
      return said.files ? JSON.stringify({ ...said, files: said.files.map((file) => ({ ...file, ...before })) }) : text;
    });
    const files = await open(lyingDrive(telling, (text, url) => (isForGroup(url) ? '{"files":[]}' : text)));
    const entries: SourceEntry[] = [];
    for await (const each of files.walk()) if ("kind" in each) entries.push(each);
    isLater = true;
    return { drive, said: await files.deleteFile(entries[0] as SourceEntry) };
  }

  const AS_SEEN = { size: "1", modifiedTime: "2026-01-01T00:00:00Z", sha256Checksum: "aa", sha1Checksum: "bb" };

  it("goes if Drive tells the same of it", async () => {
    const { drive, said } = await deleting(AS_SEEN, AS_SEEN);
    expect(said).toBe("deleted");
    expect(drive.files.has("file-0")).toBe(false);
  });

  it.each([
    ["another size", { size: "2" }],
    ["another time of change", { modifiedTime: "2026-01-01T00:00:01Z" }],
    ["another SHA-256", { sha256Checksum: "ac" }],
    ["another SHA-1", { sha1Checksum: "bc" }],
    ["that it lies in the trash", { trashed: true }],
  ])("stays if Drive tells %s", async (_, now) => {
    const { drive, said } = await deleting(AS_SEEN, { ...AS_SEEN, ...now });
    expect(said).toBe("changed");
    expect(drive.files.has("file-0")).toBe(true);
  });
});

function isForGroup(url: URL): boolean {
  return url.searchParams.get("q")?.includes("conclave.json") ?? false;
}

/** One more page after each. */
function endlessPage(text: string, url: URL): string {
  const next = Number(url.searchParams.get("pageToken") ?? 0) + 1;
  return JSON.stringify({ ...JSON.parse(text), nextPageToken: String(next) });
}
