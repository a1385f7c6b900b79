import { cpSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { describe, expect, it } from "vitest";
import { admit, family, filesBelow, newStage, type Person, type Stage } from "../support/stage.ts";

interface Version {
  readonly version: number;
  readonly id: string;
  readonly by: string;
  readonly size: number;
  readonly current: boolean;
  readonly conflict: boolean;
}

interface Trashed {
  readonly id: string;
  readonly path: string;
  readonly kind: string;
  readonly size: number;
  readonly by: string;
}

/** Uploads a text under a name at the top. */
async function write(stage: Stage, person: Person, [name, text]: readonly [string, string]): Promise<void> {
  writeFileSync(join(stage.folder, name), text);
  await person.json("upload", name, "family:");
}

async function pathsIn(person: Person): Promise<string[]> {
  return (await person.json<{ path: string }[]>("ls", "-R", "family:")).map(({ path }) => path);
}

/** Lets two people work without seeing each other, as a sync client without a network does, and brings both together. */
async function apart(store: string, works: readonly [() => Promise<void>, () => Promise<void>]): Promise<void> {
  const [before, other] = [`${store}-before`, `${store}-other`];
  cpSync(store, before, { recursive: true });
  await works[0]();
  renameSync(store, other);
  renameSync(before, store);
  await works[1]();
  cpSync(other, store, { recursive: true });
  rmSync(other, { recursive: true });
}

describe("versions", () => {
  it("are listed newest first with who wrote them, and an older one can be made current again", async () => {
    const stage = newStage();
    const { alice, others } = await family(stage, ["Bob"]);
    const bob = others[0] as Person;
    await write(stage, alice, ["a.txt", "one"]);
    await write(stage, bob, ["a.txt", "second"]);
    const listed = await alice.json<Version[]>("versions", "family:a.txt");
    expect(listed).toMatchObject([
      { version: 2, by: "Bob", size: 6, current: true, conflict: false },
      { version: 1, by: "Alice", size: 3, current: false, conflict: false },
    ]);
    expect((await alice("restore", "family:a.txt", "--version", "1")).out).toBe("restored version 1 of a.txt\n");
    expect((await bob("cat", "family:a.txt")).out).toBe("one");
    expect(await bob.json<Version[]>("versions", "family:a.txt")).toHaveLength(3);
    await bob.json("restore", "family:a.txt", "--version", listed[0]?.id.slice(0, 12) ?? "");
    expect((await alice("cat", "family:a.txt")).out).toBe("second");
  });

  it.each<[string, readonly string[], number]>([
    ["a version that is not there", ["restore", "family:a.txt", "--version", "7"], 4],
    ["what is no version", ["restore", "family:a.txt", "--version", "newest"], 2],
    ["what is there, without a version", ["restore", "family:a.txt"], 1],
    ["what never was", ["restore", "family:nothing"], 4],
    ["an id that nothing in the trash has", ["restore", "family:a.txt", "--id", "f00000000"], 4],
    ["the top", ["restore", "family:"], 1],
    ["versions of the top", ["versions", "family:"], 4],
    ["versions of nothing", ["versions", "family:nothing"], 4],
  ])("refuse %s", async (_, argv, exit) => {
    const stage = newStage();
    const { alice } = await family(stage);
    await write(stage, alice, ["a.txt", "one"]);
    expect(await alice.refusal(...argv)).toMatchObject({ exit });
    expect((await alice("cat", "family:a.txt")).out).toBe("one");
  });

  it("are for viewers to see and not to restore", async () => {
    const stage = newStage();
    const { alice } = await family(stage);
    const eve = await admit(stage, { alice, name: "Eve", role: "viewer" });
    await write(stage, alice, ["a.txt", "one"]);
    expect(await eve.json<Version[]>("versions", "family:a.txt")).toHaveLength(1);
    expect(await eve.refusal("restore", "family:a.txt", "--version", "1")).toMatchObject({ exit: 3 });
  });
});

describe("a conflict", () => {
  it.each<[string, boolean]>([
    ["of two versions of one file", true],
    ["of two files of one name", false],
  ])("%s is ended by choosing, and nothing of the other is lost", async (_, isOneFile) => {
    const stage = newStage();
    const { alice, others, store } = await family(stage, ["Bob"]);
    const bob = others[0] as Person;
    if (isOneFile) await write(stage, alice, ["a.txt", "first"]);
    await bob.json("ls", "family:");
    await apart(store, [() => write(stage, alice, ["a.txt", "alice's"]), () => write(stage, bob, ["a.txt", "of bob"])]);
    expect(await pathsIn(alice)).toHaveLength(2);
    const status = await alice.json<{ problems: { code: string; path?: string }[] }>("status", "family");
    expect(status.problems.filter(({ code }) => code === "conflict")).toHaveLength(1);
    const listed = await alice.json<Version[]>("versions", "family:a.txt");
    const [shown, other] = listed;
    expect([shown?.current, shown?.conflict, other?.current, other?.conflict]).toEqual([true, false, false, true]);
    await alice.json("restore", "family:a.txt", "--version", String(other?.version));
    expect(await pathsIn(bob)).toEqual(["a.txt"]);
    expect((await bob("cat", "family:a.txt")).out).toBe(other?.by === "Bob" ? "of bob" : "alice's");
    expect(await bob.json<{ problems: unknown[] }>("status", "family")).toMatchObject({ problems: [] });
    const kept = isOneFile ? await bob.json<unknown[]>("versions", "family:a.txt") : await bob.json("trash", "family");
    expect(kept).toHaveLength(isOneFile ? 4 : 1);
  });
});

describe("a copy that is in conflict", () => {
  it("is deleted by the name under which it is shown", async () => {
    const stage = newStage();
    const { alice, others, store } = await family(stage, ["Bob"]);
    const bob = others[0] as Person;
    await bob.json("ls", "family:");
    await apart(store, [() => write(stage, alice, ["a.txt", "alice's"]), () => write(stage, bob, ["a.txt", "of bob"])]);
    const copy = (await pathsIn(alice)).find((path) => path !== "a.txt");
    await alice.json("rm", `family:${copy}`);
    expect(await pathsIn(bob)).toEqual(["a.txt"]);
  });
});

describe("the trash", () => {
  it("lists what was deleted by whom, a folder as one, and gives all of it back", async () => {
    const stage = newStage();
    const { alice, others } = await family(stage, ["Bob"]);
    stage.files("docs", { "a.txt": "alpha", "sub/b.txt": "beta", "sub/c.txt": "gamma" });
    await alice.json("upload", "docs", "family:");
    await alice.json("rm", "family:docs/sub/b.txt");
    await others[0]?.json("rm", "family:docs");
    expect(await alice.json<Trashed[]>("trash", "family")).toMatchObject([
      { path: "docs", kind: "folder", size: 10, by: "Bob" },
      { path: "docs/sub/b.txt", kind: "file", size: 4, by: "Alice" },
    ]);
    await alice.json("restore", "family:docs");
    expect(await pathsIn(alice)).toEqual(["docs", "docs/a.txt", "docs/sub", "docs/sub/c.txt"]);
    await alice.json("restore", "family:docs/sub/b.txt");
    expect((await others[0]?.("cat", "family:docs/sub/b.txt"))?.out).toBe("beta");
    expect(await alice.json("trash", "family")).toEqual([]);
  });

  it("gives one file of a deleted folder back, with the folder around it", async () => {
    const stage = newStage();
    const { alice } = await family(stage);
    stage.files("docs", { "a.txt": "alpha", "sub/b.txt": "beta" });
    await alice.json("upload", "docs", "family:");
    await alice.json("rm", "family:docs");
    await alice.json("restore", "family:docs/sub/b.txt");
    expect(await pathsIn(alice)).toEqual(["docs", "docs/sub", "docs/sub/b.txt"]);
  });

  it("gives back beside what has the name by now, and asks which of several is meant", async () => {
    const stage = newStage();
    const { alice } = await family(stage);
    for (const text of ["one", "two", "now"]) {
      await write(stage, alice, ["a.txt", text]);
      if (text !== "now") await alice.json("rm", "family:a.txt");
    }
    const [two, one] = await alice.json<Trashed[]>("trash", "family");
    await alice.json("rm", "family:a.txt");
    expect(await alice.refusal("restore", "family:a.txt")).toMatchObject({ exit: 1, code: "conflict" });
    await write(stage, alice, ["a.txt", "again"]);
    expect(await alice.json("restore", "family:a.txt", "--id", one?.id ?? "")).toMatchObject({
      path: "a (restored).txt",
    });
    await alice.json("restore", "family:a.txt", "--id", two?.id ?? "");
    expect(await pathsIn(alice)).toEqual(["a (restored 2).txt", "a (restored).txt", "a.txt"]);
    expect((await alice("cat", "family:a (restored 2).txt")).out).toBe("two");
  });

  it("shows names from others escaped", async () => {
    const stage = newStage();
    const { alice } = await family(stage);
    await write(stage, alice, ["bad\u001b[2J.txt", "one"]);
    await alice.json("rm", "family:bad\u001b[2J.txt");
    expect((await alice("trash", "family")).out).toContain("bad\\u{1b}[2J.txt");
  });
});

describe("find", () => {
  it("shows what ls would show of it, in a group or a folder of it", async () => {
    const stage = newStage();
    const { alice, others } = await family(stage, ["Bob"]);
    stage.files("docs", { "Éclair.txt": "alpha", "sub/eclair.md": "beta", other: "" });
    await alice.json("upload", "docs", "family:");
    const all = await alice.json<{ path: string }[]>("ls", "-R", "family:");
    const wanted = all.filter(({ path }) => /clair/.test(path));
    expect(await others[0]?.json("find", "family:", "ECLAIR")).toEqual(wanted);
    expect((await alice("find", "family:docs/sub", "*.md")).out).toBe("docs/sub/eclair.md\n");
    expect((await alice("find", "-l", "family:", "sub")).out).toMatch(/^0\t.*\tAlice\tdocs\/sub\/\n$/);
    expect(await alice.json("find", "family:", "nowhere")).toEqual([]);
  });

  it("refuses a folder that is not there, and to look for nothing", async () => {
    const { alice } = await family(newStage());
    expect(await alice.refusal("find", "family:nowhere", "x")).toMatchObject({ exit: 4 });
    expect(await alice.refusal("find", "family:", "")).toMatchObject({ exit: 2 });
  });

  it("escapes names from others", async () => {
    const stage = newStage();
    const { alice } = await family(stage);
    await write(stage, alice, ["bad\u001b[2J.txt", "one"]);
    expect((await alice("find", "family:", "bad")).out).toBe("bad\\u{1b}[2J.txt\n");
  });
});

describe("cp", () => {
  it("copies a folder with all in it, and moves no contents", async () => {
    const stage = newStage();
    const { alice, others, store } = await family(stage, ["Bob"]);
    stage.files("docs", { "a.txt": "alpha", "sub/b.txt": "beta" });
    await alice.json("upload", "docs", "family:");
    const objects = () => filesBelow(store).filter((path) => path.includes("/objects/"));
    const before = objects();
    await alice.json("mkdir", "family:archive");
    await alice.json("cp", "family:docs", "family:archive");
    await alice.json("cp", "family:docs/a.txt", "family:b.txt");
    expect(objects()).toEqual(before);
    await alice.json("rm", "family:docs");
    expect(await pathsIn(alice)).toEqual([
      "archive",
      "archive/docs",
      "archive/docs/a.txt",
      "archive/docs/sub",
      "archive/docs/sub/b.txt",
      "b.txt",
    ]);
    expect((await others[0]?.("cat", "family:archive/docs/sub/b.txt", "family:b.txt"))?.out).toBe("betaalpha");
  });

  it.each<[string, readonly string[], number]>([
    ["into itself", ["cp", "family:docs", "family:docs/sub"], 1],
    ["over what is there", ["cp", "family:docs/a.txt", "family:docs/sub/b.txt"], 1],
    ["what is not there", ["cp", "family:nothing", "family:x"], 4],
    ["the top", ["cp", "family:", "family:x"], 4],
    ["to another group, and says how else", ["cp", "family:docs", "other:docs"], 2],
  ])("refuses to copy %s", async (_, argv, exit) => {
    const stage = newStage();
    const { alice } = await family(stage);
    stage.files("docs", { "a.txt": "alpha", "sub/b.txt": "beta" });
    await alice.json("upload", "docs", "family:");
    const before = await pathsIn(alice);
    expect((await alice.refusal(...argv)).exit).toBe(exit);
    expect(await pathsIn(alice)).toEqual(before);
  });
});

describe("purging", () => {
  it("takes out of every list what is deleted for good, and says what stays stored until when", async () => {
    const stage = newStage();
    const { alice, others } = await family(stage, ["Bob"]);
    for (const name of ["a.txt", "b.txt", "c.txt"]) await write(stage, alice, [name, `text of ${name}`]);
    await alice.json("rm", "family:a.txt");
    const { exit, out, err } = await alice("rm", "--permanent", "family:b.txt");
    expect([exit, out]).toEqual([0, "purged 1 item\n"]);
    expect(err).toContain("stay on the storage: they go with the first re-encryption after thirty days");
    expect(await alice.json<Trashed[]>("trash", "family")).toMatchObject([{ path: "a.txt" }]);
    expect(await alice.json("trash", "family", "--empty")).toMatchObject({ purged: 1 });
    expect(await alice.json("trash", "family")).toEqual([]);
    expect((await others[0]?.("trash", "family"))?.err).toContain("2 items more will go for good");
    expect(await others[0]?.json("trash", "family", "--purged", "--empty")).toMatchObject({ purged: 2 });
    expect(await others[0]?.refusal("restore", "family:b.txt")).toMatchObject({ exit: 4 });
    expect(await others[0]?.refusal("versions", "family:b.txt")).toMatchObject({ exit: 4 });
    expect(await pathsIn(alice)).toEqual(["c.txt"]);
    const purged = await alice.json<Trashed[]>("trash", "family", "--purged");
    expect(purged.map(({ path }) => path).sort()).toEqual(["a.txt", "b.txt"]);
    await others[0]?.json("restore", "family:b.txt", "--id", purged.find(({ path }) => path === "b.txt")?.id ?? "");
    expect((await alice("cat", "family:b.txt")).out).toBe("text of b.txt");
  });

  it("whose contents are gone is not restored, in a folder or by a version; what is still stored is", async () => {
    const stage = newStage();
    const { alice, store } = await family(stage);
    await write(stage, alice, ["a.txt", "one"]);
    await write(stage, alice, ["b.txt", "two"]);
    await alice.json("mkdir", "family:folder");
    await alice.json("mv", "family:a.txt", "family:folder");
    await alice.json("rm", "--permanent", "family:folder");
    await alice.json("rm", "family:b.txt");
    const [purged] = await alice.json<Trashed[]>("trash", "family", "--purged");
    // As a re-encryption a month later does.
    const objects = filesBelow(store).filter((path) => path.includes("/objects/"));
    for (const path of objects) renameSync(join(store, path), join(stage.folder, basename(path)));
    const gone = { exit: 4, message: /folder\/a\.txt was deleted for good/ };
    expect(await alice.refusal("restore", "family:folder", "--id", purged?.id ?? "")).toMatchObject(gone);
    const byVersion = ["restore", "family:folder/a.txt", "--id", "f", "--version", "1"];
    expect(await alice.refusal(...byVersion)).toMatchObject(gone);
    expect(await pathsIn(alice)).toEqual([]);
    for (const path of objects) renameSync(join(stage.folder, basename(path)), join(store, path));
    await alice.json("restore", "family:folder", "--id", purged?.id ?? "");
    await alice.json("restore", "family:b.txt");
    expect((await alice("cat", "family:folder/a.txt")).out).toBe("one");
  });

  it("is not for viewers", async () => {
    const stage = newStage();
    const { alice } = await family(stage);
    const eve = await admit(stage, { alice, name: "Eve", role: "viewer" });
    await write(stage, alice, ["a.txt", "one"]);
    for (const argv of [
      ["rm", "--permanent", "family:a.txt"],
      ["trash", "family", "--empty"],
    ]) {
      expect(await eve.refusal(...argv)).toMatchObject({ exit: 3, code: "role-too-low" });
    }
  });

  it("of the whole tree, or of nothing, is refused", async () => {
    const { alice } = await family(newStage());
    expect((await alice("rm", "--permanent", "family:")).exit).toBeGreaterThan(0);
    expect((await alice("rm", "--permanent", "family:nothing")).exit).toBe(4);
    expect(await alice.json("trash", "family", "--empty")).toMatchObject({ purged: 0 });
  });
});
