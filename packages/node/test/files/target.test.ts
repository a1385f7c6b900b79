import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { ConclaveError, type TargetTree } from "@conclave/core";
import { describe, expect, it, onTestFinished } from "vitest";
import { holdTop } from "../../src/files/held-folder.ts";
import { type LocalTarget, openTarget } from "../../src/files/target.ts";
import { TargetFolders } from "../../src/files/target-folders.ts";
import { unfinishedName } from "../../src/files/unfinished.ts";
import { scratch } from "./support/scratch.ts";

const SWAP = fileURLToPath(new URL("support/swap-folder.mjs", import.meta.url));

async function put(target: TargetTree, path: string, text: string, modified = 1000): Promise<void> {
  const bytes = new TextEncoder().encode(text);
  const file = await target.create(path, { size: bytes.length });
  await file.write(0, bytes);
  await file.commit({ modified });
}

const WAYS = process.platform === "linux" ? [{ byPath: false }, { byPath: true }] : [{ byPath: true }];

describe.each(WAYS)("a target folder (by path: $byPath)", ({ byPath }) => {
  async function open(path: string): Promise<LocalTarget> {
    const target = await openTarget(path, { create: true, byPath });
    onTestFinished(() => target.close());
    return target;
  }

  it("gets files whole, private, not executable, with their time, and nothing else", async () => {
    const top = join(scratch(), "new/target");
    const target = await open(top);
    await put(target, "a/b/c.txt", "hello", 1_234_567_890_123);
    expect(readFileSync(join(top, "a/b/c.txt"), "utf8")).toBe("hello");
    expect(lstatSync(join(top, "a/b/c.txt")).mode & 0o777).toBe(0o600);
    for (const folder of ["", "a", "a/b"]) expect(lstatSync(join(top, folder)).mode & 0o777).toBe(0o700);
    expect(await target.state("a/b/c.txt")).toEqual({ kind: "file", size: 5, modified: 1_234_567_890_123 });
    expect(readdirSync(join(top, "a/b"))).toEqual(["c.txt"]);
  });

  it("shows a file under no name until it is committed, and leaves nothing of one that is discarded", async () => {
    const top = scratch();
    const target = await open(top);
    const file = await target.create("a", { size: 2 });
    await file.write(0, new Uint8Array(2));
    const hidden = readdirSync(top);
    expect(hidden).toEqual([expect.stringMatching(/^\.conclave-.*\.part$/)]);
    expect(lstatSync(join(top, hidden[0] as string)).mode & 0o777).toBe(0o600);
    await file.discard();
    await file.discard();
    expect(readdirSync(top)).toEqual([]);
  });

  it("commits no file that is cut, and takes none that is too long", async () => {
    const top = scratch();
    const target = await open(top);
    const cut = await target.create("a", { size: 2 });
    await cut.write(0, new Uint8Array(1));
    await expect(cut.commit({ modified: 0 })).rejects.toMatchObject({ code: "corrupt" });
    const long = await target.create("b", { size: 2 });
    await expect(long.write(1, new Uint8Array(2))).rejects.toMatchObject({ code: "corrupt" });
    await long.discard();
    expect(readdirSync(top)).toEqual([]);
  });

  it.each([-1, -1_234_567, 0, 1, 4_000_000_000_123])("keeps the time %d", async (modified) => {
    const target = await open(scratch());
    await put(target, "a", "", modified);
    expect((await target.state("a"))?.modified).toBe(modified);
  });

  it.each([8.64e15, -8.64e15, 1e300])("takes the time %d as far as the disk can", async (modified) => {
    const target = await open(scratch());
    await put(target, "a", "x", modified);
    expect(await target.state("a")).toMatchObject({ kind: "file", size: 1 });
  });

  it.each([
    ["folders", Array<string>(8_000).fill("a").join("/")],
    ["long names", Array<string>(40).fill("n".repeat(200)).join("/")],
  ])("refuses what lies too deep in %s, and goes on with the rest", async (_, path) => {
    const target = await open(scratch());
    const outcomes = await Promise.allSettled([target.makeFolder(path), put(target, `${path}/b`, "x")]);
    // Where folders are held open no name of the way is too long for the system.
    const refused = outcomes.filter(({ status }) => status === "rejected");
    for (const each of refused) expect(each).toMatchObject({ reason: { name: "ConclaveError" } });
    if (byPath) expect(refused).toHaveLength(2);
    await put(target, "b", "x");
    expect(await target.state("b")).toMatchObject({ kind: "file" });
  });

  it("replaces a file that stayed as it was", async () => {
    const top = scratch();
    writeFileSync(join(top, "a"), "old", { mode: 0o777 });
    await put(await open(top), "a", "new");
    expect(readFileSync(join(top, "a"), "utf8")).toBe("new");
    expect(lstatSync(join(top, "a")).mode & 0o777).toBe(0o600);
  });

  it.each<[string, string, (place: string) => unknown]>([
    ["a file that somebody changed", "conflict", (place) => writeFileSync(place, "mine, and longer")],
    ["a folder", "conflict", (place) => [rmSync(place), mkdirSync(place)]],
    ["a link", "unsafe-target", (place) => [rmSync(place), symlinkSync("/etc/passwd", place)]],
    ["a file that vanished", "conflict", (place) => rmSync(place)],
  ])("does not replace what became %s meanwhile", async (_, code, change) => {
    const top = scratch();
    writeFileSync(join(top, "a"), "old");
    const file = await (await open(top)).create("a", { size: 0 });
    change(join(top, "a"));
    const before = readdirSync(top).filter((name) => !name.endsWith(".part"));
    await expect(file.commit({ modified: 0 })).rejects.toMatchObject({ code });
    expect(readdirSync(top)).toEqual(before);
  });

  it.each<[string, (place: string) => unknown]>([
    ["was changed since it was looked at", (place) => writeFileSync(place, "mine, and longer")],
    ["was not there when it was looked at", () => undefined],
  ])("does not begin to replace what %s", async (what, change) => {
    const top = scratch();
    const target = await open(top);
    writeFileSync(join(top, "a"), "old");
    const over = what.startsWith("was changed") ? await target.state("a") : null;
    change(join(top, "a"));
    await expect(target.create("a", { size: 0, ...(over !== undefined && { over }) })).rejects.toMatchObject({
      code: "conflict",
    });
    expect(readdirSync(top)).toEqual(["a"]);
  });

  it("does not replace folders, fifos or links, nor write through them", async () => {
    const top = scratch();
    const outside = scratch();
    const target = await open(top);
    mkdirSync(join(top, "folder"));
    execFileSync("mkfifo", [join(top, "fifo")]);
    symlinkSync(outside, join(top, "link"));
    symlinkSync(join(outside, "file"), join(top, "dangling"));
    writeFileSync(join(top, "file"), "");
    const refused = (code: string) => expect.objectContaining({ code });
    await expect(target.create("folder", { size: 0 })).rejects.toEqual(refused("conflict"));
    await expect(target.create("fifo", { size: 0 })).rejects.toEqual(refused("conflict"));
    await expect(target.create("link", { size: 0 })).rejects.toEqual(refused("unsafe-target"));
    await expect(target.create("dangling", { size: 0 })).rejects.toEqual(refused("unsafe-target"));
    await expect(target.create("link/a", { size: 0 })).rejects.toEqual(refused("unsafe-target"));
    await expect(target.makeFolder("link/a")).rejects.toEqual(refused("unsafe-target"));
    await expect(target.makeFolder("link")).rejects.toEqual(refused("unsafe-target"));
    await expect(target.makeLink("link/a", "b")).rejects.toEqual(refused("unsafe-target"));
    await expect(target.state("link/a")).rejects.toEqual(refused("unsafe-target"));
    await expect(target.open("link/a")).rejects.toEqual(refused("unsafe-target"));
    await expect(target.open("dangling")).rejects.toEqual(refused("unsafe-target"));
    await expect(target.open("fifo")).rejects.toEqual(refused("not-found"));
    await expect(target.create("file/a", { size: 0 })).rejects.toEqual(refused("conflict"));
    await expect(target.makeFolder("file")).rejects.toEqual(refused("conflict"));
    expect(readdirSync(outside)).toEqual([]);
    expect(readdirSync(top).sort()).toEqual(["dangling", "fifo", "file", "folder", "link"]);
  });

  it("does not follow a link to another folder of the target either", async () => {
    const top = scratch();
    mkdirSync(join(top, "real"));
    symlinkSync("real", join(top, "link"));
    await expect(put(await open(top), "link/a", "1")).rejects.toMatchObject({ code: "unsafe-target" });
    expect(readdirSync(join(top, "real"))).toEqual([]);
  });

  it("says what is there without following links", async () => {
    const top = scratch();
    const target = await open(top);
    mkdirSync(join(top, "folder"));
    symlinkSync("folder", join(top, "link"));
    execFileSync("mkfifo", [join(top, "fifo")]);
    const kinds = await Promise.all(
      ["", "folder", "link", "fifo"].map(async (path) => (await target.state(path))?.kind),
    );
    expect(kinds).toEqual(["folder", "folder", "link", "other"]);
    expect(await target.state("none")).toBeUndefined();
    expect(await target.state("none/below")).toBeUndefined();
    expect(await target.state("fifo/below")).toBeUndefined();
  });

  it("opens a file that is there, to compare it", async () => {
    const top = scratch();
    mkdirSync(join(top, "d"));
    writeFileSync(join(top, "d/a"), "abc");
    const file = await (await open(top)).open("d/a");
    const into = new Uint8Array(8);
    expect(await file.read(1, into)).toBe(2);
    await file.close();
  });

  it.each([
    "../x",
    "a/../../x",
    "/etc/x",
    "..",
    ".",
    "a//b",
    "a/",
    "a\0b",
    "\ud800",
    "n".repeat(256),
    ".conclave-00000000-1-0000000000000000.part",
  ])("refuses the path %j in every call", async (path) => {
    const top = scratch();
    const target = await open(join(top, "target"));
    const refused = expect.objectContaining({ code: "unsafe-target" });
    await expect(target.create(path, { size: 0 })).rejects.toEqual(refused);
    await expect(target.makeFolder(path)).rejects.toEqual(refused);
    await expect(target.makeLink(path, "x")).rejects.toEqual(refused);
    await expect(target.state(path)).rejects.toEqual(refused);
    await expect(target.open(path)).rejects.toEqual(refused);
    expect([readdirSync(top), readdirSync(join(top, "target"))]).toEqual([["target"], []]);
  });

  it.each([
    "C:\\x",
    "C:x",
    "\\\\srv\\x",
    "CON",
    "nul.txt",
    "a:stream",
    "GIT~1",
    "dot.",
    "space ",
    "a\nb",
    "\u202e",
    "é",
    "e\u0301",
    "A.txt",
    "a.txt",
  ])("takes the name %j by a local one, and twins beside it", async (name) => {
    const top = scratch();
    const target = await open(join(top, "target"));
    const taken = new Set<string>();
    const local = target.localName(name, taken);
    taken.add(local);
    const twin = target.localName(name, taken);
    await put(target, local, "1");
    await put(target, twin, "2");
    expect(readFileSync(join(top, "target", local), "utf8")).toBe("1");
    expect(readdirSync(join(top, "target"))).toHaveLength(2);
    expect(readdirSync(top)).toEqual(["target"]);
  });

  it("makes links that stay inside, and no others", async () => {
    const top = scratch();
    const target = await open(top);
    await target.makeLink("a/b/one", "../../c/d");
    await target.makeLink("a/b/one", "../../c/d");
    expect(readlinkSync(join(top, "a/b/one"))).toBe("../../c/d");
    await expect(target.makeLink("a/b/one", "other")).rejects.toMatchObject({ code: "conflict" });
    const leading = ["/etc", "../../../x", "x/../y", "a/..", "", "..\\x", "C:x", "\0", "x".repeat(5000)];
    for (const text of leading) {
      await expect(target.makeLink("a/b/two", text), text).rejects.toMatchObject({ code: "unsafe-target" });
    }
    expect(readdirSync(join(top, "a/b"))).toEqual(["one"]);
  });

  it("deletes what killed runs left, and only that", async () => {
    const top = scratch();
    const dead = execFileSync(process.execPath, ["-e", "process.stdout.write(String(process.pid))"], {
      encoding: "utf8",
    });
    const mine = unfinishedName();
    const ofDead = mine.replace(`-${process.pid}-`, `-${dead}-`);
    const elsewhere = ofDead.replace(/conclave-[0-9a-f]{8}/, "conclave-ffffffff");
    const ofParent = mine.replace(`-${process.pid}-`, `-${process.ppid}-`);
    mkdirSync(join(top, "d"));
    for (const name of [mine, ofDead, elsewhere, ofParent, ".conclave-x.part"])
      writeFileSync(join(top, "d", name), "half");
    const target = await open(top);
    await target.state("d/a");
    expect(readdirSync(join(top, "d"))).toHaveLength(5);
    await put(target, "d/a", "a");
    expect(readdirSync(join(top, "d")).sort()).toEqual([mine, elsewhere, ofParent, ".conclave-x.part", "a"].sort());
  });

  it("walks to a folder once for many files, while it stays where it is", async () => {
    const top = scratch();
    mkdirSync(join(top, "d"));
    const folders = new TargetFolders(await holdTop(top, { byPath }));
    onTestFinished(() => folders.close());
    const [first, second] = [await folders.make(["d"]), await folders.make(["d"])];
    expect(second.folder).toBe(first.folder);
    for (const lease of [first, second]) await lease.release();
  });

  it("finds a folder again that was moved away or replaced", async () => {
    const top = scratch();
    const target = await open(top);
    await put(target, "d/a", "1");
    renameSync(join(top, "d"), join(top, "e"));
    await put(target, "d/b", "2");
    expect([readdirSync(join(top, "d")), readdirSync(join(top, "e"))]).toEqual([["b"], ["a"]]);
  });

  it("writes nothing when its own top is swapped for a link", async () => {
    const top = join(scratch(), "target");
    const outside = scratch();
    const target = await open(top);
    renameSync(top, `${top}-aside`);
    symlinkSync(outside, top);
    await expect(put(target, "a", "1")).rejects.toMatchObject({ code: "unsafe-target" });
    await expect(target.makeFolder("b")).rejects.toMatchObject({ code: "unsafe-target" });
    await expect(target.makeLink("c", "d")).rejects.toMatchObject({ code: "unsafe-target" });
    expect([readdirSync(outside), readdirSync(`${top}-aside`)]).toEqual([[], []]);
  });

  it("does not name a file whose folder became a link before the end", async () => {
    const top = scratch();
    const outside = scratch();
    const file = await (await open(top)).create("d/a", { size: 0 });
    renameSync(join(top, "d"), join(top, "aside"));
    symlinkSync(outside, join(top, "d"));
    await expect(file.commit({ modified: 0 })).rejects.toMatchObject({ code: "unsafe-target" });
    expect(readdirSync(outside)).toEqual([]);
    expect(existsSync(join(top, "aside/a"))).toBe(false);
  });

  it("takes many folders and files at once, more than it holds open", async () => {
    const top = scratch();
    const target = await open(top);
    const paths = Array.from({ length: 600 }, (_, index) => `d${index % 200}/e/f${index}`);
    await Promise.all(paths.map((path) => put(target, path, path)));
    for (const path of paths) expect(readFileSync(join(top, path), "utf8")).toBe(path);
  });

  it("lets nothing land outside while a folder is swapped for a link all the time", async () => {
    const top = scratch();
    const outside = scratch();
    const target = await open(top);
    await target.makeFolder("d");
    const swapper = spawn(process.execPath, [SWAP, join(top, "d"), join(top, "aside"), outside]);
    onTestFinished(() => void swapper.kill("SIGKILL"));
    await once(swapper.stdout, "data");
    const outcomes = { done: 0, refused: 0 };
    // On a busy machine the other process gets its turn late.
    for (let index = 0; index < 400 || (outcomes.refused === 0 && index < 40_000); index++) {
      await put(target, `d/f${index}`, "secret").then(
        () => outcomes.done++,
        (error: unknown) => {
          // Refused by name, or by the system because the folder was gone at that moment.
          if (!(error instanceof ConclaveError) && (error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
          outcomes.refused++;
        },
      );
    }
    swapper.kill("SIGKILL");
    await once(swapper, "exit");
    const landed = readdirSync(outside);
    // By path an empty file may appear for a moment; never a byte of contents, and never under its final name.
    expect(
      landed.filter((name) => !byPath || !name.endsWith(".part") || lstatSync(join(outside, name)).size > 0),
    ).toEqual([]);
    expect(outcomes.refused).toBeGreaterThan(0);
  });
});

describe("opening a target", () => {
  it("refuses a missing folder unless it may be made, and a file in its place", async () => {
    const top = scratch();
    writeFileSync(join(top, "file"), "");
    await expect(openTarget(join(top, "none"))).rejects.toMatchObject({ code: "not-found" });
    await expect(openTarget(join(top, "file"), { create: true })).rejects.toMatchObject({ code: "conflict" });
    await expect(openTarget(join(top, "file/below"), { create: true })).rejects.toMatchObject({ code: "conflict" });
  });

  it("leaves nothing of its look at the file system", async () => {
    const top = scratch();
    await (await openTarget(top)).close();
    expect(readdirSync(top)).toEqual([]);
  });
});
