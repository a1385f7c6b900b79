import { execFileSync } from "node:child_process";
import { chmodSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { family, newStage } from "../support/stage.ts";

function secret(folder: string, name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, `${text}\n`, { mode: 0o600 });
  return path;
}

it.each(["Two\nlines", "Bell\u0007", "\u2028"])("refuses %j as a name, before anything is made", async (name) => {
  const person = newStage().visitor("person");
  expect(await person.refusal("init", "--name", `A${name}B`, "--no-passphrase")).toMatchObject({ exit: 2 });
  expect(await person.refusal("id")).toMatchObject({ code: "not-found" });
});

describe("init", () => {
  it("makes an identity under a passphrase, and shows fingerprint and 24 words", async () => {
    const stage = newStage();
    const ann = stage.visitor("ann");
    const made = await ann.json<{ name: string; fingerprint: string; kit: { words: string } }>(
      ...["init", "--name", "Ann", "--passphrase-file", secret(stage.folder, "pass", "correct horse")],
    );
    expect(made.name).toBe("Ann");
    expect(made.fingerprint).toMatch(/^([0-9a-f]{4} ){7}[0-9a-f]{4}$/);
    expect(made.kit.words.split(" ")).toHaveLength(24);
    expect(readFileSync(join(ann.home, "identity.age"), "latin1")).toMatch(/^age-encryption\.org\/v1\n-> scrypt /);
    expect(await ann.json("id")).toMatchObject({ name: "Ann", fingerprint: made.fingerprint });
  });

  it("asks for a passphrase, and without a terminal says which option to pass", async () => {
    expect(await newStage().visitor("ann").refusal("init", "--name", "Ann")).toMatchObject({
      exit: 2,
      code: "needs-input",
      hint: expect.stringContaining("--passphrase-file"),
    });
  });

  it("never makes a second identity in one home, but one in a profile", async () => {
    const stage = newStage();
    const ann = await stage.newcomer("Ann");
    const before = await ann.json("id");
    expect(await ann.refusal("init", "--name", "Eve", "--no-passphrase")).toMatchObject({ exit: 1, code: "exists" });
    expect(await ann.json("id")).toEqual(before);
    await ann.json("init", "--name", "Work", "--no-passphrase", "--profile", "work");
    expect(await ann.json("id", "--profile", "work")).toMatchObject({ name: "Work" });
  });

  it("lets exactly one of two at once win, and its card is that of its keys", async () => {
    const stage = newStage();
    const ann = stage.visitor("ann");
    const given = await Promise.all(["A", "B"].map((name) => ann("init", "--name", name, "--no-passphrase", "--json")));
    expect(given.map(({ exit }) => exit).sort()).toEqual([0, 1]);
    const winner = JSON.parse(given.find(({ exit }) => exit === 0)?.out ?? "") as { fingerprint: string };
    expect(await ann.json("id")).toMatchObject({ fingerprint: winner.fingerprint });
    // Only keys that fit the card can found a group.
    await ann.json("create", "g1", "store");
  });

  it.each(["", " ", "x".repeat(300)])("refuses the name %j", async (name) => {
    const given = await newStage().visitor("ann")("init", "--name", name, "--no-passphrase");
    expect(given.exit).toBe(1);
    expect(given.err).toMatch(/^error: /);
  });
});

