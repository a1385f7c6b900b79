import { mkdir, mkdtemp, realpath, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { ConclaveError } from "@conclave/core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openStore, parseStoreAddress } from "../src/address.ts";
import { keysIn } from "./contract-cases.ts";

const windows = process.platform === "win32";

describe.skipIf(windows)("the address of a folder", () => {
  it.each([
    ["/srv/group", "file:///srv/group"],
    ["/srv/group/", "file:///srv/group"],
    ["/srv/../etc/./group", "file:///etc/group"],
    ["group", "file:///home/ann/group"],
    ["./group", "file:///home/ann/group"],
    ["../group", "file:///home/group"],
    [".", "file:///home/ann"],
    ["./a:b", "file:///home/ann/a:b"],
    ["dir/s3://x", "file:///home/ann/dir/s3:/x"],
    ["/a:b", "file:///a:b"],
    ["two words:x", "file:///home/ann/two%20words:x"],
    ["/50%/a#b?c", "file:///50%25/a%23b%3Fc"],
    ["/ä", "file:///%C3%A4"],
    ["file:///srv/group", "file:///srv/group"],
    ["FILE:///srv/group/", "file:///srv/group"],
    ["file://localhost/srv/group", "file:///srv/group"],
    ["file:///srv/a%20b/../c%23", "file:///srv/c%23"],
  ])("of %j is %s", (text, address) => {
    expect(parseStoreAddress(text, { folder: "/home/ann" })).toBe(address);
    expect(parseStoreAddress(address)).toBe(address);
  });

  it("is relative to the working directory by default", () => {
    expect(parseStoreAddress("group")).toBe(pathToFileURL(join(process.cwd(), "group")).href);
  });

  it.each(["C:\\group", "c:/group", "C:"])("is not a path with a drive of Windows such as %j", (text) => {
    expect(refusalOf(text)).toMatchObject({ code: "malformed", message: expect.stringContaining("drive letter") });
  });
});

describe("the address of a folder of Google Drive", () => {
  const id = "1AbC_dEf-0123456789xyz";
  it.each([
    ["gdrive:Family", "gdrive:Family"],
    ["GDRIVE:Family photos", "gdrive:Family photos"],
    ["gdrive:Cafe\u0301", "gdrive:Caf\u00e9"],
    [`gdrive:id=${id}`, `gdrive:id=${id}`],
    [`gdrive:https://drive.google.com/drive/folders/${id}`, `gdrive:id=${id}`],
    [`gdrive:https://drive.google.com/drive/u/1/folders/${id}?usp=sharing`, `gdrive:id=${id}`],
  ])("of %j is %s", (text, address) => {
    expect(parseStoreAddress(text)).toBe(address);
    expect(parseStoreAddress(address)).toBe(address);
  });

  it.each([
    "gdrive:",
    "gdrive: x",
    "gdrive:a/b",
    "gdrive:a\nb",
    "gdrive:id=",
    "gdrive:id=short",
    `gdrive:id=${id}'`,
    "gdrive:https://drive.google.com/",
    `gdrive:http://drive.google.com/drive/folders/${id}`,
    `gdrive:https://drive.google.com.example/drive/folders/${id}`,
    `gdrive:${"n".repeat(256)}`,
  ])("is refused as %j", (text) => {
    expect(refusalOf(text)).toMatchObject({ code: "malformed" });
  });
});

describe("an address that opens nothing", () => {
  it.each(["dropbox:x", "box:x", "onedrive:x", "s3://b/p", "S3://b", "webdav://h/p"])(
    "says that %j is not built yet",
    (text) => {
      expect(refusalOf(text)).toMatchObject({ code: "unsupported", message: expect.stringContaining("not built yet") });
    },
  );

  it.each(["sftp://ann:hunter2@host/x", "webdav://ann:hunter2@host", "http://ann:hunter2@host", "rclone:hunter2:x"])(
    "keeps what may be a passphrase in %j to itself",
    (text) => {
      expect(refusalOf(text).message).not.toContain("hunter2");
    },
  );

  it.each(["https://example.org/x", "ftp://x", "ab:c", "gdrives:x"])("says what to do about %j", (text) => {
    expect(refusalOf(text)).toMatchObject({ code: "malformed", message: expect.stringContaining("./") });
  });

  it.each(["", "a\0b", "/a\0b", "file:///a%00b", "file:x", "file:/x", "file:///a?b", "file:///a#b", "file:///a%2Fb"])(
    "refuses %j as malformed",
    (text) => {
      expect(refusalOf(text)).toMatchObject({ code: "malformed" });
    },
  );

  it.skipIf(windows)("refuses a file address on another machine", () => {
    expect(refusalOf("file://server/share")).toMatchObject({ code: "malformed" });
  });
});

describe("opening an address", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await realpath(await mkdtemp(join(tmpdir(), "conclave-address-")));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it("opens a folder by URL and by path, with names that need care", async () => {
    const path = join(folder, "50% of #1 ü");
    await mkdir(path);
    const store = await openStore(pathToFileURL(path).href, { settled: true });
    await store.put("a", new Uint8Array(1));
    expect(await keysIn(await openStore(path, { settled: false }))).toEqual(["a"]);
  });

  it("passes on what the storage is told to promise", async () => {
    expect((await openStore(folder, { settled: true })).traits).toEqual({ settled: true, lagSeconds: 0 });
    expect((await openStore(folder, { settled: false })).traits).toEqual({ settled: false, lagSeconds: 86_400 });
    const { traits } = await openStore(folder, { settled: false, lagSeconds: 60 });
    expect(traits).toEqual({ settled: false, lagSeconds: 60 });
  });

  it("makes the last folder only when asked, private to the user, and never those above it", async () => {
    const path = join(folder, "new");
    await expect(openStore(path, { settled: true })).rejects.toMatchObject({ code: "not-found" });
    await openStore(path, { settled: true, create: true });
    if (!windows) expect((await stat(path)).mode & 0o777).toBe(0o700);
    await openStore(path, { settled: true, create: true });
    const deep = openStore(join(folder, "missing", "new"), { settled: true, create: true });
    await expect(deep).rejects.toMatchObject({ code: "not-found", message: expect.stringContaining("missing") });
  });

  it("opens nothing at an address that it refuses", async () => {
    await expect(openStore("gdrive:x", { settled: true })).rejects.toMatchObject({ code: "refused" });
    await expect(openStore("dropbox:x", { settled: true })).rejects.toBeInstanceOf(ConclaveError);
  });
});

function refusalOf(text: string): ConclaveError {
  try {
    parseStoreAddress(text);
  } catch (error) {
    if (error instanceof ConclaveError) return error;
    throw error;
  }
  throw new Error(`${text} was taken`);
}
