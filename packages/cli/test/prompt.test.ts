import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import type { Context } from "../src/context.ts";
import { act, World } from "./support/run-main.ts";

/** Runs `work` at a terminal where `typed` was typed ahead; gives what it gave. */
async function atTerminal(typed: string, work: (context: Context, world: World) => Promise<unknown>) {
  const world = new World({ terminal: true });
  world.stdin.write(typed);
  const answers: unknown[] = [];
  const shown = await act(async (context) => void answers.push(await work(context, world)), { world });
  return { ...shown, answer: answers[0], world };
}

function file(text: string | Uint8Array, mode = 0o600): string {
  const folder = mkdtempSync(join(tmpdir(), "conclave-cli-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, "passphrase");
  writeFileSync(path, text);
  chmodSync(path, mode);
  return path;
}

describe("a question", () => {
  it("is asked on stderr and answered by one line; the rest waits for the next", async () => {
    const { answer, err, out } = await atTerminal("Ann\nyes\n", async ({ prompts }) => [
      await prompts.ask("Your name?", { flag: "--name NAME" }),
      await prompts.confirm("Sure?", { flag: "--yes" }),
    ]);
    expect(answer).toEqual(["Ann", true]);
    expect({ err, out }).toEqual({ err: "Your name? Sure? [y/N] ", out: "" });
  });

  it.each(["\n", "n\n", "yess\n", "ja\n"])("takes %j for no", async (typed) => {
    expect((await atTerminal(typed, ({ prompts }) => prompts.confirm("Sure?", { flag: "--yes" }))).answer).toBe(false);
  });

  it("shows names from others escaped", async () => {
    const { err } = await atTerminal("n\n", ({ prompts }) => prompts.confirm("Remove a\u001bb?", { flag: "--yes" }));
    expect(err).toContain("Remove a\\u{1b}b?");
  });

  it.each([
    ["without a terminal", false, []],
    ["with --no-input", true, ["--no-input"]],
  ])("is an error that names the option to pass %s", async (_, terminal, argv) => {
    const world = new World({ terminal });
    const { exit, err } = await act(({ prompts }) => prompts.ask("Your name?", { flag: "--name NAME" }), {
      world,
      argv,
    });
    expect(exit).toBe(2);
    expect(err).toContain("hint: pass --name NAME\n");
  });

  it("takes no line without an end", async () => {
    const { exit } = await atTerminal("x".repeat(70_000), async ({ prompts }, world) => {
      // Where the limit is not held, the end of the input would end the question as well, but after a good line.
      const answer = prompts.ask("Name?", { flag: "--name NAME" });
      setImmediate(() => world.stdin.write("\n"));
      return answer;
    });
    expect(exit).toBe(130);
  });

  it("ends with 130 at Ctrl-C and at the input's end", async () => {
    const pressed = await atTerminal("", async ({ prompts }, world) => {
      const answer = prompts.ask("Name?", { flag: "--name" });
      world.interrupt();
      return answer;
    });
    expect(pressed.exit).toBe(130);
    const ended = await atTerminal("", async ({ prompts }, world) => {
      world.stdin.end();
      return prompts.ask("Name?", { flag: "--name" });
    });
    expect(ended.exit).toBe(130);
  });
});

describe("a passphrase", () => {
  it("is typed unseen, with corrections", async () => {
    const { answer, err, out, world } = await atTerminal("wrong\u0015se\u007f\u007fgräb\u007f\u001b[Aß\r", (context) =>
      context.prompts.passphrase(),
    );
    expect(answer).toBe("gräß");
    expect({ err, out }).toEqual({ err: "Passphrase: \n", out: "" });
    expect(world.stdin.isRaw).toBe(false);
  });

  it.each(["\u0003", "\u0004"])(
    "typed and called off by %j changes nothing, and leaves the terminal as it was",
    async (key) => {
      const { exit, world } = await atTerminal(`abc${key}`, (context) => context.prompts.passphrase());
      expect({ exit, isRaw: world.stdin.isRaw }).toEqual({ exit: 130, isRaw: false });
    },
  );

  it("that is new is typed twice, and not empty", async () => {
    const { answer, err } = await atTerminal("\rone\rtwo\rsame\rsame\r", (context) => context.prompts.newPassphrase());
    expect(answer).toBe("same");
    expect(err).toContain("warning: the two were not the same");
  });

  it("that is new is given up after three attempts", async () => {
    expect((await atTerminal("a\rb\ra\rb\ra\rb\r", (context) => context.prompts.newPassphrase())).exit).toBe(2);
  });

  it.each([
    ["one", "one"],
    ["one\n", "one"],
    ["one two \r\n", "one two "],
    ["one\n\n", "one\n"],
  ])("comes from a file holding %j without its last line end", async (text, passphrase) => {
    const path = file(text);
    const answers: string[] = [];
    const work = async ({ prompts }: Context): Promise<unknown> =>
      answers.push(await prompts.passphrase(), await prompts.newPassphrase());
    const given = await act(work, { argv: ["--passphrase-file", path, "--no-input"] });
    const world = new World();
    world.env = { CONCLAVE_PASSPHRASE_FILE: path };
    await act(work, { world });
    expect(answers).toEqual([passphrase, passphrase, passphrase, passphrase]);
    expect(given.err).toBe("");
  });

  it.each<[string, string | Uint8Array]>([
    ["empty", "\n"],
    ["no text", Uint8Array.of(0xff, 0xfe)],
    ["too long", "x".repeat(4097)],
  ])("is refused from a file that is %s", async (_, content) => {
    const { exit, err } = await act(({ prompts }) => prompts.passphrase(), {
      argv: ["--passphrase-file", file(content)],
    });
    expect(exit).toBe(2);
    expect(err).not.toContain("xxxxx");
  });

  it("comes from standard input where the file is -, whatever its pieces", async () => {
    const world = new World();
    for (const piece of ["corr", "ect ", "hor\u00df", "e\n"]) world.stdin.write(piece);
    world.stdin.end();
    const answers: string[] = [];
    const work = async ({ prompts }: Context): Promise<unknown> => answers.push(await prompts.passphrase());
    const { err } = await act(work, { world, argv: ["--passphrase-file", "-"] });
    expect({ answers, err }).toEqual({ answers: ["correct hor\u00dfe"], err: "" });
  });

  it.each(["", "\n", "x".repeat(4097)])("is refused from standard input that is %j", async (text) => {
    const world = new World();
    world.stdin.end(text);
    const { exit, err } = await act(({ prompts }) => prompts.passphrase(), { world, argv: ["--passphrase-file", "-"] });
    expect(exit).toBe(2);
    expect(err).not.toContain("xxxxx");
  });

  it("in a file that others may read is warned of, and a missing file is not found", async () => {
    const open = await act(({ prompts }) => prompts.passphrase(), { argv: ["--passphrase-file", file("p", 0o644)] });
    expect(open.err).toContain("warning: other users");
    expect(
      (await act(({ prompts }) => prompts.passphrase(), { argv: ["--passphrase-file", "/nowhere/at-all"] })).exit,
    ).toBe(4);
  });
});
