/** The smoke test of a real Drive, tried on an emulated one: it has to find what differs, and nothing else. */
import type { EmulatedGoogle } from "@conclave/emulators";
import { expect, it } from "vitest";
import { googleStage, signIn } from "../packages/cli/test/support/google.ts";
import { smoke } from "../scripts/smoke/smoke.ts";

interface Bench {
  readonly google: EmulatedGoogle;
  /** Words in; exit code and what was said out. */
  run(
    argv: readonly string[],
    options?: { readonly signal?: AbortSignal; readonly onLine?: (line: string) => void },
  ): Promise<{ readonly exit: number; readonly said: string }>;
}

/** A home that is signed in to two accounts. */
async function bench(): Promise<Bench> {
  const { google, newcomer } = await googleStage();
  const alice = await newcomer("Alice");
  await signIn(alice, "bob@example.org");
  const run: Bench["run"] = async (argv, { signal = new AbortController().signal, onLine } = {}) => {
    const lines: string[] = [];
    const say = (line: string): void => {
      lines.push(line);
      onLine?.(line);
    };
    const env = { CONCLAVE_HOME: alice.home, CONCLAVE_GOOGLE_EMULATOR: google.url };
    const exit = await smoke(argv, { env, signal, say });
    return { exit, said: lines.join("\n") };
  };
  return { google, run };
}

/** What lies on the emulated Drive beside everybody's root. */
const things = ({ cloud }: EmulatedGoogle): number => cloud.items.size - cloud.users.size;

const BOTH = ["gdrive", "--account", "alice@example.org", "--other", "bob@example.org"];

it("agrees everywhere with the emulator itself, and leaves nothing there", { timeout: 240_000 }, async () => {
  const { google, run } = await bench();
  const { exit, said } = await run([...BOTH, "--quick"]);
  expect(said).toContain("all is as the emulator has it");
  expect(said).toMatch(/contract (\d+) of \1 cases hold/);
  expect(said).not.toContain("DIFFERS");
  expect(exit).toBe(0);
  expect(things(google)).toBe(0);
});

it("finds one planted difference, and nothing else", { timeout: 240_000 }, async () => {
  const { google, run } = await bench();
  // What every store bears, so that the contract holds: all of a file, whatever range was asked for.
  google.faults.add({ on: "files.download", fault: { type: "ignore-range" }, chance: 1 });
  const { exit, said } = await run([...BOTH, "--quick"]);
  const differing = said.split("\n").filter((line) => line.startsWith("DIFFERS"));
  expect(differing).toEqual([expect.stringContaining("a range is a range")]);
  expect(said).toContain("1 difference:");
  expect(exit).toBe(1);
  expect(things(google)).toBe(0);
});

it("does nothing without an account, and says how to give one", async () => {
  const { google, run } = await bench();
  google.requests.clear();
  for (const words of [
    [],
    ["gdrive"],
    ["gdrive", "--account", "carol@example.org"],
    ["s3"],
    ["gdrive", "--nonsense"],
  ]) {
    const { exit, said } = await run(words);
    expect({ words, exit }).toEqual({ words, exit: 2 });
    expect(said).toContain("conclave login gdrive");
    expect(said).toContain("npm run smoke -- gdrive --account");
  }
  expect(google.requests.length).toBe(0);
});

it("removes its folder also when it is interrupted", async () => {
  const { google, run } = await bench();
  const interrupt = new AbortController();
  const stop = (line: string): void => {
    if (line.startsWith("in the folder")) interrupt.abort(new Error("interrupted"));
  };
  const { exit, said } = await run(BOTH, { signal: interrupt.signal, onLine: stop });
  expect(said).toContain("the folder is removed");
  expect(exit).toBe(130);
  expect(things(google)).toBe(0);
});
