import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { requireOrSkip } from "../../../../tests/support/require.ts";
import { openTerminal } from "../../../../tests/support/terminal.ts";
import { runMain, World } from "../support/run-main.ts";
import { family, newStage, type Person, type Stage } from "../support/stage.ts";

const BIN = new URL("../../bin/conclave.js", import.meta.url).pathname;

/** Lines from a pipe, as from a file of commands. */
async function typed(stage: Stage, person: Person, lines: readonly string[], argv: readonly string[] = ["family"]) {
  const world = new World();
  world.env = { CONCLAVE_HOME: person.home };
  world.cwd = stage.folder;
  world.stdin.end(`${lines.join("\n")}\n`);
  return runMain(["shell", ...argv], { world });
}

async function withPhotos() {
  const stage = newStage();
  const { alice, others } = await family(stage, ["Bob"]);
  stage.files("in", { "photos/a b.jpg": "one", "photos/c.jpg": "two", "photos/.hidden": "three", "notes.txt": "four" });
  await alice.json("upload", "in/.", "family:");
  return { stage, alice, bob: others[0] as Person };
}

describe("the shell, from a pipe", () => {
  it("forgets the keys that it holds when told to lock", async () => {
    const stage = newStage();
    const pass = join(stage.folder, "pass");
    writeFileSync(pass, "correct horse\n", { mode: 0o600 });
    const ann = stage.visitor("ann", { env: { CONCLAVE_PASSPHRASE_FILE: pass } });
    await ann.json("init", "--name", "Ann");
    const { out } = await typed(stage, ann, ["lock", "lock"], ["--passphrase-file", pass]);
    expect(out).toBe("locked: the next command asks for the passphrase\nnothing was unlocked\n");
  });

  it("goes through folders, lists and shows, with the group and the folder understood", async () => {
    const { stage, alice } = await withPhotos();
    const { out, err, exit } = await typed(stage, alice, [
      "list",
      "cd photos",
      "pwd",
      "cat 'a b.jpg'",
      "cat /notes.txt ../notes.txt family:notes.txt",
      "cd ../..",
      "list photos",
      "find c.j",
      "members --json",
    ]);
    expect(err).toBe("");
    expect(exit).toBe(0);
    const [beginning, json] = out.split(/(?=\[\{"name")/);
    expect(beginning).toBe(
      [
        "notes.txt",
        "photos/",
        "family:photos",
        stage.folder,
        "onefourfourfour.hidden",
        "a b.jpg",
        "c.jpg",
        "photos/c.jpg",
        "",
      ].join("\n"),
    );
    expect(JSON.parse(json ?? "")).toHaveLength(2);
  });

  it("uploads to where one stands and downloads to the local folder, wildcards among them", async () => {
    const { stage, alice } = await withPhotos();
    const { err, exit } = await typed(stage, alice, [
      "cd photos",
      "upload in/notes.txt",
      "upload in/n* 'in/photos/a b.jpg' :/new/place",
      "lcd in",
      "download *.jpg ./out",
      "mv c.jpg d.jpg",
      "rm 'a*'",
      "rm a*",
    ]);
    expect(err).toContain("there is no photos/a* in family"); // In quotes it is a name.
    expect(exit).toBe(0);
    expect(readFileSync(join(stage.folder, "in/out/a b.jpg"), "utf8")).toBe("one");
    expect((await alice("ls", "-R", "family:")).out).toBe(
      [
        "new/",
        "new/place/",
        "new/place/a b.jpg",
        "new/place/notes.txt",
        "notes.txt",
        "photos/",
        "photos/.hidden",
        "photos/d.jpg",
        "photos/notes.txt",
        "",
      ].join("\n"),
    );
  });

  it.each([
    ['cat "open', "a quote is not closed"],
    ["cat z*", "nothing fits family:z*"],
    ["cd nowhere", "there is no folder family:nowhere"],
    ["lcd in/notes.txt", "is not a folder"],
    ["nonsense", "unknown command 'nonsense'"],
    ["shell", "this is the shell already"],
    ["cat", "missing argument"],
    ["rm", "missing argument"],
    ["remove Nobody", "Nobody"],
    ["cat \u{1b}[31m", "\\u{1b}[31m"],
  ])("answers %j with an error and a hint, and goes on", async (line, said) => {
    const { stage, alice } = await withPhotos();
    const { out, err } = await typed(stage, alice, [line, "cat notes.txt"]);
    expect(err).toContain(said);
    expect(err).toContain("hint: ");
    expect(out).toContain("four");
  });

  it("ends with the last command's exit code, and at quit", async () => {
    const { stage, alice } = await withPhotos();
    expect((await typed(stage, alice, ["cat nowhere"])).exit).toBe(4);
    const { exit, out } = await typed(stage, alice, ["cat nowhere", "list", "quit", "cat notes.txt"]);
    expect({ exit, out }).toEqual({ exit: 0, out: "notes.txt\nphotos/\n" });
  });

  it("refuses a line with bytes that are no UTF-8, and does nothing of it", async () => {
    const { stage, alice } = await withPhotos();
    const world = new World();
    world.env = { CONCLAVE_HOME: alice.home };
    world.cwd = stage.folder;
    world.stdin.end(Buffer.concat([Buffer.from("mkdir caf"), Buffer.from([0xe9]), Buffer.from("\nlist\n")]));
    const { out, err } = await runMain(["shell", "family"], { world });
    expect(err).toContain("no text in UTF-8");
    expect(out).toBe("notes.txt\nphotos/\n");
  });

  it("asks for a group where none is chosen, and takes another by cd", async () => {
    const { stage, alice } = await withPhotos();
    const { out, err } = await typed(stage, alice, ["list", "cd family:photos", "list"], []);
    expect(err).toContain('choose one with "cd GROUP:"');
    expect(out).toContain("c.jpg");
    expect((await typed(stage, alice, [], ["other"])).exit).toBe(4);
  });

  it("admits and removes by name", async () => {
    const { stage, alice } = await withPhotos();
    const carol = await stage.newcomer("Carol");
    const { address } = await alice.json<{ address: string }>("address", "family");
    expect((await carol.refusal("join", address, "--as", "family")).exit).toBe(3);
    const { fingerprint } = await carol.json<{ fingerprint: string }>("id");
    const { err, exit } = await typed(stage, alice, [`add Carol --fingerprint '${fingerprint}'`, "remove Bob"]);
    expect({ err: err.includes("error"), exit }).toEqual({ err: false, exit: 0 });
    const names = (await alice.json<{ name: string }[]>("members", "family")).map(({ name }) => name);
    expect(names.sort()).toEqual(["Alice", "Carol"]);
  });
});

describe("the shell, at a terminal", () => {
  const at = async (context: Parameters<typeof requireOrSkip>[0]) => {
    const path = requireOrSkip(context, "script");
    const { stage, alice } = await withPhotos();
    const env = { ...process.env, CONCLAVE_HOME: alice.home, TERM: "xterm" };
    const command = `'${process.execPath}' --conditions=@conclave/source '${BIN}' shell family`;
    const terminal = openTerminal(path, { command, env, cwd: stage.folder });
    onTestFinished(() => terminal.close());
    await terminal.shows(/family:> /);
    return { stage, alice, terminal };
  };

  it("completes paths and commands, takes Ctrl-C for the line alone, and leaves by Ctrl-D", {
    timeout: 120_000,
  }, async (context) => {
    const { alice, terminal } = await at(context);
    terminal.type("cat ph\t");
    await terminal.shows(/photos\//);
    terminal.type("a\t");
    await terminal.shows(/a' b\.jpg' /);
    terminal.type("\r");
    await terminal.shows(/one[\s\S]*family:> /);
    terminal.type("member\t");
    await terminal.shows(/members /);
    terminal.type("half\u0003");
    await terminal.shows(/\^C[\s\S]*family:> /);
    terminal.type("\u0004");
    await expect(terminal.shows(/never/)).rejects.toThrow("it ended");
    expect(readFileSync(join(alice.home, "shell-history"), "utf8")).toContain("cat photos/a' b.jpg'");
  });

  it("ends a command by Ctrl-C, and not the prompt", { timeout: 120_000 }, async (context) => {
    const { terminal } = await at(context);
    terminal.type("init --profile other --name Other\r");
    await terminal.shows(/New passphrase:/);
    terminal.type("\u0003");
    await terminal.shows(/interrupted[\s\S]*family:> /);
    terminal.type("pwd\r");
    await terminal.shows(/family:\r?\n/);
  });

  it("shows between two lines who asks to come in", { timeout: 120_000 }, async (context) => {
    const { stage, alice, terminal } = await at(context);
    const carol = await stage.newcomer("Carol");
    const { address } = await alice.json<{ address: string }>("address", "family");
    await carol.refusal("join", address, "--as", "family");
    terminal.type("cd photos\r");
    await terminal.shows(/Carol asks to join family \(fingerprint [0-9a-f ]+\): "add Carol" admits/);
  });
});
