/** From the words on the command line to a command, its arguments and options; commander does the reading. */
import { Command as Commander, CommanderError, Option as CommanderOption } from "commander";
import type { AnyCommand } from "../command.ts";
import { CommandError, usage } from "../command-error.ts";
import { exitTable } from "../exit-codes.ts";
import type { RegistryEntry } from "../registry.ts";
import { argumentSyntax, assignWords } from "./arguments.ts";
import { findCommand } from "./find-command.ts";
import { GLOBAL_OPTIONS, type GlobalOptions, globalOptions } from "./global-options.ts";
import type { Option } from "./option.ts";

/** A command that is to be run. */
export interface Invocation {
  readonly command: AnyCommand;
  readonly words: Readonly<Record<string, unknown>>;
  readonly options: GlobalOptions;
}

/** Something that was only asked for: help, the version. */
export interface Answer {
  readonly text: string;
}

export interface ParserOptions {
  readonly registry: readonly RegistryEntry[];
  readonly version: string;
  /** Columns that help may take. */
  readonly width: number;
}

const GLOBAL_HEADING = "Options of every command:";

type Given = Map<string, string | boolean | readonly string[]>;

/** Reads the words; rejects with `usage` for what is not written rightly. */
export async function parse(argv: readonly string[], options: ParserOptions): Promise<Invocation | Answer> {
  const entry = findCommand(argv, options.registry);
  const chosen = entry && { entry, command: await entry.load() };
  let shown = "";
  let invocation: Invocation | undefined;
  const program = makeProgram(options, (text) => {
    shown += text;
  });
  for (const each of options.registry) {
    const own = each === entry && chosen ? chosen.command : undefined;
    const commander = addCommand(program, each);
    if (own) {
      define(commander, own);
      commander.action(() => {
        invocation = invocationOf(program, commander, own);
      });
    }
  }
  try {
    program.parse([...argv], { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.code === "commander.helpDisplayed" || error.code === "commander.version") return { text: shown };
    throw error.code === "commander.help" ? noCommand() : usageOf(error, entry);
  }
  return invocation ?? { text: shown };
}

/** The help of a command by its words; of all without any. Rejects with `usage` for a command that is not there. */
export async function helpOf(words: readonly string[], options: ParserOptions): Promise<string> {
  // Without --help, words that name no command are refused with what they may have meant.
  const ask = words.length > 0 && findCommand(words, options.registry) === undefined ? [] : ["--help"];
  const parsed = await parse([...words, ...ask], options);
  return "text" in parsed ? parsed.text : "";
}

function makeProgram(options: ParserOptions, write: (text: string) => void): Commander {
  const program = new Commander("conclave")
    .description("One encrypted drive for a group of people, on cloud storage you already have.")
    .usage("[options] COMMAND ...")
    .version(options.version, "--version", "show the version")
    .addHelpOption(helpOption())
    .helpCommand(false)
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput({
      writeOut: write,
      writeErr: () => undefined,
      outputError: () => undefined,
      getOutHelpWidth: () => options.width,
    });
  addOptions(program, GLOBAL_OPTIONS, GLOBAL_HEADING);
  return program.addHelpText("before", "Example:\n  conclave help upload\n").addHelpText("after", `\n${exitTable()}`);
}

/** Adds a command to its parent by name alone; a second word hangs below the first. */
function addCommand(program: Commander, entry: RegistryEntry): Commander {
  const words = entry.name.split(" ");
  const last = words.at(-1) as string;
  const parent = words.length > 1 ? program.commands.find((command) => command.name() === words[0]) : program;
  if (parent === undefined) throw new Error(`${entry.name} stands before ${words[0]} in the registry`);
  return parent.command(last).summary(entry.summary).description(entry.summary).helpGroup(entry.section);
}

function define(commander: Commander, command: AnyCommand): void {
  // Commander lets only the last argument take several words, so it is told of one that takes all.
  commander.argument("[words...]").usage(["[options]", ...command.args.map(argumentSyntax)].join(" "));
  addOptions(commander, command.options ?? {}, "Options:");
  addOptions(commander, GLOBAL_OPTIONS, GLOBAL_HEADING);
  const examples = command.examples.map((example) => `  ${example}`).join("\n");
  const notes = command.notes === undefined ? "" : `\n${command.notes}\n`;
  commander
    .addHelpOption(helpOption())
    .allowExcessArguments(false)
    .enablePositionalOptions()
    .addHelpText("before", `${command.examples.length > 1 ? "Examples" : "Example"}:\n${examples}\n`)
    .addHelpText("after", `${notes}\n${exitTable()}`);
}

function addOptions(commander: Commander, options: { readonly [name: string]: Option }, heading: string): void {
  for (const [name, option] of Object.entries(options))
    commander.addOption(commanderOption(name, option).helpGroup(heading));
}

function commanderOption(name: string, option: Option): CommanderOption {
  const short = option.short === undefined ? "" : `-${option.short}, `;
  const value = option.value ?? (option.choices ? name.toUpperCase() : undefined);
  const made = new CommanderOption(`${short}--${name}${value === undefined ? "" : ` <${value}>`}`, option.summary);
  if (option.choices) made.choices(option.choices);
  if (option.several) made.argParser((each, others: readonly string[] = []) => [...others, each]);
  return option.default === undefined ? made : made.default(option.default);
}

function helpOption(): CommanderOption {
  return new CommanderOption("-h, --help", "show this help").helpGroup(GLOBAL_HEADING);
}

function invocationOf(program: Commander, commander: Commander, command: AnyCommand): Invocation {
  const own = valuesOf(commander, command.options ?? {});
  const globals = new Map([...chainOf(commander, program)].flatMap((each) => [...valuesOf(each, GLOBAL_OPTIONS)]));
  const words: Record<string, unknown> = Object.fromEntries(assignWords(command.args, commander.args));
  for (const [name, option] of Object.entries(command.options ?? {})) {
    words[name] = own.get(name) ?? valueOfNone(option);
  }
  return { command, words, options: globalOptions(globals) };
}

/** What a command gets of an option that was not given. */
function valueOfNone(option: Option): false | undefined | readonly [] {
  if (option.several) return [];
  return option.value === undefined && option.choices === undefined ? false : undefined;
}

/** From the program down to the command: an option nearer to the command's end counts. */
function chainOf(commander: Commander, program: Commander): readonly Commander[] {
  const { parent } = commander;
  return parent === null || commander === program ? [program] : [...chainOf(parent, program), commander];
}

/** What was given of these options, by their names on the command line. */
function valuesOf(commander: Commander, options: { readonly [name: string]: Option }): Given {
  const given: Given = new Map();
  for (const each of commander.options) {
    const name = each.long?.slice(2) ?? "";
    const value: unknown = commander.getOptionValue(each.attributeName());
    if (!Object.hasOwn(options, name)) continue;
    // Commander keeps `--no-x` as x being false.
    if (each.negate) given.set(name, value === false);
    else if (typeof value === "string" || value === true || Array.isArray(value)) given.set(name, value);
  }
  for (const [name, value] of given) if (value === false) given.delete(name);
  return given;
}

function noCommand(): CommandError {
  return usage("no command was given", 'run "conclave --help" to see all commands');
}

/** Commander's own words, brought into the form of ours; its suggestion becomes the hint. */
function usageOf(error: CommanderError, entry: RegistryEntry | undefined): CommandError {
  const [first = "", ...more] = error.message.split("\n");
  const suggestion = /\(Did you mean (.*)\?\)/.exec(more.join(" "))?.[1];
  const help = `run "conclave ${entry ? `${entry.name} ` : ""}--help" to see how it is written`;
  const hint = suggestion === undefined ? help : `did you mean ${suggestion}? ${help}`;
  return new CommandError(first.replace(/^error: /, ""), { code: "usage", hint, cause: error });
}
