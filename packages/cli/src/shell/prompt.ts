/** The prompt itself: reads lines, keeps where the person stands, and runs each line as a command of its own. */
import { stat } from "node:fs/promises";
import { platform } from "node:os";
import { resolve } from "node:path";
import type { Home } from "@conclave/node";
import { usage } from "../command-error.ts";
import { type KnownNames, namesIn } from "../completion/known-names.ts";
import { commonStart, type Line, splitLine, typedRest, type Word } from "../completion/line.ts";
import type { Context } from "../context.ts";
import { renderError } from "../errors.ts";
import type { CommandForm } from "../parsing/command-form.ts";
import { escapeText } from "../terminal/escape.ts";
import { type Io, type UnlockedKeys, variedIo } from "../terminal/io.ts";
import type { Here } from "./here.ts";
import { LineReader } from "./line-reader.ts";
import { Newcomers } from "./newcomers.ts";
import { expandHome, moved, type Translation, translate } from "./translate.ts";

/** How often somebody who sits at the prompt hears of newcomers, in milliseconds. */
const LOOK_EVERY = 20_000;
/** Names that the prompt itself answers to, and what its help says of them. */
const OWN_COMMANDS: readonly (readonly [form: string, summary: string])[] = [
  ["list [PATH]", "what is in the folder"],
  ["upload FILE... [:PATH]", "files of this machine, into the group's folder"],
  ["download PATH... [./FOLDER]", "files of the group, into the folder of this machine"],
  ["cd [PATH], cd GROUP:", "go to a folder, or to another group"],
  ["lcd FOLDER, pwd", "go to a folder of this machine; where you are"],
  ["add NAME, remove NAME", "admit who asks; remove a member"],
  ["help [COMMAND]", "every other command, with its group understood"],
  ["quit", "leave"],
];

/** What reading puts in place of bytes that are no UTF-8: a name with it would be another one than was typed. */
const UNREADABLE = "\uFFFD";

/** Those of them that no command is called. */
const OWN_NAMES = ["cd", "lcd", "list", "pwd", "quit"];

export class Prompt {
  readonly #context: Context;
  readonly #names: KnownNames;
  readonly #unlocked: UnlockedKeys = new Map();
  readonly #world: Io;
  readonly #newcomers: Newcomers;
  readonly #reader: LineReader;
  #here: Here;
  #isWaiting = false;

