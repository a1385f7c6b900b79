import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { runMain, World } from "../support/run-main.ts";
import { family, filesBelow, newStage, type Person } from "../support/stage.ts";

async function pathsIn(person: Person, place = "family:"): Promise<string[]> {
  return (await person.json<{ path: string }[]>("ls", "-R", place)).map(({ path }) => path);
}

const DOCS = { "a.txt": "alpha", "sub/b.txt": "beta", "sub/empty": "" };

describe("upload and download", () => {
  it("bring files and folders there and back the same, times too", async () => {
    const stage = newStage();
    const { alice, others } = await family(stage, ["Bob"]);
    stage.files("docs", { ...DOCS, "big.bin": new Uint8Array(9_000_000).fill(7) });
    mkdirSync(join(stage.folder, "docs/hollow"));
    utimesSync(join(stage.folder, "docs/a.txt"), 1_000_000, 1_000_000);
    expect(await alice.json("upload", "docs", "family:")).toEqual({
      files: 4,
      bytes: 9_000_009,
      transferred: 4,
      skipped: 0,
      failed: [],
      links: 0,
      seconds: expect.any(Number),
    });
    expect(await others[0]?.json("download", "family:docs", "out")).toMatchObject({
      files: 4,
      transferred: 4,
      failed: [],
    });
    expect(filesBelow(join(stage.folder, "out"))).toEqual([
      "docs/a.txt",
      "docs/big.bin",
      "docs/sub/b.txt",
      "docs/sub/empty",
    ]);
    for (const path of filesBelow(join(stage.folder, "docs"))) {
      expect(
        readFileSync(join(stage.folder, "out/docs", path)).equals(readFileSync(join(stage.folder, "docs", path))),
      ).toBe(true);
    }
    expect(existsSync(join(stage.folder, "out/docs/hollow"))).toBe(true);
    expect(statSync(join(stage.folder, "out/docs/a.txt")).mtimeMs).toBe(1_000_000_000);
  });

  it("bring a program back as a file that its person alone may read, and nobody can start", async () => {
    const stage = newStage();
    const { alice, others } = await family(stage, ["Bob"]);
    const folder = stage.files("docs", { "setup.sh": "#!/bin/sh\necho owned\n" });
    chmodSync(join(folder, "setup.sh"), 0o755);
    await alice.json("upload", "docs/.", "family:");
    const mode = () => statSync(join(stage.folder, "out/setup.sh")).mode & 0o777;
    await others[0]?.json("download", "family:/", "out");
    expect(mode()).toBe(0o600);
    // Nor where somebody had made it one, before a newer version comes down.
    chmodSync(join(stage.folder, "out/setup.sh"), 0o777);
    writeFileSync(join(folder, "setup.sh"), "#!/bin/sh\necho newer\n");
    await alice.json("upload", "docs/.", "family:");
    expect(await others[0]?.json("download", "family:/", "out")).toMatchObject({ transferred: 1 });
    expect(mode()).toBe(0o600);
  });

  it("transfer nothing the second time, and say so", async () => {
    const stage = newStage();
    const { alice, store } = await family(stage);
    stage.files("docs", DOCS);
    await alice.json("upload", "docs", "family:");
    const before = filesBelow(store);
    expect(await alice.json("upload", "docs", "family:")).toMatchObject({ transferred: 0, skipped: 3 });
    expect(filesBelow(store)).toEqual(before);
    await alice.json("download", "family:/", "out");
    const again = await alice("download", "family:/", "out");
    expect(again.out).toMatch(/^downloaded 0 of 3 files .*3 there already/);
  });

  it.each<[string, readonly string[], readonly string[]]>([
    ["a folder inside a path", ["docs", "family:x/y"], ["x", "x/y", "x/y/docs", "x/y/docs/a.txt"]],
    ["a folder's contents", ["docs/.", "family:x"], ["x", "x/a.txt", "x/sub"]],
    ["a folder with a slash as the folder", ["docs/", "family:"], ["docs", "docs/a.txt"]],
    ["a file", ["docs/a.txt", "family:x"], ["x", "x/a.txt"]],
    ["several", ["docs/a.txt", "docs/sub", "family:"], ["a.txt", "sub", "sub/b.txt"]],
  ])("put %s where scp would", async (_, argv, expected) => {
    const stage = newStage();
    const { alice } = await family(stage);
    stage.files("docs", DOCS);
    await alice.json("upload", ...argv);
    expect(await pathsIn(alice)).toEqual(expect.arrayContaining([...expected]));
    if (argv[0] === "docs/.") expect(await pathsIn(alice)).not.toContain("x/docs");
  });

  it.each<[string, readonly string[], readonly string[]]>([
    ["a folder by its last name", ["family:docs/sub"], ["sub/b.txt", "sub/empty"]],
    ["a folder's contents", ["family:docs/sub/."], ["b.txt", "empty"]],
    ["a file by its last name", ["family:docs/a.txt"], ["a.txt"]],
    ["the top's contents", ["family:/"], ["docs/a.txt", "docs/sub/b.txt", "docs/sub/empty"]],
    ["several", ["family:docs/a.txt", "family:docs/sub"], ["a.txt", "sub/b.txt", "sub/empty"]],
  ])("fetch %s into a folder that is made", async (_, places, expected) => {
    const stage = newStage();
    const { alice } = await family(stage);
    stage.files("docs", DOCS);
    await alice.json("upload", "docs", "family:");
    await alice.json("download", ...places, "deep/out");
    expect(filesBelow(join(stage.folder, "deep/out"))).toEqual(expected);
  });

  it.each<[string, readonly string[], string]>([
    ["files of one name", ["docs/a.txt", "other/a.txt"], "a.txt"],
    ["folders of one name", ["docs/sub", "other/sub/"], "sub"],
    ["contents and a name among them", ["docs/.", "other/sub"], "sub"],
    ["contents that meet", ["docs/.", "other/."], "a.txt"],
    ["contents that meet below a folder", ["docs/.", "third/."], "sub/b.txt"],
  ])("refuse %s, before anything is sent or made", async (_, sources, path) => {
    const stage = newStage();
    const { alice } = await family(stage);
    for (const [folder, contents] of Object.entries({ docs: DOCS, other: DOCS, third: { "sub/b.txt": "third" } })) {
      stage.files(folder, contents);
      await alice.json("upload", folder, "family:");
    }
    const message = expect.stringMatching(`would both become ${path}$`);
    const refused = { exit: 2, code: "usage", message, hint: expect.stringContaining("different folders") };
    expect(await alice.refusal("upload", ...sources, "family:new")).toMatchObject(refused);
    expect(await pathsIn(alice)).not.toContain("new");
    const places = sources.map((source) => `family:${source}`);
    expect(await alice.refusal("download", ...places, "out")).toMatchObject(refused);
    expect(existsSync(join(stage.folder, "out"))).toBe(false);
  });

  it("lay contents together that do not meet", async () => {
    const stage = newStage();
    const { alice } = await family(stage);
    stage.files("docs", DOCS);
    stage.files("more", { "sub/c.txt": "gamma" });
    await alice.json("upload", "docs/.", "more/.", "family:all");
    await alice.json("upload", "docs", "more", "family:");
    await alice.json("download", "family:docs/.", "family:more/.", "out");
    const together = ["a.txt", "sub/b.txt", "sub/c.txt", "sub/empty"];
    expect(filesBelow(join(stage.folder, "out"))).toEqual(together);
    expect(await pathsIn(alice, "family:all")).toEqual(expect.arrayContaining(together.map((path) => `all/${path}`)));
  });

  it("share no private keys: a home is left out and named, and refused by itself", async () => {
    const stage = newStage();
    const { alice } = await family(stage);
    stage.files("docs", DOCS);
    cpSync(alice.home, join(stage.folder, "docs/sub/backup"), { recursive: true });
    const { exit, out } = await alice("upload", "docs", "family:", "--json");
    expect(exit).toBe(1);
    const failed = [{ path: "sub/backup", error: expect.stringContaining("Conclave home") }];
    expect(JSON.parse(out)).toMatchObject({ files: 3, transferred: 3, failed });
    for (const source of [alice.home, join(alice.home, "identity.txt"), join(alice.home, "groups")])
      expect(await alice.refusal("upload", "docs/a.txt", source, "family:twice")).toMatchObject({
        exit: 1,
        code: "conflict",
        hint: expect.stringContaining("conclave kit"),
      });
    const paths = await pathsIn(alice);
    expect(paths.join()).not.toMatch(/twice|identity|card/);
  });

  it("take what was changed, and keep a local file that the group does not hold unless told", async () => {
    const stage = newStage();
    const { alice, others } = await family(stage, ["Bob"]);
    const [bob] = others as [Person];
    stage.files("docs", DOCS);
    await alice.json("upload", "docs", "family:");
    await bob.json("download", "family:/", "out");
    stage.files("docs", { "a.txt": "alpha, second" });
    expect(await alice.json("upload", "docs", "family:")).toMatchObject({ transferred: 1, skipped: 2 });
    // What the group holds an older version of is replaced.
    await bob.json("download", "family:/", "out");
    expect(readFileSync(join(stage.folder, "out/docs/a.txt"), "utf8")).toBe("alpha, second");
    writeFileSync(join(stage.folder, "out/docs/a.txt"), "Bob's own work");
    const given = await bob("download", "family:/", "out", "--json");
    expect(given.exit).toBe(1);
    expect(JSON.parse(given.out)).toMatchObject({
      failed: [{ path: "docs/a.txt", error: expect.any(String) }],
      skipped: 2,
    });
    expect(given.err).toContain("\n--overwrite replaces local files");
    expect(readFileSync(join(stage.folder, "out/docs/a.txt"), "utf8")).toBe("Bob's own work");
    await bob.json("download", "family:/", "out", "--overwrite");
    expect(readFileSync(join(stage.folder, "out/docs/a.txt"), "utf8")).toBe("alpha, second");
  });

  it("take what differs in its contents alone only with --overwrite, and fetch nothing that is the same", async () => {
    const stage = newStage();
    const { alice } = await family(stage);
    stage.files("docs", DOCS);
    await alice.json("upload", "docs", "family:");
    await alice.json("download", "family:/", "out");
    const file = join(stage.folder, "out/docs/a.txt");
    const { atime, mtime } = statSync(file);
    const text = readFileSync(file, "utf8");
    writeFileSync(file, text.toUpperCase());
    utimesSync(file, atime, mtime);
    expect(await alice.json("download", "family:/", "out")).toMatchObject({ transferred: 0, skipped: 3 });
    expect(await alice.json("download", "family:/", "out", "--overwrite")).toMatchObject({
      transferred: 1,
      skipped: 2,
    });
    expect(readFileSync(file, "utf8")).toBe(text);
  });

  it("refuse what is not there, and two groups at once, before anything is made", async () => {
    const stage = newStage();
    const { alice } = await family(stage);
    stage.files("docs", DOCS);
    for (const argv of [
      ["upload", "nothing", "family:"],
      ["download", "family:nothing", "out"],
      ["ls", "family:nothing"],
      ["rm", "family:nothing"],
      ["mv", "family:nothing", "family:x"],
    ]) {
      expect(await alice.refusal(...argv)).toMatchObject({ exit: 4, code: "not-found" });
    }
    expect((await alice("cat", "family:nothing")).exit).toBe(4);
    expect(existsSync(join(stage.folder, "out"))).toBe(false);
    expect(await alice.refusal("download", "family:a", "other:b", "out")).toMatchObject({ exit: 2, code: "usage" });
    expect(await alice.refusal("upload", "family:a", "family:b")).toMatchObject({ exit: 2, code: "usage" });
    expect(await alice.refusal("download", "family:../x", "out")).toMatchObject({ exit: 2, code: "usage" });
    expect(await alice.refusal("upload", "docs", "family")).toMatchObject({ exit: 2, code: "usage" });
  });

  it("never follow links, and say how many there are", async () => {
    const stage = newStage();
    const { alice } = await family(stage);
    stage.files("docs", DOCS);
    stage.files("secret", { "s.txt": "secret" });
    symlinkSync("../../secret", join(stage.folder, "docs/way out"));
    expect(await alice.json("upload", "docs", "family:")).toMatchObject({ files: 3, links: 1 });
    expect((await alice("upload", "docs/way out", "family:")).exit).toBe(4);
    await alice.json("download", "family:/", "out");
    expect(filesBelow(join(stage.folder, "out"))).not.toContain("docs/way out");
    expect((await alice("download", "family:/", "out2", "--links", "--json")).exit).toBe(1);
    expect((await alice("download", "family:/", "out3")).err).toBe("1 symbolic link: left out; --links makes them\n");
    expect(existsSync(join(stage.folder, "out2/docs/way out"))).toBe(false);
  });

  it("carry names of every nasty kind, and show them escaped", async () => {
    const stage = newStage();
    const { alice } = await family(stage);
    const names = [
      "-rf",
      "a\nb",
      "c\u202ed",
      "e\u001b[2J",
      "con.txt",
      "é",
      "e\u0301",
      "A.txt",
      "a.txt",
      "x".repeat(255),
      " ",
      "a:b",
      "$(x)",
    ];
    stage.files("nasty", Object.fromEntries(names.map((name) => [name, name])));
    expect(await alice.json("upload", "nasty/.", "family:")).toMatchObject({ transferred: names.length, failed: [] });
    await alice.json("download", "family:/", "out");
    expect(filesBelow(join(stage.folder, "out"))).toEqual([...names].sort());
    const { out } = await alice("ls", "family:");
    for (const unseen of ["\u001b", "\u202e"]) expect(out).not.toContain(unseen);
    expect(out.trimEnd().split("\n")).toHaveLength(names.length);
    for (const { path } of await alice.json<{ path: string }[]>("ls", "family:")) expect(names).toContain(path);
  });

  it("report what is altered or missing on the storage with exit code 5, and release nothing of it", async () => {
    const stage = newStage();
    const { alice, store } = await family(stage);
    stage.files("docs", { "a.txt": "alpha".repeat(1000) });
    await alice.json("upload", "docs", "family:");
    const object = filesBelow(store).find((path) => path.includes("/objects/")) ?? "";
    const bytes = readFileSync(join(store, object));
    const altered = Uint8Array.from(bytes);
    const middle = Math.floor(bytes.length / 2);
    altered[300] = (altered[300] ?? 0) ^ 1;
    altered[middle] = (altered[middle] ?? 0) ^ 1;
    writeFileSync(join(store, object), altered);
    const given = await alice("download", "family:/", "out", "--json");
    expect(given.exit).toBe(5);
    expect(JSON.parse(given.out)).toMatchObject({ failed: [{ path: "docs/a.txt", code: "corrupt" }] });
    expect(filesBelow(join(stage.folder, "out"))).toEqual([]);
    const shown = await alice("cat", "family:docs/a.txt");
    expect(shown).toMatchObject({ exit: 5, out: "" });
    expect((await alice("verify", "family", "--full")).exit).toBe(5);
  });
});

