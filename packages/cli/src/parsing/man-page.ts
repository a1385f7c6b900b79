/** Manual pages in man(7)'s own language, from the same data that help is made of. */

import type { AnyCommand } from "../command.ts";
import { usage } from "../command-error.ts";
import { EXIT_CODES } from "../exit-codes.ts";
import type { RegistryEntry } from "../registry.ts";
import { argumentSyntax } from "./arguments.ts";
import { findCommand } from "./find-command.ts";
import { GLOBAL_OPTIONS } from "./global-options.ts";
import type { Option } from "./option.ts";

interface ManOptions {
  readonly registry: readonly RegistryEntry[];
  readonly version: string;
}

/**
 * The page of a command by its words; of all commands without any.
 *
 * @throws CommandError `usage` for a command that is not there.
 */
export async function manPage(words: readonly string[], options: ManOptions): Promise<string> {
  if (words.length === 0) return overview(options);
  const entry = findCommand(words, options.registry);
  if (!entry) throw usage(`there is no command ${words.join(" ")}`, 'run "conclave --help" to see all commands');
  return commandPage(entry, await entry.load(), options.version);
}

function overview({ registry, version }: ManOptions): string {
  const sections = [...new Set(registry.map(({ section }) => section))];
  return page("conclave", version, [
    ["NAME", [text("conclave - one encrypted drive for a group of people, on cloud storage you already have")]],
    ["SYNOPSIS", [".B conclave", text("[options] COMMAND ...")]],
    ...sections.map(
      (section): Section => [
        section.replace(/:$/, "").toUpperCase(),
        registry
          .filter((entry) => entry.section === section)
          .flatMap(({ name, summary }) => tagged(`conclave-${name.replaceAll(" ", "-")}(1)`, summary)),
      ],
    ),
    ["OPTIONS OF EVERY COMMAND", optionList(GLOBAL_OPTIONS)],
    exitStatus(),
    [
      "ENVIRONMENT",
      [
        ...tagged("CONCLAVE_HOME", "the folder of keys and indexes, in place of the platform's own"),
        ...tagged("CONCLAVE_PASSPHRASE_FILE", "the file that the passphrase is read from"),
        ...tagged("NO_COLOR", "no colours"),
      ],
    ],
  ]);
}

function commandPage({ name, summary }: RegistryEntry, command: AnyCommand, version: string): string {
  const title = `conclave-${name.replaceAll(" ", "-")}`;
  const sentence = summary.replace(/\.$/, "");
  return page(title, version, [
    ["NAME", [text(`${title} - ${sentence.charAt(0).toLowerCase()}${sentence.slice(1)}`)]],
    ["SYNOPSIS", [`.B conclave ${name}`, text(["[options]", ...command.args.map(argumentSyntax)].join(" "))]],
    ...(command.notes === undefined ? [] : [["DESCRIPTION", command.notes.split("\n").map(text)] as const]),
    ...(command.options === undefined ? [] : [["OPTIONS", optionList(command.options)] as const]),
    ["OPTIONS OF EVERY COMMAND", optionList(GLOBAL_OPTIONS)],
    ["EXAMPLES", [".EX", ...command.examples.map(text), ".EE"]],
    exitStatus(),
    ["SEE ALSO", [".BR conclave (1)"]],
  ]);
}

type Section = readonly [heading: string, lines: readonly string[]];

function page(title: string, version: string, sections: readonly Section[]): string {
  const lines = sections.flatMap(([heading, body]) => [`.SH ${heading}`, ...body]);
  return [`.TH ${title.toUpperCase()} 1 "" "conclave ${version}"`, ...lines, ""].join("\n");
}

function exitStatus(): Section {
  return ["EXIT STATUS", EXIT_CODES.flatMap(([code, meaning]) => tagged(String(code), meaning))];
}

function optionList(options: { readonly [name: string]: Option }): readonly string[] {
  return Object.entries(options).flatMap(([name, option]) => {
    const value = option.value ?? option.choices?.join("|");
    const names = `${option.short === undefined ? "" : `-${option.short}, `}--${name}`;
    const more = option.default === undefined ? "" : ` (default: ${option.default})`;
    return tagged(value === undefined ? names : `${names} ${value}`, option.summary + more);
  });
}

function tagged(tag: string, meaning: string): readonly string[] {
  return [".TP", `.B ${text(tag)}`, text(meaning)];
}

/** A line whose characters all mean themselves. */
function text(line: string): string {
  const plain = line.replaceAll("\\", "\\e").replaceAll("-", "\\-");
  return /^[.']/.test(plain) ? `\\&${plain}` : plain;
}
