import { mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect, onTestFinished } from "vitest";
import { runMain, World } from "./run-main.ts";

/** A world whose clock goes. */
class LiveWorld extends World {
  override readonly clock = { now: (): number => Date.now() };
}

/** What a command gave. */
export interface Given {
  readonly exit: number;
  readonly out: string;
  readonly err: string;
}

/** One person with a home of their own. */
export interface Person {
  readonly home: string;
  /** Real words in; stdout, stderr and exit code out. */
  (...argv: readonly string[]): Promise<Given>;
  /** The JSON of a command that succeeds. */
  json<Value>(...argv: readonly string[]): Promise<Value>;
  /** The JSON of a command's error, with its exit code. */
  refusal(
    ...argv: readonly string[]
  ): Promise<{ readonly exit: number; readonly code: string; readonly message: string; readonly hint: string }>;
}

/** What is around a person besides the home. */
export interface Surroundings {
  readonly env?: Readonly<Record<string, string>>;
  readonly openBrowser?: (url: string) => Promise<boolean>;
  readonly hostName?: string;
  /** What is typed, line by line, where there is a terminal to type at. */
  readonly typed?: readonly string[];
}

/** A temporary place in which people act. */
export interface Stage {
  readonly folder: string;
  /** Without a passphrase, unless `files` gives one. */
  newcomer(name: string): Promise<Person>;
  /** A home without an identity. */
  visitor(name: string, world?: Surroundings): Person;
  /** Writes files below the folder; gives it. */
  files(folder: string, contents: Readonly<Record<string, string | Uint8Array>>): string;
}

/** A stage that is gone when the test is over. */
export function newStage(scratch: string = tmpdir()): Stage {
  const folder = realpathSync(mkdtempSync(join(scratch, "conclave-cli-")));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const visitor: Stage["visitor"] = (name, world = {}) => makePerson(folder, name, world);
  return {
    folder,
    visitor,
    newcomer: async (name) => {
      const person = visitor(name);
      await person.json("init", "--name", name, "--no-passphrase");
      return person;
    },
    files: (name, contents) => {
      for (const [path, content] of Object.entries(contents)) {
        mkdirSync(dirname(join(folder, name, path)), { recursive: true });
        writeFileSync(join(folder, name, path), content);
      }
      return join(folder, name);
    },
  };
}

function makePerson(folder: string, name: string, { env = {}, openBrowser, hostName, typed }: Surroundings): Person {
  const home = join(folder, `home-${name}`);
  const say = async (...argv: readonly string[]): Promise<Given> => {
    const world = new LiveWorld(typed ? { terminal: true } : {});
    world.env = { CONCLAVE_HOME: home, ...env };
    world.cwd = folder;
    if (openBrowser) world.openBrowser = openBrowser;
    if (hostName !== undefined) world.hostName = () => hostName;
    for (const line of typed ?? []) world.stdin.write(`${line}\n`);
    return runMain(argv, { world });
  };
  return Object.assign(say, {
    home,
    json: async <Value>(...argv: readonly string[]): Promise<Value> => {
      const { exit, out, err } = await say(...argv, "--json");
      if (exit !== 0) throw new Error(`${argv.join(" ")} ended with ${exit}: ${err}`);
      return JSON.parse(out) as Value;
    },
    refusal: async (...argv: readonly string[]) => {
      const { exit, out, err } = await say(...argv, "--json", "--quiet");
      if (exit === 0) throw new Error(`${argv.join(" ")} was not refused: ${out}`);
      const last = err.trimEnd().split("\n").at(-1) ?? "";
      return { exit, ...(JSON.parse(last) as { error: { code: string; message: string; hint: string } }).error };
    },
  });
}

/** Alice has founded "family" on a settled folder, and everybody else named is in it as an editor. */
export async function family(
  stage: Stage,
  names: readonly string[] = [],
  options: readonly string[] = ["--settled"],
): Promise<{ readonly alice: Person; readonly others: readonly Person[]; readonly store: string }> {
  const alice = await stage.newcomer("Alice");
  await alice.json("create", "family", "store", ...options);
  const others: Person[] = [];
  for (const name of names) others.push(await admit(stage, { alice, name }));
  return { alice, others, store: join(stage.folder, "store") };
}

/** A newcomer who is in the group. */
export async function admit(
  stage: Stage,
  { alice, name, role = "editor" }: { readonly alice: Person; readonly name: string; readonly role?: string },
): Promise<Person> {
  const person = await stage.newcomer(name);
  const { fingerprint } = await person.json<{ fingerprint: string }>("id", "--card", `${name}.card`);
  await alice.json("add", "family", `${name}.card`, "--role", role, "--fingerprint", fingerprint);
  const { address } = await alice.json<{ address: string }>("address", "family");
  await person.json("join", address, "--as", "family");
  return person;
}

/** Every file below a folder, by its path there. */
export function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort();
}

/** A second device of somebody, on a home of its own. */
export async function secondDevice(
  stage: Stage,
  {
    owner,
    name,
    options = [],
  }: { readonly owner: Person; readonly name: string; readonly options?: readonly string[] },
): Promise<Person> {
  const { code } = await owner.json<{ code: string }>("device", "add");
  const device = stage.visitor(name);
  const words = ["init", "--device", code, ...options];
  expect(await device.refusal(...words, "--no-passphrase")).toMatchObject({ exit: 3, code: "waiting" });
  await owner.json("status", "family");
  await device.json(...words);
  return device;
}