  constructor(
    context: Context,
    start: { readonly home: Home; readonly group: string | undefined; readonly history: readonly string[] },
  ) {
    this.#context = context;
    this.#names = namesIn(start.home);
    this.#here = { group: start.group, folder: "", local: context.cwd };
    this.#world = variedIo(context.io, { unlocked: this.#unlocked });
    this.#newcomers = new Newcomers(context, this.#world);
    this.#reader = new LineReader({
      input: context.io.stdin,
      output: context.io.stdout,
      history: start.history,
      complete: (line) => this.#complete(line),
    });
  }

  /** Where keys stay unlocked while the prompt is open. */
  get unlocked(): UnlockedKeys {
    return this.#unlocked;
  }

  get history(): readonly string[] {
    return this.#reader.history;
  }

  /** Runs until the person leaves. @returns The exit code of the last command, 0 on a terminal. */
  async run(): Promise<number> {
    const { io } = this.#context;
    this.#context.ownInterrupts();
    // Keys are not signals while the prompt waits, so a signal then means to end.
    const release = io.onInterrupt(() => this.#isWaiting && this.#reader.end());
    const timer = setInterval(() => this.#tellNewcomers(), LOOK_EVERY);
    let exit = 0;
    try {
      void this.#tellNewcomers();
      for (let line = await this.#next(); line !== undefined; line = await this.#next()) {
        const { words, open, quote } = splitHere(line);
        const typed = open ? [...words, open] : words;
        if (typed.length === 1 && /^(?:quit|exit)$/.test(typed[0]?.text ?? "")) break;
        if (typed.length > 0) exit = await this.#perform(typed, quote !== undefined);
      }
    } finally {
      clearInterval(timer);
      this.#reader.end();
      await this.#newcomers.settle();
      release();
    }
    return this.#context.out.isTerminal ? 0 : exit;
  }

  async #next(): Promise<string | undefined> {
    const { group, folder } = this.#here;
    this.#isWaiting = true;
    const line = await this.#reader.next(escapeText(group === undefined ? "conclave> " : `${group}:${folder}> `));
    this.#isWaiting = false;
    await this.#newcomers.settle();
    return line;
  }

  async #perform(typed: readonly Word[], isQuoteOpen: boolean): Promise<number> {
    try {
      if (isQuoteOpen) throw usage("a quote is not closed", "close it, or put a backslash before it");
      if (typed.some(({ text }) => text.includes(UNREADABLE))) {
        throw usage(
          "the line holds bytes that are no text in UTF-8",
          "set the terminal to UTF-8, and type the line again",
        );
      }
      const argv = await this.#argvOf(typed);
      return argv ? await this.#context.perform(argv, variedIo(this.#world, { cwd: this.#here.local })) : 0;
    } catch (error) {
      const { text, exit } = renderError(error, { json: false, debug: this.#context.options.debug });
      this.#context.io.stderr.write(text);
      return exit;
    }
  }

  /** The command line of a line; undefined where the prompt itself has answered it. */
  async #argvOf(typed: readonly Word[]): Promise<readonly string[] | undefined> {
    const [first, ...rest] = typed as [Word, ...Word[]];
    const options: Translation = { here: this.#here, names: this.#names, groups: await this.#names.groups() };
    if (first.text === "cd") return this.#move(rest, options);
    if (first.text === "lcd") return this.#moveLocally(rest);
    if (first.text === "pwd")
      return this.#say([`${this.#here.group ?? "no group"}:${this.#here.folder}`, this.#here.local]);
    if (first.text === "help" && rest.length === 0) return this.#help();
    if (first.text === "shell") throw usage("this is the shell already", '"cd GROUP:" goes to another group');
    const command = await this.#commandOf(typed);
    if (!command) return [first.text]; // The command line says what was meant.
    return translate({ command, typed: typed.slice(command.name.split(" ").length) }, options);
  }

  async #move([to, more]: readonly Word[], options: Translation): Promise<undefined> {
    if (more) throw usage("cd takes one folder", "put a name with blanks in quotes");
    const here = moved(to?.text ?? "/", options);
    if (here.folder !== "") {
      const place = `${here.group}:${here.folder}`;
      const parent = place.replace(/[^/:]*$/, "");
      const isThere = (await this.#names.places(parent)).includes(`${place}/`);
      if (!isThere) throw usage(`there is no folder ${place}`, '"list" shows what is there, "mkdir" makes a folder');
    }
    const isOther = here.group !== this.#here.group;
    this.#here = here;
    if (isOther) void this.#tellNewcomers();
  }

  async #moveLocally([to, more]: readonly Word[]): Promise<undefined> {
    if (more) throw usage("lcd takes one folder", "put a name with blanks in quotes");
    const local = resolve(this.#here.local, expandHome(to?.text ?? "~"));
    if (!(await stat(local)).isDirectory()) throw usage(`${local} is not a folder`);
    this.#here = { ...this.#here, local };
  }

  async #help(): Promise<undefined> {
    const width = Math.max(...OWN_COMMANDS.map(([form]) => form.length));
    this.#say(["At the prompt:", ...OWN_COMMANDS.map(([form, summary]) => `  ${form.padEnd(width)}  ${summary}`), ""]);
    this.#say((await this.#context.help([])).split("\n"));
  }

  #say(lines: readonly string[]): undefined {
    for (const line of lines) this.#context.io.stdout.write(`${escapeText(line)}\n`);
  }

  async #tellNewcomers(): Promise<void> {
    const { group } = this.#here;
    if (group === undefined || !this.#context.out.isTerminal) return;
    const lines = await this.#newcomers.look(group);
    if (lines.length > 0 && this.#isWaiting)
      this.#reader.interject(lines.map((line) => `${escapeText(line)}\n`).join(""));
    else for (const line of lines) this.#context.note(line);
  }

  async #complete(text: string): Promise<readonly [readonly string[], string]> {
    const line = splitHere(text);
    const typed = line.open?.text ?? "";
    const found = await this.#candidates(line.words, typed);
    const replaced = text.slice(line.openAt);
    const start = commonStart(found);
    // Where several fit, only what they share is typed; they are shown as they are, without quotes.
    if (found.length > 1 && start.length <= typed.length) return [found, replaced];
    const isWhole = found.length === 1 && !/[/:=]$/.test(start);
    return [found.length === 0 ? [] : [replaced + typedRest(start, { ...line, isWhole })], replaced];
  }

  async #candidates(before: readonly Word[], typed: string): Promise<readonly string[]> {
    const words = before.map(({ text }) => text);
    const command = await this.#commandOf(before);
    const own = OWN_NAMES.filter((word) => words.length === 0 && word.startsWith(typed));
    const isKnown = words.length === 0 || command !== undefined;
    const general = isKnown ? await this.#context.complete([...words, typed], this.#names) : { words: [] };
    const { group, folder } = this.#here;
    if (group === undefined || !isAboutPlaces(words[0], command?.args)) return [...own, ...general.words];
    const base = folder === "" ? `${group}:` : `${group}:${folder}/`;
    const places = await this.#names.places(`${base}${typed}`);
    const here = places.map((place) => place.slice(base.length)).filter((path) => path.startsWith(typed));
    return [...own, ...here, ...general.words];
  }

  /** How the command is written that a line begins with; `list` is the prompt's own word for `ls`. */
  #commandOf(line: readonly Word[]): Promise<CommandForm | undefined> {
    const words = line.map(({ text }) => text);
    return this.#context.find(words[0] === "list" ? ["ls", ...words.slice(1)] : words);
  }
}

function splitHere(line: string): Line {
  return splitLine(line, { windows: platform() === "win32" });
}

function isAboutPlaces(first: string | undefined, args: readonly string[] | undefined): boolean {
  if (first === "cd" || first === "list") return true;
  return first !== "upload" && (args ?? []).some((each) => /^(?:place|from|to)\b/.test(each));
}