describe("ls", () => {
  it("shows kind, size, time and author, relative to the top in JSON and to the folder for people", async () => {
    const stage = newStage();
    const { alice, others } = await family(stage, ["Bob"]);
    stage.files("docs", DOCS);
    utimesSync(join(stage.folder, "docs/sub/b.txt"), 1, 1);
    await others[0]?.json("upload", "docs", "family:");
    expect(await alice.json("ls", "family:docs/sub")).toEqual([
      { path: "docs/sub/b.txt", kind: "file", size: 4, modified: "1970-01-01T00:00:01.000Z", by: "Bob" },
      { path: "docs/sub/empty", kind: "file", size: 0, modified: expect.any(String), by: "Bob" },
    ]);
    expect((await alice("ls", "family:docs")).out).toBe("a.txt\nsub/\n");
    expect((await alice("ls", "-R", "family:docs")).out).toBe("a.txt\nsub/\nsub/b.txt\nsub/empty\n");
    expect((await alice("ls", "-l", "family:docs/sub/b.txt")).out).toBe(
      "4\t1970-01-01T00:00:01.000Z\tBob\tdocs/sub/b.txt\n",
    );
    expect(await alice.json("ls", "family:docs/sub/b.txt")).toHaveLength(1);
  });
});

describe("cat", () => {
  it("gives a file's bytes in order, whatever they are", async () => {
    const stage = newStage();
    const { alice } = await family(stage);
    const text = Array.from({ length: 300_000 }, (_, index) => `line ${index}\n`).join("");
    stage.files(".", { "text.txt": text, empty: "" });
    await alice.json("upload", "text.txt", "empty", "family:");
    const { exit, out } = await alice("cat", "family:text.txt", "family:empty");
    expect({ exit, isSame: out === text }).toEqual({ exit: 0, isSame: true });
    expect(await alice.refusal("cat", "family:text.txt")).toMatchObject({ exit: 2, code: "usage" });
    expect((await alice("cat", "family:")).exit).toBe(4);
  });

  it("on a terminal refuses what is no text, and escapes what could control it", async () => {
    const stage = newStage();
    const { alice } = await family(stage);
    stage.files(".", { binary: Uint8Array.of(1, 0, 255), "bad.txt": "a\u001b[2Jb\r\n\tc\u202e" });
    await alice.json("upload", "binary", "bad.txt", "family:");
    const show = async (path: string) => {
      const world = new World({ terminal: true });
      world.env = { CONCLAVE_HOME: alice.home };
      return runMain(["cat", `family:${path}`], { world });
    };
    expect(await show("binary")).toMatchObject({ exit: 2, out: "" });
    expect((await show("bad.txt")).out).toBe("a\\u{1b}[2Jb\r\n\tc\\u{202e}");
  });
});

