import { execFile } from "node:child_process";
import { chmodSync, existsSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { expect, it, onTestFinished } from "vitest";
import { requireOrSkip } from "../../../../tests/support/require.ts";
import { openTerminal } from "../../../../tests/support/terminal.ts";
import { completionScript } from "../../src/completion/scripts.ts";
import { family, newStage, type Person, type Stage } from "../support/stage.ts";

const run = promisify(execFile);
const BIN = new URL("../../bin/conclave.js", import.meta.url).pathname;

/** A folder whose `conclave` is this one, as a shell would find it. */
function install(stage: Stage, person: Person): NodeJS.ProcessEnv {
  const path = join(stage.folder, "conclave");
  writeFileSync(path, `#!/bin/sh\nexec '${process.execPath}' --conditions=@conclave/source '${BIN}' "$@"\n`);
  chmodSync(path, 0o755);
  const PATH = `${dirname(path)}:${process.env.PATH}`;
  return { ...process.env, PATH, CONCLAVE_HOME: person.home, HOME: stage.folder };
}

async function groupWithNastyNames() {
  const stage = newStage();
  const { alice } = await family(stage);
  stage.files("in", {
    "$(touch pwned)/`touch pwned`": "1",
    "a b/it's": "the one that is meant\n",
    "a b/;touch pwned": "3",
  });
  await alice.json("upload", "in/.", "family:");
  return { stage, env: install(stage, alice) };
}

it("lets bash complete names that hold commands, and runs none of them", { timeout: 120_000 }, async (context) => {
  const bash = requireOrSkip(context, "bash");
  const { stage, env } = await groupWithNastyNames();
  const ask = async (line: string) => {
    const script = [
      "source <(conclave completion bash)",
      'COMP_LINE="$1"',
      "COMP_POINT=1000",
      "compopt() { :; }", // Bash has it only while it completes.
      "_conclave",
      // biome-ignore lint/suspicious/noTemplateCurlyInString: it is bash's own.
      'printf "%s\\n" "${COMPREPLY[@]}"',
    ];
    const { stdout } = await run(bash, ["-c", script.join("\n"), "bash", line], { env, cwd: stage.folder });
    return stdout.trimEnd().split("\n");
  };
  expect(await ask("conclave ls family:")).toEqual(["\\$\\(touch\\ pwned\\)/", "a\\ b/"]);
  expect(await ask("conclave ls family:\\$\\(touch\\ pwned\\)/")).toEqual([
    "\\$\\(touch\\ pwned\\)/\\`touch\\ pwned\\`",
  ]);
  expect(await ask("conclave cat family:a\\ b/")).toEqual(["a\\ b/\\;touch\\ pwned", "a\\ b/it\\'s"]);
  expect(existsSync(join(stage.folder, "pwned"))).toBe(false);
});

it("lets fish complete them as well", { timeout: 120_000 }, async (context) => {
  const fish = requireOrSkip(context, "fish");
  const { stage, env } = await groupWithNastyNames();
  const script = "conclave completion fish | source; complete -C $argv[1]";
  const ask = async (line: string) =>
    (await run(fish, ["-c", script, line], { env, cwd: stage.folder })).stdout.trimEnd().split("\n");
  expect(await ask("conclave ls family:")).toEqual(["family:$(touch pwned)/", "family:a b/"]);
  expect(await ask("conclave stat")).toEqual(["status"]);
  expect(existsSync(join(stage.folder, "pwned"))).toBe(false);
});

it("lets zsh complete them as well", { timeout: 120_000 }, async (context) => {
  const zsh = requireOrSkip(context, "zsh");
  const { stage, env } = await groupWithNastyNames();
  const terminal = openTerminal(requireOrSkip(context, "script"), { command: `${zsh} -f -i`, env, cwd: stage.folder });
  onTestFinished(() => terminal.close());
  terminal.type(
    "PROMPT=; autoload -Uz compinit; compinit -u; source <(conclave completion zsh); print set-up-$((1+1))\n",
  );
  await terminal.shows(/set-up-2/);
  terminal.type("conclave cat family:a\\ b/i\t");
  await terminal.shows(/it\\'s/);
  terminal.type("\n");
  await terminal.shows(/the one that is meant/);
  expect(existsSync(join(stage.folder, "pwned"))).toBe(false);
});

it("leaves it to PowerShell to quote names: five characters end a quoted text there, four of them no ASCII", () => {
  const script = completionScript("powershell");
  expect(script).toContain("EscapeSingleQuotedStringContent($_)");
  expect(script).not.toContain("Replace(");
  // What goes in as it stands holds nothing that means something: no blank, quote, comma, `$`, `@`, `(`, `;`, backtick.
  const [, plain = ""] = /-match '([^']+)'/.exec(script) ?? [];
  const meaning = [..." '\"‘’‚‛“”„,$@(){};|&<>#%`\\*?[]"];
  expect(meaning.filter((character) => new RegExp(plain).test(`a${character}b`))).toEqual([]);
});
