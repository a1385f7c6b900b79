import { cpSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { runMain, World } from "../support/run-main.ts";
import { admit, family, filesBelow, newStage, type Person } from "../support/stage.ts";

interface Removed {
  readonly epoch: string;
  readonly reencrypted: { readonly objects: number; readonly bytes: number };
  readonly remaining: { readonly objects: number; readonly bytes: number };
}

async function epochOf(person: Person): Promise<string> {
  return (await person.json<{ epoch: string }>("status", "family")).epoch;
}

describe("add", () => {
  it("refuses a fingerprint that does not match, and a part of it", async () => {
    const stage = newStage();
    const { alice } = await family(stage);
    const bob = await stage.newcomer("Bob");
    const { fingerprint } = await bob.json<{ fingerprint: string }>("id", "--card", "bob.card");
    const other = (fingerprint[0] === "0" ? "1" : "0") + fingerprint.slice(1);
    for (const given of [other, fingerprint.slice(0, 19)]) {
      expect(await alice.refusal("add", "family", "bob.card", "--fingerprint", given)).toMatchObject({
        exit: 5,
        code: "fingerprint-mismatch",
      });
    }
    expect(await alice.json("members", "family")).toHaveLength(1);
  });

  it("refuses a card that was altered by one character, anywhere in it", async () => {
    const stage = newStage();
    const { alice } = await family(stage);
    const bob = await stage.newcomer("Bob");
    const { fingerprint } = await bob.json<{ fingerprint: string }>("id", "--card", "bob.card");
    const card = readFileSync(join(stage.folder, "bob.card"));
    for (const at of [0, 30, 100, Math.floor(card.length / 2), card.length - 3, card.length - 1]) {
      const altered = Uint8Array.from(card);
      altered[at] = (altered[at] ?? 0) ^ 1;
      writeFileSync(join(stage.folder, "altered.card"), altered);
      const refused = await alice.refusal("add", "family", "altered.card", "--fingerprint", fingerprint);
      expect(["corrupt", "fingerprint-mismatch"]).toContain(refused.code);
    }
    expect(await alice.json("members", "family")).toHaveLength(1);
  });

  it("reads no file that is too large to be a card", async () => {
    const stage = newStage();
    const { alice } = await family(stage);
    stage.files(".", { "big.card": new Uint8Array(16 * 1024 + 1) });
    expect(await alice.refusal("add", "family", "big.card")).toMatchObject({
      code: "limit",
      message: "big.card is too large for a card",
    });
  });

  it("asks for a fingerprint, and without a terminal says which option to pass", async () => {
    const stage = newStage();
    const { alice } = await family(stage);
    await (await stage.newcomer("Bob")).json("id", "--card", "bob.card");
    expect(await alice.refusal("add", "family", "bob.card")).toMatchObject({
      exit: 2,
      code: "needs-input",
      hint: "pass --fingerprint FINGERPRINT",
    });
  });

  it.each([
    ["the groups that were not shown", (groups: readonly string[]) => groups.slice(6).join(" "), 0],
    ["a whole fingerprint", (groups: readonly string[]) => groups.join(" "), 0],
    ["yes", () => "y", 5],
    ["nothing", () => "", 2],
    ["other groups", () => "0000 0000", 5],
  ])("at a terminal takes %s as the answer with exit code %#", async (_, answer, exit) => {
    const stage = newStage();
    const { alice } = await family(stage);
    const bob = await stage.newcomer("Bob");
    const { fingerprint } = await bob.json<{ fingerprint: string }>("id", "--card", "bob.card");
    const groups = fingerprint.split(" ");
    const world = new World({ terminal: true });
    world.env = { CONCLAVE_HOME: alice.home };
    world.cwd = stage.folder;
    world.stdin.write(`${answer(groups)}\n`);
    const given = await runMain(["add", "family", "bob.card"], { world });
    expect(given.exit).toBe(exit);
    expect(given.err).toContain(groups.slice(0, 6).join(" "));
    expect(given.err).not.toContain(groups[7]);
  });

  it("says so, and nothing else, of somebody who is in already", async () => {
    const stage = newStage();
    const { alice } = await family(stage, ["Bob"]);
    const given = await alice("add", "family", "Bob.card");
    expect(given).toMatchObject({ exit: 0, out: "Bob is editor already\n" });
  });

  it("shows nothing of the fingerprint where nobody can be asked, and says what is to be compared", async () => {
    const stage = newStage();
    const { alice } = await family(stage);
    const bob = await stage.newcomer("Bob");
    await bob.json("id", "--card", "bob.card");
    const given = await alice("add", "family", "bob.card");
    expect(given).toMatchObject({ exit: 2, out: "" });
    expect(given.err).toBe(
      "error: an answer is needed and there is no terminal to ask at: Bob's fingerprint has to be compared\n" +
        "hint: pass --fingerprint FINGERPRINT\n",
    );
  });

  it("is refused to editors and viewers, and for what is neither card nor request", async () => {
    const stage = newStage();
    const { alice, others } = await family(stage, ["Bob"]);
    const carol = await stage.newcomer("Carol");
    const { fingerprint } = await carol.json<{ fingerprint: string }>("id", "--card", "carol.card");
    expect(await others[0]?.refusal("add", "family", "carol.card", "--fingerprint", fingerprint)).toMatchObject({
      exit: 3,
      code: "role-too-low",
    });
    expect(await alice.refusal("add", "family", "nobody")).toMatchObject({ exit: 4, code: "not-found" });
    expect((await alice("add", "family", "carol.card", "--role", "king")).exit).toBe(2);
  });

  it("with --fresh changes the key first, so that what was deleted stays closed", async () => {
    const stage = newStage();
    const { alice, store } = await family(stage);
    stage.files("docs", { "a.txt": "a" });
    await alice.json("upload", "docs", "family:");
    const before = await epochOf(alice);
    const bob = await stage.newcomer("Bob");
    const { fingerprint } = await bob.json<{ fingerprint: string }>("id", "--card", "bob.card");
    await alice.json("add", "family", "bob.card", "--fingerprint", fingerprint, "--fresh");
    expect(await epochOf(alice)).not.toBe(before);
    expect(filesBelow(store).filter((path) => path.startsWith(`${before}/objects/`))).toEqual([]);
    const { address } = await alice.json<{ address: string }>("address", "family");
    await bob.json("join", address, "--as", "family");
    expect((await bob("cat", "family:docs/a.txt")).out).toBe("a");
  });
});

describe("role", () => {
  it("changes what a member may do, and a viewer's upload is refused before anything is sent", async () => {
    const stage = newStage();
    const { alice, others, store } = await family(stage, ["Bob"]);
    const [bob] = others as [Person];
    stage.files("docs", { "a.txt": "a" });
    await alice.json("role", "family", "Bob", "viewer");
    const before = filesBelow(store);
    for (const argv of [
      ["upload", "docs", "family:"],
      ["mkdir", "family:x"],
    ]) {
      expect(await bob.refusal(...argv)).toMatchObject({ exit: 3, code: "role-too-low" });
    }
    expect(filesBelow(store)).toEqual(before);
    await alice.json("role", "family", "Bob", "editor");
    await bob.json("upload", "docs", "family:");
  });

  it("is refused where it cannot be", async () => {
    const stage = newStage();
    const { alice, others } = await family(stage, ["Bob"]);
    expect(await alice.refusal("role", "family", "Bob", "king")).toMatchObject({ exit: 2 });
    expect(await alice.refusal("role", "family", "Carol", "viewer")).toMatchObject({ exit: 4 });
    expect(await alice.refusal("role", "family", "Bob", "editor")).toMatchObject({ exit: 1, code: "exists" });
    expect(await alice.refusal("role", "family", "Alice", "admin")).toMatchObject({ exit: 3, code: "last-owner" });
    expect(await others[0]?.refusal("role", "family", "Bob", "owner")).toMatchObject({ exit: 3, code: "role-too-low" });
  });
});

describe("remove", () => {
  it("locks out, re-encrypts, and leaves no object of the old key", async () => {
    const stage = newStage();
    const { alice, others, store } = await family(stage, ["Bob", "Carol"]);
    const [bob, carol] = others as [Person, Person];
    stage.files("docs", { "a.txt": "a", "b.txt": "b".repeat(100_000) });
    await bob.json("upload", "docs", "family:");
    const before = await epochOf(alice);
    const removed = await alice.json<Removed>("remove", "family", "Bob");
    expect(removed).toEqual({
      epoch: expect.stringMatching(/^[0-9a-f]{64}$/),
      folderAccess: "none",
      reencrypted: { objects: 1, bytes: expect.any(Number) },
      deleted: { objects: 1, bytes: expect.any(Number) },
      remaining: { objects: 0, bytes: 0 },
      kept: [],
      problems: [],
      seconds: { lockout: expect.any(Number), total: expect.any(Number) },
    });
    expect(filesBelow(store).filter((path) => path.startsWith(`${before}/objects/`))).toEqual([]);
    expect(await carol.json("status", "family")).toMatchObject({ epoch: removed.epoch, members: 2, files: 2 });
    await carol.json("download", "family:/", "out");
    expect(readFileSync(join(stage.folder, "out/docs/a.txt"), "utf8")).toBe("a");
  });

  it("is learned by who was removed: exit 3, by whom, no key, and the attempt is seen", async () => {
    const stage = newStage();
    const { alice, others, store } = await family(stage, ["Bob"]);
    const [bob] = others as [Person];
    await alice.json("remove", "family", "Bob");
    stage.files("docs", { "new.txt": "not for Bob" });
    await alice.json("upload", "docs", "family:");
    for (const argv of [
      ["ls", "family:"],
      ["upload", "docs", "family:"],
      ["status", "family"],
      ["download", "family:/", "out"],
    ]) {
      const refused = await bob.refusal(...argv);
      expect(refused).toMatchObject({ exit: 3, code: "removed", message: expect.stringContaining("Alice") });
    }
    const requests = filesBelow(join(store, "requests"));
    expect(requests).toHaveLength(1);
    expect(await alice.json("requests", "family")).toMatchObject([{ name: "Bob", state: "refused" }]);
    expect(await alice.json("status", "family")).toMatchObject({ requests: 0, refused: 1, members: 1 });
    const { address } = await alice.json<{ address: string }>("address", "family");
    expect(await bob.refusal("join", address)).toMatchObject({ exit: 3, code: "removed" });
  });

  it("rehearses without changing anything", async () => {
    const stage = newStage();
    const { alice, others, store } = await family(stage, ["Bob"]);
    stage.files("docs", { "a.txt": "a".repeat(5000) });
    await others[0]?.json("upload", "docs", "family:");
    await alice.json("status", "family");
    const before = filesBelow(store);
    const rehearsal = await alice.json<{ cut: { number: number }[] }>("remove", "family", "Bob", "--dry-run");
    expect(rehearsal).toMatchObject({ dryRun: true, member: "Bob", devices: 2, objects: 1, bytes: expect.any(Number) });
    expect(rehearsal.cut).toEqual([{ device: expect.any(String), number: 1 }]);
    expect(filesBelow(store)).toEqual(before);
    expect(await alice.json("members", "family")).toHaveLength(2);
    expect(await others[0]?.refusal("remove", "family", "Alice", "--dry-run")).toMatchObject({ exit: 3 });
  });

  it("on an unsettled folder keeps old objects, says when they can go, and then deletes them", async () => {
    const stage = newStage();
    const { alice } = await family(stage, ["Bob"], []);
    stage.files("docs", { "a.txt": "a" });
    await alice.json("upload", "docs", "family:");
    const given = await alice("remove", "family", "Bob", "--json");
    expect(given.exit).toBe(0);
    expect(JSON.parse(given.out)).toMatchObject({ reencrypted: { objects: 1 }, remaining: { objects: 1 } });
    expect(given.err).toContain("conclave reencrypt family --settled");
    expect(await alice.json("status", "family")).toMatchObject({ remaining: { objects: 1 } });
    expect(await alice.json("reencrypt", "family")).toMatchObject({ remaining: { objects: 1 } });
    expect((await alice("reencrypt", "family", "--settled")).out).toMatch(
      /^re-encrypted 0 objects \(0 B\)\ndeleted [1-9][0-9]* old objects? \(.*\)\n$/,
    );
    expect(await alice.json("reencrypt", "family", "--settled")).toMatchObject({ remaining: { objects: 0, bytes: 0 } });
    expect((await alice("cat", "family:docs/a.txt")).out).toBe("a");
  });

  it("with --contents on-change says what stays readable, and reencrypt goes on, also by another member", async () => {
    const stage = newStage();
    const { alice, others } = await family(stage, ["Bob", "Carol"]);
    stage.files("docs", { "a.txt": "a" });
    await alice.json("upload", "docs", "family:");
    const given = await alice("remove", "family", "Bob", "--contents", "on-change");
    expect(given).toMatchObject({ exit: 0, err: expect.stringContaining("stays readable for Bob") });
    expect(await others[1]?.json("reencrypt", "family")).toMatchObject({
      reencrypted: { objects: 1 },
      remaining: { objects: 0 },
    });
  });

  it("goes on with a re-encryption that was broken off, and says when there is nothing to go on with", async () => {
    const stage = newStage();
    const { alice } = await family(stage, ["Bob"]);
    stage.files("docs", { "a.txt": "a" });
    await alice.json("upload", "docs", "family:");
    await alice.json("remove", "family", "Bob", "--contents", "on-change");
    expect(await alice.json("remove", "family", "Bob")).toMatchObject({
      reencrypted: { objects: 1 },
      remaining: { objects: 0 },
    });
    expect(await alice.refusal("remove", "family", "Bob")).toMatchObject({ exit: 4, code: "not-found" });
  });

  it("with --contents background hands over to a process, with the passphrase on its standard input alone", async () => {
    const stage = newStage();
    const { alice } = await family(stage, ["Bob"]);
    const started: unknown[] = [];
    const world = Object.assign(new World(), {
      env: { CONCLAVE_HOME: alice.home },
      cwd: stage.folder,
      detach: async (...given: unknown[]) => started.push(given),
    });
    const given = await runMain(["remove", "family", "Bob", "--contents", "background"], { world });
    expect(given.exit).toBe(0);
    expect(started).toEqual([
      [
        ["reencrypt", "family", "--no-progress", "--no-input"],
        { input: "", log: expect.stringMatching(/background\.log$/) },
      ],
    ]);
    expect(given.err).toContain("process 1");
  });

  it("says what to run where nothing can run in the background", async () => {
    const { alice } = await family(newStage(), ["Bob"]);
    const given = await alice("remove", "family", "Bob", "--contents", "background");
    expect(given).toMatchObject({ exit: 0, err: expect.stringContaining("conclave reencrypt family") });
  });

  it("is refused to editors, of the last owner, and of nobody", async () => {
    const stage = newStage();
    const { alice, others } = await family(stage, ["Bob", "Bob"].slice(0, 1));
    expect(await others[0]?.refusal("remove", "family", "Alice")).toMatchObject({ exit: 3, code: "role-too-low" });
    expect(await alice.refusal("remove", "family", "Alice")).toMatchObject({
      exit: 3,
      code: "role-too-low",
      hint: expect.stringContaining("conclave leave family"),
    });
    expect(await alice.refusal("remove", "family", "Carol")).toMatchObject({ exit: 4, code: "not-found" });
    expect(await alice.json("members", "family")).toHaveLength(2);
  });
});

describe("leave", () => {
  it("takes the group off the list with what was known of it; the next admin's command changes the key", async () => {
    const stage = newStage();
    const { alice, others } = await family(stage, ["Bob"]);
    const [bob] = others as [Person];
    const before = await epochOf(alice);
    await bob.json("leave", "family");
    expect(await bob.json("groups")).toEqual([]);
    expect(readdirSync(join(bob.home, "groups"))).toEqual([]);
    expect(await epochOf(alice)).not.toBe(before);
    expect(await alice.json("members", "family")).toHaveLength(1);
    expect(await alice.json("requests", "family")).toEqual([]);
  });

  it("is refused to the last owner", async () => {
    const stage = newStage();
    const { alice } = await family(stage, ["Bob"]);
    expect(await alice.refusal("leave", "family")).toMatchObject({ exit: 3, code: "last-owner" });
    expect(await alice.json("groups")).toHaveLength(1);
    await alice.json("role", "family", "Bob", "owner");
    await alice.json("leave", "family");
  });

  it("leaves no join request of somebody who left, also where a copy of the old home looks again", async () => {
    const stage = newStage();
    const { alice, others } = await family(stage, ["Bob"]);
    const [bob] = others as [Person];
    const copy = stage.visitor("copy");
    cpSync(bob.home, copy.home, { recursive: true });
    await bob.json("leave", "family");
    await alice.json("status", "family");
    expect(await copy.refusal("ls", "family:")).toMatchObject({ exit: 3, code: "removed" });
    expect(await alice.json("requests", "family")).toEqual([]);
  });

  it("of a group that one was removed from only tidies up", async () => {
    const stage = newStage();
    const { alice, others } = await family(stage, ["Bob"]);
    await alice.json("remove", "family", "Bob");
    await others[0]?.json("leave", "family");
    expect(await others[0]?.json("groups")).toEqual([]);
    expect(await alice.json("requests", "family")).toEqual([]);
  });
});

describe("log", () => {
  it("tells who did what, oldest first", async () => {
    const stage = newStage();
    const { alice } = await family(stage, ["Bob"]);
    await alice.json("role", "family", "Bob", "admin");
    await alice.json("remove", "family", "Bob");
    const log = await alice.json<{ by: string; did: string; counts: boolean }[]>("log", "family");
    expect(log.map(({ by, did, counts }) => [by, did, counts])).toEqual([
      ["Alice", "founded the group", true],
      ["Alice", "added Bob as editor", true],
      ["Alice", "made Bob admin", true],
      ["Alice", "removed Bob and changed the key", true],
    ]);
  });

  it("escapes names from others", async () => {
    const stage = newStage();
    const { alice } = await family(stage);
    await admit(stage, { alice, name: "Ev\u202ee" });
    for (const command of ["log", "members"]) {
      const { out } = await alice(command, "family");
      expect(out).toContain("Ev\\u{202e}e");
    }
  });
});
