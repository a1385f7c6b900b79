/**
 * Every command that writes, as a real process that is killed where it has just written something: another member's device
 * finds the group whole and finishes it, nothing is lost, and the same command given again brings about what it was to.
 * `CONCLAVE_SEED` chooses where, `CONCLAVE_KILLS` how often.
 */
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Problem } from "@conclave/core";
import { describe, expect, it } from "vitest";
import { isLeftOver } from "../../../tests/support/deaths.ts";
import { drawFrom } from "../../../tests/support/seeded.ts";
import { changesOf, keep, kill, TEMPORARY } from "./support/killed.ts";
import { admit, family, filesBelow, newStage, type Person, type Stage } from "./support/stage.ts";

const SEED = Number(process.env.CONCLAVE_SEED ?? 1);
const KILLS = Number(process.env.CONCLAVE_KILLS ?? 2);
/** What a killed process has written is there in memory too, and waiting for a disk would show nothing more. */
const SCRATCH = existsSync("/dev/shm") ? "/dev/shm" : tmpdir();
const KEPT = { "kept.txt": "kept by all", "docs/a.txt": "alpha", "docs/b.txt": "beta" };

interface Scene extends Stage {
  readonly alice: Person;
  /** Another owner, whose device finishes what Alice's has begun. */
  readonly bob: Person;
  readonly store: string;
}

/** Somebody's command, and what it is to bring about. */
interface Killed {
  readonly by: Person;
  readonly argv: readonly string[];
  /** How it may end when it is given again, besides well: it had taken effect before, or waits for somebody. */
  readonly codes?: readonly string[];
  /** What another member's device does, and what it must find; default: the group is whole, with all files. */
  readonly others?: () => Promise<void>;
  /** Nothing is left of the group in the end. */
  readonly isGone?: boolean;
  /** What holds once the command was given again. */
  readonly holds: () => Promise<void>;
}

async function scene(): Promise<Scene> {
  const stage = newStage(SCRATCH);
  const { alice, others, store } = await family(stage, ["Bob"], ["--settled", "--classic"]);
  await alice.json("role", "family", "Bob", "owner");
  stage.files("in", KEPT);
  await alice.json("upload", "in/.", "family:/");
  const bob = others[0] as Person;
  await bob.json("status", "family");
  return { ...stage, alice, bob, store };
}

async function ended(person: Person, argv: readonly string[]): Promise<string> {
  const { exit, err } = await person(...argv, "--json", "--quiet");
  if (exit === 0) return "well";
  return (JSON.parse(err.trimEnd().split("\n").at(-1) ?? "") as { error: { code: string } }).error.code;
}

async function pathsOf(person: Person): Promise<string[]> {
  const listed = await person.json<{ path: string; kind: string }[]>("ls", "-R", "family:");
  return listed.filter(({ kind }) => kind === "file").map(({ path }) => path);
}

/**
 * Of what the group holds nothing lies in clear at home or on the storage, and keys lie where identities do; nothing at all
 * lies where temporary files do. What a run that was killed had half written goes with the next one: ATTACKS 31, 44.
 */
