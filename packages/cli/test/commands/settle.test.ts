import { cpSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { admit, family, filesBelow, newStage, type Person, type Stage, secondDevice } from "../support/stage.ts";

const HOUR_MS = 3600 * 1000;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"] });
});
afterEach(() => {
  vi.useRealTimers();
});

/** What two people do, neither seeing the other's, and then both lie on the one storage. */
async function apart(
  { stage, store }: { readonly stage: Stage; readonly store: string },
  works: readonly [() => Promise<unknown>, () => Promise<unknown>],
): Promise<void> {
  const [before, first] = [join(stage.folder, "before"), join(stage.folder, "first")];
  cpSync(store, before, { recursive: true });
  await works[0]();
  renameSync(store, first);
  renameSync(before, store);
  await works[1]();
  cpSync(first, store, { recursive: true });
  rmSync(first, { recursive: true });
}

interface Told {
  readonly stage: Stage;
  readonly alice: Person;
  readonly bob: Person;
  readonly dave: Person;
  readonly store: string;
}

async function owners(): Promise<Told> {
  const stage = newStage();
  const { alice, store } = await family(stage);
  const bob = await admit(stage, { alice, name: "Bob", role: "owner" });
  const dave = await admit(stage, { alice, name: "Dave" });
  for (const person of [alice, bob]) await person.json("status", "family");
  stage.files("docs", { "a.txt": "alpha" });
  return { stage, alice, bob, dave, store };
}

/** Alice and Bob have removed each other. */
async function contested(): Promise<Told> {
  const told = await owners();
  await apart(told, [
    () => told.alice.json("remove", "family", "Bob"),
    () => told.bob.json("remove", "family", "Alice"),
  ]);
  return told;
}

/** Alice has removed Bob hours ago; Bob went on with Dave, and the storage shows her that now. */
async function late(): Promise<Told> {
  const told = await owners();
  const { alice, bob, dave } = told;
  await apart(told, [
    async () => {
      await alice.json("remove", "family", "Bob");
      for (let look = 0; look < 3; look++) {
        vi.setSystemTime(Date.now() + 2 * HOUR_MS);
        await alice.json("ls", "family:");
      }
    },
    async () => {
      await bob.json("role", "family", "Dave", "admin");
      await dave.json("upload", "docs", "family:");
    },
  ]);
  return told;
}

interface Logged {
  readonly entry: string;
  readonly by: string;
  readonly did: string;
  readonly counts: boolean;
  readonly why?: string;
}

async function entryOf(person: Person, who: string, did: RegExp): Promise<string> {
  const log = await person.json<Logged[]>("log", "family");
  return log.find((each) => each.by === who && did.test(each.did))?.entry ?? "";
}

/** The commands that a text tells to type, as words. */
function commandsIn(text: string): string[][] {
  return [...text.matchAll(/conclave (settle \S+ [0-9a-f]+)/g)].map(([, words = ""]) => words.split(" "));
}

describe("a command in a contested group", () => {
  it("names both histories and the commands that choose, and writes nothing where nobody has chosen", async () => {
    const { dave, store } = await contested();
    const before = filesBelow(store);
    const given = await dave("ls", "family:");
    expect(given.exit).toBe(0);
    expect(given.err).toMatch(/two histories, which part after "Alice added Dave as editor" \([0-9a-f]{16}\)/);
    expect(given.err).toMatch(/[0-9a-f]{16} {2}Alice removed Bob and changed the key/);
    expect(given.err).toMatch(/[0-9a-f]{16} {2}Bob removed Alice and changed the key/);
    const refusal = await dave.refusal("upload", "docs", "family:");
    expect(refusal).toMatchObject({ exit: 5, code: "contested" });
    expect(commandsIn(refusal.hint)).toHaveLength(2);
    expect(commandsIn(refusal.hint)).toEqual(commandsIn(given.err));
    expect(filesBelow(store)).toEqual(before);
    const status = await dave.json<{ problems: { code: string }[] }>("status", "family");
    expect(status.problems.map(({ code }) => code)).toContain("contested");
  });

  it.each([
    ["Alice", "Bob"],
    ["Bob", "Alice"],
  ])("goes on with %s once it was settled so, as the text says to type", async (winner, loser) => {
    const { alice, bob, dave } = await contested();
    const entry = await entryOf(dave, winner, /removed/);
    const command = commandsIn((await dave("status", "family")).err).find((words) => entry.startsWith(words[2] ?? "-"));
    const settled = await dave.json<{ by: string; did: string; members: number }>(...(command ?? []));
    expect(settled).toMatchObject({ by: winner, did: `removed ${loser} and changed the key`, members: 2 });
    await dave.json("upload", "docs", "family:");
    const [won, lost] = winner === "Alice" ? [alice, bob] : [bob, alice];
    expect(await won.json("ls", "family:")).toMatchObject([{ path: "docs" }]);
    // Who was removed keeps to their own history, and is told of the other; nothing of it reaches those who settled.
    expect((await lost("ls", "family:")).err).toMatch(/two histories/);
    expect((await dave("ls", "family:")).err).toBe("");
  });
});

