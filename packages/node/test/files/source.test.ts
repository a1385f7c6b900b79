import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdirSync, renameSync, rmSync, symlinkSync, unlinkSync, utimesSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { dirname, join } from "node:path";
import type { SourceEntry, SourceProblem } from "@conclave/core";
import { describe, expect, it, onTestFinished } from "vitest";
import { openSource } from "../../src/files/source.ts";
import { unfinishedName } from "../../src/files/unfinished.ts";
import { scratch } from "./support/scratch.ts";

async function walked(path: string): Promise<(SourceEntry | SourceProblem)[]> {
  const found: (SourceEntry | SourceProblem)[] = [];
  for await (const entry of (await openSource(path)).walk()) found.push(entry);
  return found;
}

describe("walking a folder", () => {
  it("gives folders before their contents, in the order of bytes, with what is kept of each", async () => {
    const top = scratch();
    mkdirSync(join(top, "b/deep"), { recursive: true });
    mkdirSync(join(top, "empty"));
    writeFileSync(join(top, "b/deep/x"), "12345");
    writeFileSync(join(top, "b.txt"), "");
    writeFileSync(join(top, "Z"), "z", { mode: 0o755 });
    writeFileSync(join(top, "é"), "");
    utimesSync(join(top, "Z"), new Date(-1500), new Date(-1500));
    const found = await walked(top);
    expect(found.map(({ path }) => path)).toEqual(["Z", "b", "b/deep", "b/deep/x", "b.txt", "empty", "é"]);
    expect(found[0]).toEqual({ path: "Z", kind: "file", size: 1, modified: -1500, executable: true });
    expect(found[1]).toMatchObject({ kind: "folder", size: 0, executable: false });
    expect(found[3]).toMatchObject({ kind: "file", size: 5, executable: false });
  });

  it("gives links as their text and does not follow them", async () => {
    const top = scratch();
    const outside = scratch();
    writeFileSync(join(outside, "secret"), "s");
    symlinkSync(outside, join(top, "out"));
    symlinkSync("nowhere", join(top, "broken"));
    const found = await walked(top);
    expect(found).toMatchObject([
      { path: "broken", kind: "link", target: "nowhere", size: 0 },
      { path: "out", kind: "link", target: outside, size: 0 },
    ]);
  });

  it("names what it cannot take, and goes on", async () => {
    const top = scratch();
    execFileSync("mkfifo", [join(top, "fifo")]);
    const server = createServer().listen(join(top, "socket"));
    onTestFinished(() => void server.close());
    await new Promise((resolve) => server.once("listening", resolve));
    writeFileSync(Buffer.from(`${top}/bad\xff`, "latin1"), "");
    writeFileSync(join(top, "good"), "");
    writeFileSync(join(top, unfinishedName()), "half");
    const found = await walked(top);
    const problems = found.filter((entry) => "problem" in entry).map(({ path }) => path);
    expect(problems).toEqual([expect.stringMatching(/\.part$/), "bad\\xff", "fifo", "socket"]);
    expect(found.filter((entry) => "kind" in entry).map(({ path }) => path)).toEqual(["good"]);
  });

  it("names a folder that may not be read", async (test) => {
    if (process.getuid?.() === 0) test.skip("the system's administrator may read every folder");
    const top = scratch();
    mkdirSync(join(top, "closed"), { mode: 0 });
    onTestFinished(() => chmodSync(join(top, "closed"), 0o700));
    expect(await walked(top)).toMatchObject([
      { path: "closed", kind: "folder" },
      { path: "closed", problem: expect.any(String) },
    ]);
  });

  it("names a folder that vanishes on the way", async () => {
    const top = scratch();
    mkdirSync(join(top, "gone"));
    const found: (SourceEntry | SourceProblem)[] = [];
    for await (const entry of (await openSource(top)).walk()) {
      found.push(entry);
      rmSync(join(top, "gone"), { recursive: true, force: true });
    }
    expect(found).toMatchObject([
      { path: "gone", kind: "folder" },
      { path: "gone", problem: expect.any(String) },
    ]);
  });

  it("stops when it is called off", async () => {
    const top = scratch();
    for (const name of ["a", "b", "c"]) writeFileSync(join(top, name), "");
    const controller = new AbortController();
    const walk = (await openSource(top)).walk({ signal: controller.signal });
    await expect(
      (async () => {
        for await (const _ of walk) controller.abort();
      })(),
    ).rejects.toMatchObject({ name: "AbortError" });
  });

  it("takes more files than it looks at in one go", async () => {
    const top = scratch();
    for (let index = 0; index < 1_000; index++) writeFileSync(join(top, `${index}`), "");
    expect(await walked(top)).toHaveLength(1_000);
  });
});