function liesNothingInClear({ folder }: Stage, options: { readonly halfWritten: boolean }): void {
  expect(readdirSync(join(folder, TEMPORARY))).toEqual([]);
  const inHomes = filesBelow(folder).filter((path) => /^(?:home-[^/]*|store)\//.test(path));
  const looked = inHomes.filter((path) => !/\/download-\d+\//.test(path));
  for (const path of looked.filter((each) => !options.halfWritten || !each.endsWith(".part"))) {
    const text = readFileSync(join(folder, path), "latin1");
    expect([path, CONTENTS.filter((each) => text.includes(each))]).toEqual([path, []]);
    expect([path, text.includes("AGE-SECRET-KEY")]).toEqual([path, path.endsWith("/identity.txt")]);
  }
  // On the storage it is sealed, and goes a day later.
  if (!options.halfWritten) expect(looked.filter((path) => /^home-.*\.(?:part|tmp)$/.test(path))).toEqual([]);
}

/** The storage is without a fault, to its last byte. */
async function findsNoFault(person: Person): Promise<void> {
  const { ok, problems } = await person.json<{ ok: boolean; problems: Problem[] }>("verify", "family", "--full");
  expect([ok, problems.filter((problem) => !isLeftOver(problem))]).toEqual([true, []]);
}

let downloads = 0;

/** What was begun by whomever is finished by this person, who then has all that was there, on a storage without a fault. */
async function finishes(person: Person, expected: Readonly<Record<string, string>> = KEPT): Promise<void> {
  expect(await person.json("reencrypt", "family")).toMatchObject({ remaining: { objects: 0 }, problems: [] });
  await findsNoFault(person);
  const out = join(person.home, `download-${downloads++}`);
  expect(await person.json("download", "family:/", out)).toMatchObject({ failed: [] });
  for (const [path, text] of Object.entries(expected)) expect(readFileSync(join(out, path), "utf8")).toBe(text);
}

const address = async (person: Person) => (await person.json<{ address: string }>("address", "family")).address;

/** Dave has an identity and a code with which he is invited. */
async function invited({ alice, newcomer }: Scene): Promise<{ dave: Person; code: string }> {
  const { code } = await alice.json<{ code: string }>("invite", "family", "Dave");
  return { dave: await newcomer("Dave"), code };
}

/** Alice's second device, known by a code; it has asked, and is not let in yet. */
async function asked({ alice, visitor }: Scene): Promise<{ phone: Person; argv: readonly string[] }> {
  const { code } = await alice.json<{ code: string }>("device", "add");
  const phone = visitor("phone");
  const argv = ["init", "--device", code, "--no-passphrase"];
  expect(await ended(phone, argv)).toBe("waiting");
  return { phone, argv };
}

async function phoneOf(stage: Scene): Promise<Person> {
  const { phone, argv } = await asked(stage);
  await stage.alice.json("status", "family");
  await phone.json(...argv);
  return phone;
}

/** What some commands are about, in more than one file. */
async function withMore({ alice, files }: Scene): Promise<void> {
  files("more", { "more/x.txt": "one more", "more/y.txt": "and one" });
  await alice.json("upload", "more/more", "family:/");
}

const MORE = { "more/x.txt": "one more", "more/y.txt": "and one" };
/** Contents that are long enough to be looked for. */
const CONTENTS = [KEPT["kept.txt"], MORE["more/x.txt"]];
const withCopy = { ...KEPT, ...MORE, "copy/x.txt": MORE["more/x.txt"], "copy/y.txt": MORE["more/y.txt"] };
const sorted = (files: object) => Object.keys(files).sort();

const COMMANDS: readonly (readonly [string, (stage: Scene) => Promise<Killed>])[] = [
  [
    "invite",
    async ({ alice, bob }) => ({
      by: alice,
      argv: ["invite", "family", "Dave"],
      holds: async () =>
        expect(await bob.json("invitations", "family")).toContainEqual(expect.objectContaining({ name: "Dave" })),
    }),
  ],
  [
    "join CODE, which leaves a request",
    async (stage) => {
      const { dave, code } = await invited(stage);
      const argv = ["join", code, "--as", "family"];
      return {
        by: dave,
        argv,
        codes: ["waiting"],
        holds: async () => {
          await stage.bob.json("status", "family");
          await dave.json(...argv);
          await finishes(dave);
        },
      };
    },
  ],
  [
    "join CODE, which comes in",
    async (stage) => {
      const { dave, code } = await invited(stage);
      const argv = ["join", code, "--as", "family"];
      expect(await ended(dave, argv)).toBe("waiting");
      await stage.bob.json("status", "family");
      return { by: dave, argv, holds: () => finishes(dave) };
    },
  ],
  [
    "device add",
    async (stage) => ({
      by: stage.alice,
      argv: ["device", "add", "--no-wait"],
      holds: async () => finishes(await phoneOf(stage)),
    }),
  ],
  [
    "init --device CODE, which leaves a request",
    async (stage) => {
      const { code } = await stage.alice.json<{ code: string }>("device", "add");
      const phone = stage.visitor("phone");
      const argv = ["init", "--device", code, "--no-passphrase"];
      return {
        by: phone,
        argv,
        codes: ["waiting"],
        holds: async () => {
          await stage.alice.json("status", "family");
          await phone.json(...argv);
          await finishes(phone);
        },
      };
    },
  ],
  [
    "init --device CODE, which comes in",
    async (stage) => {
      const { phone, argv } = await asked(stage);
      await stage.alice.json("status", "family");
      return { by: phone, argv, codes: ["exists"], holds: () => finishes(phone) };
    },
  ],
  [
    "device remove",
    async (stage) => {
      const { alice } = stage;
      const phone = await phoneOf(stage);
      const [other] = (await alice.json<{ id: string; this: boolean }[]>("device")).filter((each) => !each.this);
      return {
        by: alice,
        argv: ["device", "remove", other?.id ?? ""],
        codes: ["not-found"],
        holds: async () => {
          expect(await phone.refusal("ls", "family:")).toMatchObject({ code: "removed" });
          await finishes(alice);
        },
      };
    },
  ],
  [
    "kit --new",
    async ({ alice }) => ({
      by: alice,
      argv: ["kit", "--new", "--file", "new.txt"],
      codes: ["exists"],
      holds: async () => {
        // A kit is never overwritten: where the one that was broken off lies, the next is another file.
        await alice.json("kit", "--new", "--file", "next.txt");
        expect(await alice.json("kit", "--test", "next.txt")).toMatchObject({ ok: true, opens: ["family"] });
        expect((await alice("kit", "--test", "new.txt")).exit).toBe(1);
      },
    }),
  ],
  [
    "kit --new --split",
    async ({ alice }) => ({
      by: alice,
      argv: ["kit", "--new", "--split", "2/3", "--file", "share.txt"],
      codes: ["exists"],
      holds: async () => {
        await alice.json("kit", "--new", "--split", "2/3", "--file", "next.txt");
        expect(await alice.json("kit", "--test", "next-1.txt", "next-3.txt")).toMatchObject({ ok: true });
      },
    }),
  ],
  [
    "recover",
    async ({ alice, bob, visitor, folder }) => {
      await alice.json("kit", "--new", "--file", "kit.txt");
      const back = visitor("back");
      const words = ["recover", "kit.txt", await address(bob), "--as", "family", "--no-passphrase"];
      return {
        by: back,
        argv: [...words, "--kit", "new.txt"],
        codes: ["exists"],
        holds: async () => {
          if ((await back("groups", "--json")).out.trim() === "[]") await back.json(...words, "--kit", "again.txt");
          await back.json("join", await address(bob));
          await finishes(back);
          const last = existsSync(join(folder, "again.txt")) ? "again.txt" : "new.txt";
          expect(await back.json("kit", "--test", last)).toMatchObject({ ok: true });
          expect((await alice("kit", "--test", "kit.txt")).exit).toBe(1);
        },
      };
    },
  ],
  [
    "download",
    async (stage) => {
      const { alice, folder } = stage;
      const out = join(folder, "out");
      const entries = () => (existsSync(out) ? filesBelow(out) : []);
      return {
        by: alice,
        argv: ["download", "family:/", "out"],
        others: async () => {
          // What has its name is whole; all is its person's alone.
          for (const path of entries()) {
            expect([path, statSync(join(out, path)).mode & 0o777]).toEqual([path, 0o600]);
            const whole = (KEPT as Readonly<Record<string, string>>)[path];
            if (whole === undefined) expect(path).toMatch(/(?:^|\/)\.conclave-[^/]*\.part$/);
            else expect(readFileSync(join(out, path), "utf8")).toBe(whole);
          }
          await finishes(stage.bob);
        },
        holds: async () => expect(entries()).toEqual(sorted(KEPT)),
      };
    },
  ],
  [
    "import --delete-originals",
    async ({ alice, bob, files, folder }) => {
      files("plain", { "more/x.txt": MORE["more/x.txt"], "more/y.txt": MORE["more/y.txt"] });
      const argv = ["import", "plain", "family:/", "--delete-originals"];
      return {
        by: alice,
        argv,
        others: async () => {
          await finishes(bob);
          const inGroup = await pathsOf(bob);
          for (const path of sorted(MORE))
            expect(inGroup.includes(path) || existsSync(join(folder, "plain", path))).toBe(true);
        },
        holds: async () => {
          await finishes(bob, { ...KEPT, ...MORE });
          expect(existsSync(join(folder, "plain/more"))).toBe(false);
        },
      };
    },
  ],
  [
    "delete",
    async ({ alice, bob, store }) => {
      const others = async () => {
        const found = await ended(bob, ["ls", "family:"]);
        if (found === "well") await finishes(bob);
        else expect(found).toBe("deleted");
      };
      const holds = async () => {
        // What was just being written has no name yet, and is sealed: nobody looks for it there any more.
        const named = filesBelow(store).filter((path) => !path.startsWith(".~conclave/"));
        expect(named).toEqual([expect.stringMatching(/-deleted-/)]);
        expect(await ended(bob, ["ls", "family:"])).toBe("deleted");
      };
      return {
        by: alice,
        argv: ["delete", "family", "--name", "family"],
        codes: ["not-found"],
        others,
        holds,
        isGone: true,
      };
    },
  ],
  [
    "rm --permanent",
    async (stage) => {
      await withMore(stage);
      const holds = async () => expect(await pathsOf(stage.bob)).toEqual(sorted(KEPT));
      return { by: stage.alice, argv: ["rm", "--permanent", "family:more"], codes: ["not-found"], holds };
    },
  ],
  [
    "trash --empty",
    async (stage) => {
      await withMore(stage);
      await stage.alice.json("rm", "family:more/x.txt", "family:more/y.txt");
      const holds = async () => {
        expect(await stage.bob.json("trash", "family")).toEqual([]);
        expect(await stage.bob.json("trash", "family", "--purged")).toHaveLength(2);
      };
      return { by: stage.alice, argv: ["trash", "family", "--empty"], holds };
    },
  ],
  [
    "restore",
    async (stage) => {
      await withMore(stage);
      await stage.alice.json("rm", "family:more");
      const holds = () => finishes(stage.bob, { ...KEPT, ...MORE });
      return { by: stage.alice, argv: ["restore", "family:more"], codes: ["exists"], holds };
    },
  ],
  [
    "cp",
    async (stage) => {
      await withMore(stage);
      return {
        by: stage.alice,
        argv: ["cp", "family:more", "family:copy"],
        holds: () => finishes(stage.bob, withCopy),
      };
    },
  ],
  [
    "mv",
    async (stage) => {
      await withMore(stage);
      const moved = { ...KEPT, "moved/x.txt": MORE["more/x.txt"], "moved/y.txt": MORE["more/y.txt"] };
      const holds = () => finishes(stage.bob, moved);
      return { by: stage.alice, argv: ["mv", "family:more", "family:moved"], codes: ["not-found"], holds };
    },
  ],
  [
    "role",
    async (stage) => {
      await admit(stage, { alice: stage.alice, name: "Dave" });
      const holds = async () =>
        expect(await stage.bob.json("members", "family")).toContainEqual(
          expect.objectContaining({ name: "Dave", role: "viewer" }),
        );
      return { by: stage.alice, argv: ["role", "family", "Dave", "viewer"], codes: ["exists"], holds };
    },
  ],
  [
    "leave",
    async ({ alice, bob }) => {
      const holds = async () => {
        await finishes(bob);
        expect(await bob.json("members", "family")).toMatchObject([{ name: "Bob" }]);
        expect(await alice.json("groups")).toEqual([]);
      };
      return { by: alice, argv: ["leave", "family"], codes: ["not-found"], holds };
    },
  ],
  [
    "add",
    async (stage) => {
      const dave = await stage.newcomer("Dave");
      const { fingerprint } = await dave.json<{ fingerprint: string }>("id", "--card", "dave.card");
      const holds = async () => {
        await dave.json("join", await address(stage.bob), "--as", "family");
        await finishes(dave);
      };
      return {
        by: stage.alice,
        argv: ["add", "family", "dave.card", "--fingerprint", fingerprint],
        codes: ["exists"],
        holds,
      };
    },
  ],
  [
    "remove",
    async (stage) => {
      const dave = await admit(stage, { alice: stage.alice, name: "Dave" });
      const holds = async () => {
        expect(await ended(dave, ["ls", "family:"])).toBe("removed");
        await finishes(stage.alice);
      };
      return { by: stage.alice, argv: ["remove", "family", "Dave"], codes: ["not-found"], holds };
    },
  ],
  [
    "reencrypt",
    async (stage) => {
      await admit(stage, { alice: stage.alice, name: "Dave" });
      await stage.alice.json("remove", "family", "Dave", "--contents", "on-change");
      return { by: stage.alice, argv: ["reencrypt", "family"], holds: () => finishes(stage.alice) };
    },
  ],
];

describe(`killed at ${KILLS} moments (seed ${SEED})`, () => {
  it.each(COMMANDS)(
    "%s leaves the group whole, and goes on when it is given again",
    { timeout: 120_000 },
    async (name, prepare) => {
      const stage = await scene();
      const { by, argv, codes = [], others = () => finishes(stage.bob), holds, isGone = false } = await prepare(stage);
      const act = { folder: stage.folder, by, argv };
      const reset = keep(stage.folder);
      const changes = await changesOf(act);
      const draw = drawFrom(SEED + name.length);
      for (let round = 0; round < KILLS; round++) {
        await kill(act, { at: 1 + draw(changes), reset });
        liesNothingInClear(stage, { halfWritten: true });
        await others();
        expect(["well", ...codes]).toContain(await ended(by, argv));
        await holds();
        liesNothingInClear(stage, { halfWritten: false });
        if (!isGone) await findsNoFault(stage.bob);
      }
    },
  );
});