describe("a recovery kit", () => {
  it("as text holds words and identities that age takes, for its owner alone", async () => {
    const stage = newStage();
    const ann = stage.visitor("ann");
    const { out } = await ann("init", "--name", "Ann", "--no-passphrase", "--kit", "kit.txt");
    const path = join(stage.folder, "kit.txt");
    const text = readFileSync(path, "utf8");
    expect(statSync(path).mode & 0o777).toBe(0o600);
    const identities = text.split("\n").filter((line) => line.includes("AGE-SECRET-KEY"));
    expect(identities).toEqual([
      expect.stringMatching(/^AGE-SECRET-KEY-PQ-1[A-Z0-9]+$/),
      expect.stringMatching(/^AGE-SECRET-KEY-1[A-Z0-9]+$/),
    ]);
    // All else is a comment, so that the whole file is an age identities file too.
    expect(
      text
        .trimEnd()
        .split("\n")
        .filter((line) => !line.startsWith("#")),
    ).toEqual(identities);
    // Before them stands a fingerprint, some of whose groups are words too.
    const [, numbered = ""] = text.split("The 24 words:");
    expect(numbered.match(/(?<= \d+ )[a-z]{3,8}(?= |\n)/g)).toHaveLength(24);
    expect(out).not.toContain("AGE-SECRET-KEY");
  });

  it("as a page stands alone, with two pictures and a name that cannot break it", async () => {
    const stage = newStage();
    await stage
      .visitor("ann")
      .json("init", "--name", '<img src=x onerror="x">', "--no-passphrase", "--kit", "kit.html");
    const page = readFileSync(join(stage.folder, "kit.html"), "utf8");
    expect(page.match(/<svg/g)).toHaveLength(2);
    expect(page).toContain("AGE-SECRET-KEY-PQ-1");
    expect(page.match(/<img|<script|<link| href=|url\(/)).toBe(null);
    expect(page).toContain("default-src 'none'");
  });

  it("is never written over a file that is there, and then nothing is made", async () => {
    const stage = newStage();
    stage.files(".", { "kit.txt": "an older kit" });
    const ann = stage.visitor("ann");
    const refused = await ann.refusal("init", "--name", "Ann", "--no-passphrase", "--kit", "kit.txt");
    expect(refused).toMatchObject({ exit: 1, code: "exists" });
    expect(readFileSync(join(stage.folder, "kit.txt"), "utf8")).toBe("an older kit");
    expect((await ann.refusal("id")).exit).toBe(4);
  });
});

describe("a passphrase", () => {
  it("that is wrong opens nothing, and that is right is asked for by each command", async () => {
    const stage = newStage();
    const right = secret(stage.folder, "right", "correct horse");
    const wrong = secret(stage.folder, "wrong", "correct house");
    const ann = stage.visitor("ann");
    await ann.json("init", "--name", "Ann", "--passphrase-file", right);
    expect(await ann.refusal("create", "g1", "store", "--passphrase-file", wrong)).toMatchObject({
      exit: 1,
      code: "wrong-passphrase",
    });
    await ann.json("create", "g1", "store", "--passphrase-file", right);
    expect(await ann.refusal("ls", "g1:")).toMatchObject({ exit: 2, code: "needs-input" });
    expect(await stage.visitor("ann", { env: { CONCLAVE_PASSPHRASE_FILE: right } }).json("ls", "g1:")).toEqual([]);
  });
});

describe("id", () => {
  it("writes the card, which is no secret, and never over another file", async () => {
    const stage = newStage();
    const ann = await stage.newcomer("Ann");
    await ann.json("id", "--card", "ann.card");
    const card = readFileSync(join(stage.folder, "ann.card"), "utf8");
    expect(card).toContain('"name":"Ann"');
    expect(card).not.toContain("SECRET");
    await ann.json("id", "--card", "ann.card");
    stage.files(".", { "other.txt": "mine" });
    expect(await ann.refusal("id", "--card", "other.txt")).toMatchObject({ exit: 1, code: "exists" });
    expect(readFileSync(join(stage.folder, "other.txt"), "utf8")).toBe("mine");
  });

  it("says how to begin where there is no identity", async () => {
    expect(await newStage().visitor("ann").refusal("id")).toMatchObject({
      exit: 4,
      hint: expect.stringContaining("conclave init"),
    });
  });
});

describe("a home that others reach", () => {
  it.each<[string, number, (home: string) => string]>([
    ["may change", 0o770, (home) => home],
    ["may read", 0o640, (home) => join(home, "identity.txt")],
  ])("is told of where they %s it, with how to end that", async (may, mode, placeIn) => {
    const { alice } = await family(newStage());
    const place = placeIn(alice.home);
    expect((await alice("members", "family")).err).toBe("");
    chmodSync(place, mode);
    const { exit, err } = await alice("members", "family");
    expect([exit, err]).toEqual([0, expect.stringContaining(`other users ${may} `)]);
    const [, words = "", path] = /run: chmod (\S+) (\S+)\n$/.exec(err) ?? [];
    expect(path).toBe(place);
    execFileSync("chmod", [words, place]);
    expect((await alice("members", "family")).err).toBe("");
  });
});