describe("mkdir, mv and rm", () => {
  it("change the tree", async () => {
    const stage = newStage();
    const { alice } = await family(stage);
    stage.files("docs", DOCS);
    await alice.json("upload", "docs", "family:");
    await alice.json("mkdir", "family:x/y", "family:z");
    await alice.json("mkdir", "family:x/y");
    await alice.json("mv", "family:docs/sub", "family:z");
    await alice.json("mv", "family:docs/a.txt", "family:docs/renamed.txt");
    await alice.json("rm", "family:x");
    expect(await pathsIn(alice)).toEqual(["docs", "docs/renamed.txt", "z", "z/sub", "z/sub/b.txt", "z/sub/empty"]);
    expect((await alice("cat", "family:z/sub/b.txt")).out).toBe("beta");
  });

  it("refuse what cannot be, and then change nothing", async () => {
    const stage = newStage();
    const { alice } = await family(stage);
    stage.files("docs", DOCS);
    await alice.json("upload", "docs", "family:");
    const before = await pathsIn(alice);
    for (const argv of [
      ["rm", "family:"],
      ["rm", "family:docs/a.txt", "family:nothing"],
      ["mv", "family:docs", "family:docs/sub"],
      ["mv", "family:docs/a.txt", "other:x"],
      ["mkdir", "family:docs/a.txt/x"],
    ]) {
      expect((await alice(...argv)).exit, argv.join(" ")).toBeGreaterThan(0);
    }
    expect(await pathsIn(alice)).toEqual(before);
  });
});