describe("a command where the records lead away from what was followed for hours", () => {
  it("asks first: both histories by name, exit 5 for whatever writes, and reading goes on", async () => {
    const { alice, store } = await late();
    const before = filesBelow(store);
    const given = await alice("ls", "family:");
    expect(given).toMatchObject({ exit: 0, out: expect.stringMatching(/docs/) });
    expect(given.err).toMatch(/history 1, which this device follows:/);
    expect(given.err).toMatch(/Bob made Dave admin/);
    expect(given.err).toMatch(/nothing is signed or put until you choose/);
    for (const words of [
      ["upload", "docs", "family:more"],
      ["mkdir", "family:more"],
      ["remove", "family", "Dave"],
      ["reencrypt", "family"],
    ]) {
      expect(await alice.refusal(...words)).toMatchObject({ exit: 5, code: "contested" });
    }
    expect(filesBelow(store)).toEqual(before);
    const { problems } = await alice.json<{ problems: { code: string; detail: string }[] }>("status", "family");
    expect(problems).toContainEqual({ code: "late", detail: expect.stringMatching(/Alice's.*Bob's|Bob's.*Alice's/) });
    const log = await alice.json<Logged[]>("log", "family");
    expect(log.find(({ did }) => did === "made Dave admin")).toMatchObject({ why: expect.stringMatching(/settle/) });
  });

  it("stays, works on and is silent again, once told to stay", async () => {
    const { alice, dave } = await late();
    await alice.json("settle", "family", (await entryOf(alice, "Alice", /removed/)).slice(0, 8));
    // In Bob's history nobody but Alice could remove Bob again: whoever goes on there is told so.
    expect(await dave.refusal("mkdir", "family:of Dave")).toMatchObject({ code: "stale-epoch" });
    const given = await alice("upload", "docs", "family:more");
    expect(given).toMatchObject({ exit: 0 });
    expect(given.err).not.toMatch(/histories/);
    expect((await alice.json<{ name: string }[]>("members", "family")).map(({ name }) => name)).toEqual([
      "Alice",
      "Dave",
    ]);
  });

  it("goes over once told to, and removes again whom it had removed", async () => {
    const { alice, dave } = await late();
    const given = await alice("settle", "family", (await entryOf(alice, "Bob", /made Dave/)).slice(0, 16));
    expect(given).toMatchObject({
      exit: 0,
      out: "family follows the history in which Bob made Dave admin: 3 members\n",
    });
    for (const person of [alice, dave]) {
      expect((await person.json<{ name: string }[]>("members", "family")).map(({ name }) => name)).toEqual([
        "Alice",
        "Dave",
      ]);
    }
    await alice.json("upload", "docs", "family:more");
    expect(await dave.json("ls", "family:")).toMatchObject([{ path: "docs" }, { path: "more" }]);
  });
});

describe("a command on a history whose records are gone, where others may follow another", () => {
  it("shows what it knew, names the other, and settling on that goes on", async () => {
    const told = await owners();
    const { stage, alice, bob, store } = told;
    const phone = await secondDevice(stage, { owner: alice, name: "phone", options: ["--label", "phone"] });
    await apart(told, [() => phone.json("remove", "family", "Bob"), () => alice.json("device", "remove", "phone")]);
    const { epoch } = await bob.json<{ epoch: string }>("status", "family");
    rmSync(join(store, epoch, "records"), { recursive: true });
    const given = await bob("ls", "family:");
    expect(given).toMatchObject({ exit: 5 });
    expect(given.err).toMatch(/others may follow the history on which Alice signed [0-9a-f]{16}/);
    expect(given.err).toMatch(/hint: ask the others, .*conclave settle GROUP ENTRY.*--accept-rollback/);
    const status = await bob("status", "family", "--json");
    expect(JSON.parse(status.out).problems[0]).toMatchObject({ code: "contested" });
    expect(await bob.refusal("mkdir", "family:x")).toMatchObject({ exit: 5, code: "contested" });
    const entry = /signed ([0-9a-f]{16})/.exec(given.err)?.[1] ?? "";
    expect(await bob.refusal("settle", "family", entry)).toMatchObject({ code: "removed" });
  });
});

describe("settle", () => {
  it("refuses what is no entry, too short, or of both histories, with what to do", async () => {
    const { alice } = await late();
    for (const typed of ["1234567", "0123456789abcdef", "Bob"]) {
      expect(await alice.refusal("settle", "family", typed)).toMatchObject({ hint: expect.stringMatching(/./) });
    }
    const shared = await entryOf(alice, "Alice", /founded/);
    const refusal = await alice.refusal("settle", "family", shared);
    expect(refusal).toMatchObject({ exit: 5, code: "contested", message: expect.stringMatching(/both histories/) });
    expect(commandsIn(refusal.hint)).toHaveLength(2);
  });

  it("changes nothing in a group with one history", async () => {
    const { alice } = await owners();
    const before = await alice.json("status", "family");
    await alice.json("settle", "family", await entryOf(alice, "Alice", /added Dave/));
    expect(await alice.json("status", "family")).toEqual(before);
  });
});