describe("the top", () => {
  it("may be one file, whose path is empty", async () => {
    const file = join(scratch(), "one.txt");
    writeFileSync(file, "hello");
    const source = await openSource(file);
    expect(source).toMatchObject({ kind: "file", name: "one.txt" });
    expect(await walked(file)).toMatchObject([{ path: "", kind: "file", size: 5 }]);
    const opened = await source.open("");
    const into = new Uint8Array(10);
    expect([await opened.read(1, into), new TextDecoder().decode(into.subarray(0, 4))]).toEqual([4, "ello"]);
    await opened.close();
  });

  it("is refused as a link, and taken when the slash behind it says that the folder is meant", async () => {
    const top = scratch();
    mkdirSync(join(top, "real"));
    writeFileSync(join(top, "real/a"), "");
    symlinkSync("real", join(top, "link"));
    await expect(openSource(join(top, "link"))).rejects.toMatchObject({
      code: "not-found",
      message: expect.stringContaining("is a link"),
    });
    expect(await walked(`${top}/link/.`)).toMatchObject([{ path: "a" }]);
    expect((await openSource(`${top}/link/`)).name).toBe("real");
  });

  it("is refused if it is missing, or neither file nor folder", async () => {
    const top = scratch();
    execFileSync("mkfifo", [join(top, "fifo")]);
    await expect(openSource(join(top, "none"))).rejects.toMatchObject({ code: "not-found" });
    await expect(openSource(join(top, "fifo"))).rejects.toMatchObject({ code: "not-found" });
    await expect(openSource("/dev/null")).rejects.toMatchObject({ code: "not-found" });
  });
});

const HOMES = [["identity.txt"], ["identity.age"]] as const;

/** A folder with what lies in a person's home. */
function home(folder: string, identity: string): string {
  mkdirSync(join(folder, "groups"), { recursive: true });
  for (const name of [identity, "card.txt", "groups.json", "groups/index.sqlite"])
    writeFileSync(join(folder, name), "");
  return folder;
}

describe("a home with private keys", () => {
  it.each(HOMES)("with %s is named, and nothing in it is given", async (identity) => {
    const top = scratch();
    home(join(top, "share/conclave"), identity);
    home(join(top, "share/others/profiles/bob"), identity);
    writeFileSync(join(top, "share/photo"), "");
    const found = await walked(top);
    const given = found.filter((entry) => "kind" in entry).map(({ path }) => path);
    expect(given).toEqual([
      "share",
      "share/conclave",
      "share/others",
      "share/others/profiles",
      "share/others/profiles/bob",
      "share/photo",
    ]);
    expect(found.filter((entry) => "problem" in entry)).toEqual([
      { path: "share/conclave", problem: expect.stringContaining("private keys") },
      { path: "share/others/profiles/bob", problem: expect.stringContaining("private keys") },
    ]);
  });

  it.each(HOMES)("with %s is refused as the top, as is what lies in it", async (identity) => {
    const folder = home(join(scratch(), "conclave"), identity);
    for (const path of [folder, `${folder}/.`, join(folder, "groups"), join(folder, identity)])
      await expect(openSource(path)).rejects.toMatchObject({
        code: "conflict",
        message: expect.stringContaining(`${folder} is a Conclave home`),
      });
  });

  it("is none where only one of the names is there", async () => {
    const top = scratch();
    for (const name of ["a/identity.txt", "b/identity.age", "c/card.txt"]) {
      mkdirSync(dirname(join(top, name)));
      writeFileSync(join(top, name), "");
    }
    expect((await walked(top)).map(({ path }) => path)).toEqual([
      "a",
      "a/identity.txt",
      "b",
      "b/identity.age",
      "c",
      "c/card.txt",
    ]);
    expect((await openSource(join(top, "c/card.txt"))).kind).toBe("file");
  });
});

describe("opening a file of a tree", () => {
  it.each<[string, (file: string) => unknown]>([
    ["is gone", (file) => unlinkSync(file)],
    ["became a link", (file) => [unlinkSync(file), symlinkSync("/etc/passwd", file)]],
    ["became a folder", (file) => [unlinkSync(file), mkdirSync(file)]],
    ["became a fifo, without waiting for a writer", (file) => [unlinkSync(file), execFileSync("mkfifo", [file])]],
  ])("is refused when it %s", async (_, change) => {
    const top = scratch();
    writeFileSync(join(top, "a"), "a");
    const source = await openSource(top);
    change(join(top, "a"));
    await expect(source.open("a")).rejects.toMatchObject({ code: "source-changed" });
  });

  it("is refused with a word for what took its place", async () => {
    const top = scratch();
    for (const name of ["a", "b"]) writeFileSync(join(top, name), name);
    const source = await openSource(top);
    for (const name of ["a", "b"]) unlinkSync(join(top, name));
    symlinkSync("/etc/passwd", join(top, "a"));
    const server = createServer().listen(join(top, "b"));
    onTestFinished(() => void server.close());
    await once(server, "listening");
    await expect(source.open("a")).rejects.toThrow("is a link");
    await expect(source.open("b")).rejects.toThrow("is no plain file");
  });

  it.runIf(process.platform === "linux")("is refused when a folder above it became a link", async () => {
    const top = scratch();
    const outside = scratch();
    mkdirSync(join(top, "d"));
    for (const folder of [join(top, "d"), outside]) writeFileSync(join(folder, "a"), "a");
    const source = await openSource(top);
    renameSync(join(top, "d"), join(top, "e"));
    symlinkSync(outside, join(top, "d"));
    await expect(source.open("d/a")).rejects.toMatchObject({ code: "source-changed" });
  });

  it("shows that it changed while it was read", async () => {
    const top = scratch();
    writeFileSync(join(top, "a"), "a");
    const file = await (await openSource(top)).open("a");
    const before = await file.state();
    writeFileSync(join(top, "a"), "ab");
    utimesSync(join(top, "a"), 5, 5);
    expect([before.size, await file.state()]).toEqual([1, { size: 2, modified: 5000 }]);
    await file.close();
  });
});
