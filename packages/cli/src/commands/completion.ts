import { defineCommand } from "../command.ts";
import { usage } from "../command-error.ts";
import { bashWord } from "../completion/bash-word.ts";
import { namesIn } from "../completion/known-names.ts";
import { splitLine } from "../completion/line.ts";
import { completionScript, SHELLS, type ShellName } from "../completion/scripts.ts";
import type { Context } from "../context.ts";
import { homeOf } from "../identity/person.ts";

export const completion = defineCommand({
  examples: ["source <(conclave completion bash)", "conclave completion fish | source"],
  args: ["shell", "word?..."],
  options: { line: { value: "TEXT", summary: "the line so far, for a shell that does not part it into words" } },
  notes: [
    `Without words it prints the script for a shell (${SHELLS.join(", ")}), which its starting file reads. The script asks`,
    "this command what may stand at the end of a line: the words behind the program's name, the last one as far as it was",
    "typed. Commands, options, groups, paths and members are completed, from what this device knows.",
  ].join("\n"),

  async run(context, { shell: name, word: words, line }) {
    const shell = SHELLS.find((each) => each === name);
    if (!shell) throw usage(`there is no completion for ${name}`, `there is one for ${SHELLS.join(", ")}`);
    const text =
      line === undefined && words.length === 0
        ? completionScript(shell)
        : await answer(context, { shell, words, line });
    context.out.result({ completion: text }, (lines) => {
      for (const each of text.trimEnd().split("\n")) lines.line(each);
    });
  },
});

/** First `files` or `words`: whether a file of this machine may stand there too. Then a completion a line. */
async function answer(
  context: Context,
  options: { readonly shell: ShellName; readonly words: readonly string[]; readonly line: string | undefined },
): Promise<string> {
  const line = options.line === undefined ? undefined : splitLine(options.line);
  const words = line ? [...line.words, line.open ?? { text: "" }].map(({ text }) => text).slice(1) : options.words;
  const found = await context.complete(words, namesIn(homeOf(context)));
  const shown = line ? found.words.map((word) => bashWord(word, line)) : found.words;
  return [found.files ? "files" : "words", ...shown].join("\n");
}
