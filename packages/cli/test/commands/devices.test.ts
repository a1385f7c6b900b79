import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { runMain, World } from "../support/run-main.ts";
import { admit, family, filesBelow, newStage, type Person, type Stage, secondDevice } from "../support/stage.ts";

interface Listed {
  readonly name: string;
  readonly id: string;
  readonly groups: readonly string[];
  readonly this: boolean;
}

describe("a further device", () => {
  it("comes in by a code, in all groups, and writes as the same person", async () => {
    const stage = newStage();
    const { alice } = await family(stage);
    await alice.json("create", "second", join(stage.folder, "second-store"));
    const { code, expires } = await alice.json<{ code: string; expires: string }>("device", "add");
    expect(new Date(expires).toISOString()).toBe(expires);
    const phone = stage.visitor("phone");
    await phone.refusal("init", "--device", code, "--no-passphrase");
    await alice.json("status", "family");
    expect(await phone.refusal("init", "--device", code)).toMatchObject({
      code: "waiting",
      message: expect.stringMatching(/second/),
    });
    await alice.json("ls", "second:");
    await phone.json("init", "--device", code);
    stage.files("here", { "a.txt": "from the phone" });
    await phone.json("upload", "here/a.txt", "family:/");
    expect(await alice.json("ls", "family:")).toMatchObject([{ path: "a.txt", by: "Alice" }]);
    expect(await alice.json<Listed[]>("device")).toMatchObject([
      { name: "computer", groups: ["family", "second"], this: true },
      { name: "computer", groups: ["family", "second"], this: false },
    ]);
    expect(await phone.json("id")).toMatchObject({ name: "Alice" });
    expect(await alice.json("members", "family")).toHaveLength(1);
  });

  it("is not made by a code with one character mistyped, before anything is asked or made", async () => {
    const stage = newStage();
    const { alice } = await family(stage);
    const { code } = await alice.json<{ code: string }>("device", "add");
    const phone = stage.visitor("phone");
    for (const at of [3, 20, Math.floor(code.length / 2), code.length - 1]) {
      const wrong = code.slice(0, at) + (code[at] === "q" ? "p" : "q") + code.slice(at + 1);
      expect(await phone.refusal("init", "--device", wrong)).toMatchObject({ code: "malformed" });
    }
    expect(await phone.refusal("id")).toMatchObject({ code: "not-found" });
  });

  it("comes in although somebody was removed meanwhile, by whoever; its request is sealed anew", async () => {
    const stage = newStage();
    const { alice, others, store } = await family(stage, ["Bob", "Carol"]);
    await alice.json("role", "family", "Carol", "admin");
    const { code } = await alice.json<{ code: string }>("device", "add");
    const phone = stage.visitor("phone");
    await phone.refusal("init", "--device", code, "--no-passphrase");
    const [asked] = filesBelow(join(store, "requests"));
    await others[1]?.json("remove", "family", "Bob");
    await others[1]?.json("requests", "family");
    expect(filesBelow(join(store, "requests"))).not.toContain(asked);
    expect(await others[0]?.refusal("ls", "family:")).toMatchObject({ code: "removed" });
    await alice.json("status", "family");
    await phone.json("init", "--device", code);
    await phone.json("mkdir", "family:from-the-phone");
    expect(await alice.json<Listed[]>("device")).toHaveLength(2);
  });

  it("is not the device that made the code", async () => {
    const stage = newStage();
    const { alice } = await family(stage);
    const { code } = await alice.json<{ code: string }>("device", "add");
    expect(await alice.refusal("init", "--device", code)).toMatchObject({ exit: 1, code: "exists" });
  });

  it("is none where two ask with one code, and the code counts no more", async () => {
    const stage = newStage();
    const { alice } = await family(stage);
    const { code } = await alice.json<{ code: string }>("device", "add");
    const [phone, thief] = [stage.visitor("phone"), stage.visitor("thief")];
    for (const each of [phone, thief]) await each.refusal("init", "--device", code, "--no-passphrase");
    expect((await alice("status", "family")).err).toContain("two devices asked with one code");
    await alice.json("status", "family");
    for (const each of [phone, thief])
      expect(await each.refusal("init", "--device", code)).toMatchObject({ code: "waiting" });
    expect(await alice.json("device")).toHaveLength(1);
  });

  it("does not come in with a code that was used", async () => {
    const stage = newStage();
    const { alice } = await family(stage);
    const { code } = await alice.json<{ code: string }>("device", "add");
    const [phone, late] = [stage.visitor("phone"), stage.visitor("late")];
    await phone.refusal("init", "--device", code, "--no-passphrase");
    await alice.json("status", "family");
    await phone.json("init", "--device", code);
    await late.refusal("init", "--device", code, "--no-passphrase");
    for (const each of [alice, phone]) await each.json("status", "family");
    expect(await late.refusal("init", "--device", code)).toMatchObject({ code: "waiting" });
    expect(await alice.json("device")).toHaveLength(2);
  });

  it("says where this machine reaches each group's storage, before anything is made", async () => {
    const stage = newStage();
    const { alice, store } = await family(stage);
    await alice.json("create", "second", join(stage.folder, "second-store"));
    const { code } = await alice.json<{ code: string }>("device", "add");
    for (const name of ["store", "second-store"])
      renameSync(join(stage.folder, name), join(stage.folder, `moved-${name}`));
    const phone = stage.visitor("phone");
    const asking = ["init", "--device", code, "--no-passphrase"];
    for (const wrong of [["third=x"], ["moved-store"], ["family=a", "family=b"]]) {
      const options = wrong.flatMap((each) => ["--store", each]);
      expect(await phone.refusal(...asking, ...options)).toMatchObject({ exit: 2, code: "usage" });
    }
    expect(await phone.refusal("id")).toMatchObject({ code: "not-found" });
    expect(await phone.refusal(...asking)).toMatchObject({
      exit: 6,
      hint: expect.stringMatching(/--store family=STORE/),
    });
    const there = ["--store", "family=moved-store", "--store", "second=moved-second-store"];
    expect(await phone.refusal(...asking, ...there)).toMatchObject({ code: "waiting" });
    for (const name of ["store", "second-store"])
      renameSync(join(stage.folder, `moved-${name}`), join(stage.folder, name));
    for (const name of ["family", "second"]) await alice.json("status", name);
    renameSync(store, join(stage.folder, "moved-store"));
    await phone.json(...asking, "--store", "family=moved-store");
    expect(await phone.json("groups")).toMatchObject([
      { name: "family", store: expect.stringContaining("/moved-store") },
      { name: "second", store: expect.stringContaining("/second-store") },
    ]);
  });

  it("needs a group to be listed in", async () => {
    const alice = await newStage().newcomer("Alice");
    expect(await alice.refusal("device", "add")).toMatchObject({ exit: 4, code: "not-found" });
  });
});

describe("a device's name", () => {
  it.each([
    ["studio.example.org", "studio"],
    ["Käthes\u202e Mac-Book", "KäthesMac-Book"],
    ["localhost", "computer"],
    ["\u{1f600}\n", "computer"],
    ["x".repeat(300), "x".repeat(64)],
  ])("is of a machine called %j: %s", async (hostName, device) => {
    const alice = newStage().visitor("alice", { hostName });
    expect(await alice.json("init", "--name", "Alice", "--no-passphrase")).toMatchObject({ device });
  });

  it("is the one that was given, in all groups", async () => {
    const stage = newStage();
    const { alice } = await family(stage);
    await secondDevice(stage, { owner: alice, name: "phone", options: ["--label", 'Alice\'s "phone" 📱'] });
    expect(await alice.json<Listed[]>("device")).toMatchObject([
      { name: "computer" },
      { name: 'Alice\'s "phone" 📱', groups: ["family"] },
    ]);
  });

  it.each([[""], [" "], ["two\nlines"], ["x".repeat(65)]])("is not %j", async (label) => {
    const alice = newStage().visitor("alice");
    const words = ["init", "--name", "Alice", "--no-passphrase", "--label", label];
    expect(await alice.refusal(...words)).toMatchObject({ exit: 2, code: "usage" });
    expect(await alice.refusal("id")).toMatchObject({ code: "not-found" });
  });

  it("is escaped once where it is told of", async () => {
    const stage = newStage();
    const { alice } = await family(stage);
    const { code } = await alice.json<{ code: string }>("device", "add");
    await stage.visitor("phone").refusal("init", "--device", code, "--no-passphrase", "--label", "a\u202eb");
    expect((await alice("status", "family")).err).toContain(String.raw`your device "a\u{202e}b" is in now`);
  });

  it("stays as the keys were made", async () => {
    const stage = newStage();
    const { alice } = await family(stage);
    const { code } = await alice.json<{ code: string }>("device", "add");
    const phone = stage.visitor("phone");
    await phone.refusal("init", "--device", code, "--no-passphrase", "--label", "one");
    const { err } = await phone("init", "--device", code, "--label", "two");
    expect(err).toContain('this device stays "one"');
  });
});

describe("device remove", () => {
  it("locks the device out, and its person stays", async () => {
    const stage = newStage();
    const { alice } = await family(stage);
    const phone = await secondDevice(stage, { owner: alice, name: "phone" });
    const [other] = (await alice.json<Listed[]>("device")).filter((each) => !each.this);
    await alice.json("device", "remove", other?.id ?? "");
    expect(await phone.refusal("ls", "family:")).toMatchObject({ exit: 3, code: "removed" });
    expect(await alice.json("device")).toHaveLength(1);
    expect((await alice("log", "family")).out).toContain("removed Alice's computer");
  });

  it("takes the recovery kit along that was made with the device, and says so until there is a new one", async () => {
    const stage = newStage();
    const { alice } = await family(stage);
    const phone = await secondDevice(stage, { owner: alice, name: "phone", options: ["--label", "phone"] });
    await phone.json("kit", "--new", "--file", "of-a-thief.txt");
    expect((await alice("device", "remove", "phone")).err).toContain('make a new one with "conclave kit --new"');
    const tried = await alice("kit", "--test", "of-a-thief.txt", "--json");
    expect(JSON.parse(tried.out)).toMatchObject({ ok: false, opens: [] });
    const problems = async () => (await alice.json<{ problems: { code: string }[] }>("status", "family")).problems;
    expect(await problems()).toMatchObject([{ code: "no-kit" }]);
    await alice.json("kit", "--new", "--file", "own.txt");
    expect(await problems()).toEqual([]);
    expect(await alice.json("kit", "--test", "own.txt")).toMatchObject({ ok: true, opens: ["family"] });
  });

  it("leaves a recovery kit that --keep names", async () => {
    const stage = newStage();
    const { alice } = await family(stage);
    const phone = await secondDevice(stage, { owner: alice, name: "phone", options: ["--label", "phone"] });
    await phone.json("kit", "--new", "--file", "mine.txt");
    await alice.json("device", "remove", "phone", "--keep", "recovery kit");
    expect(await alice.json("kit", "--test", "mine.txt")).toMatchObject({ ok: true, opens: ["family"] });
  });

  it("refuses this device, an unknown name, and a name that fits two", async () => {
    const stage = newStage();
    const { alice } = await family(stage);
    await secondDevice(stage, { owner: alice, name: "phone" });
    const [own] = (await alice.json<Listed[]>("device")).filter((each) => each.this);
    expect((await alice("device", "remove", own?.id ?? "")).err).toContain("no device removes itself");
    const unclear = await alice.refusal("device", "remove", "computer");
    expect(unclear).toMatchObject({ exit: 4, message: expect.stringMatching(/fits 2 devices: .*\(this device\)/) });
    expect(await alice.refusal("device", "remove", "nothing")).toMatchObject({ exit: 4, code: "not-found" });
    expect(await alice.json("device")).toHaveLength(2);
  });
});

describe("device remove on a terminal", () => {
  it("asks which of two of one name is meant, and takes nothing else", async () => {
    const stage = newStage();
    const { alice } = await family(stage);
    await secondDevice(stage, { owner: alice, name: "phone" });
    const [other] = (await alice.json<Listed[]>("device")).filter((each) => !each.this);
    const id = other?.id.slice(0, 8) ?? "";
    for (const typed of ["", id.slice(0, 7), "computer", "00000000"]) {
      const { exit, err } = await stage.visitor("Alice", { typed: [typed] })("device", "remove", "computer");
      expect(exit).toBe(4);
      expect(err).toContain('2 devices are called "computer"');
    }
    expect(await alice.json("device")).toHaveLength(2);
    await stage.visitor("Alice", { typed: [id] })("device", "remove", "computer");
    expect(await alice.json<Listed[]>("device")).toMatchObject([{ this: true }]);
  });
});

describe("kit", () => {
  it("is tried without being used, and replaced; the old one then opens nothing", async () => {
    const stage = newStage();
    const { alice } = await family(stage);
    await alice.json("kit", "--new", "--file", "one.html");
    expect((await alice("status", "family")).err).toContain("never tried");
    expect(await alice.json("kit", "--test", "one.html")).toMatchObject({ ok: true, opens: ["family"] });
    expect((await alice("status", "family")).err).not.toContain("never tried");
    const page = readFileSync(join(stage.folder, "one.html"), "utf8");
    expect(page).toContain("conclave:v1/");
    await alice.json("kit", "--new", "--file", "two.txt");
    expect(await alice.json("kit", "--test", "two.txt")).toMatchObject({ ok: true });
    const old = await alice("kit", "--test", "one.html", "--json");
    expect(old.exit).toBe(1);
    expect(JSON.parse(old.out)).toMatchObject({ ok: false, opens: [] });
  });

  it("refuses another person's kit, a mistyped word, words that are too few, and a file too large", async () => {
    const stage = newStage();
    const { alice } = await family(stage);
    await alice.json("kit", "--new", "--file", "kit.txt");
    const text = readFileSync(join(stage.folder, "kit.txt"), "utf8");
    writeFileSync(join(stage.folder, "typo.txt"), text.replace(/ 5 \p{L}+/u, " 5 zzzz"));
    writeFileSync(join(stage.folder, "few.txt"), "abandon ability able");
    expect(await alice.refusal("kit", "--test", "typo.txt")).toMatchObject({
      code: "malformed",
      message: expect.stringMatching(/word 5/),
    });
    expect(await alice.refusal("kit", "--test", "few.txt")).toMatchObject({
      code: "malformed",
      message: expect.stringMatching(/24 words/),
    });
    writeFileSync(join(stage.folder, "large.txt"), text.padEnd(1024 * 1024 + 1));
    expect(await alice.refusal("kit", "--test", "large.txt")).toMatchObject({ code: "limit" });
    const bob = await admit(stage, { alice, name: "Bob" });
    await bob.json("kit", "--new", "--file", "bob.txt");
    const others = await alice("kit", "--test", "bob.txt", "--json");
    expect(others.exit).toBe(1);
    expect(JSON.parse(others.out)).toMatchObject({
      ok: false,
      undone: [{ error: "that is another member's recovery kit" }],
    });
  });
});

describe("a new recovery kit that is shown", () => {
  const replaced = async (stage: Stage) => {
    const { alice } = await family(stage);
    await alice.json("kit", "--new", "--file", "old.txt");
    return { alice, argv: ["kit", "--new"] };
  };
  const used = async (stage: Stage) => {
    const { alice } = await replaced(stage);
    const { address } = await alice.json<{ address: string }>("address", "family");
    return { alice: stage.visitor("back"), argv: ["recover", "old.txt", address, "--no-passphrase"], owner: alice };
  };

  it.each([
    ["replaced", replaced],
    ["used", used],
  ])("is its person's before the old one is %s, though they call it off there", async (_how, begin) => {
    const stage = newStage();
    const { alice, argv, owner = alice } = { owner: undefined, ...(await begin(stage)) };
    for (const options of [[], ["--json"]]) {
      const { exit, out, err } = await endingAtWords(stage, { person: alice, argv: [...argv, ...options] });
      expect(exit).toBe(130);
      expect(out.match(/\p{L}{3,8}/gu)?.length).toBeGreaterThanOrEqual(24);
      if (options.length > 0) expect(Object.keys(JSON.parse(out))).toContain("kit");
      expect(err).toMatch(/keep (?:both kits|the kit that you used)/);
      expect(await owner("kit", "--test", "old.txt", "--json").then(({ out }) => JSON.parse(out))).toMatchObject({
        opens: ["family"],
      });
    }
  });

  it.each([
    ["replaced", replaced],
    ["used", used],
  ])("is told to nobody, and the old one not %s, where nobody reads", async (_how, begin) => {
    const stage = newStage();
    const { alice, argv, owner = alice } = { owner: undefined, ...(await begin(stage)) };
    const failure = Object.assign(new Error("write EPIPE"), { code: "EPIPE" });
    const { exit, err } = await endingAtWords(stage, { person: alice, argv, failure });
    expect([exit, err]).toEqual([2, expect.stringContaining("nothing was changed")]);
    expect(await owner.json("kit", "--test", "old.txt")).toMatchObject({ opens: ["family"] });
  });
});

/** A command whose person presses Ctrl-C as the first words appear, or whose output then has no reader. */
async function endingAtWords(
  stage: Stage,
  { person, argv, failure }: { readonly person: Person; readonly argv: readonly string[]; readonly failure?: Error },
) {
  const world = new World();
  world.env = { CONCLAVE_HOME: person.home };
  world.cwd = stage.folder;
  world.time = Date.now();
  const keep = world.stdout._write.bind(world.stdout);
  world.stdout._write = (chunk, encoding, done: (error?: Error) => void) => {
    if (failure) return done(failure);
    keep(chunk, encoding, done);
    world.interrupt();
  };
  return runMain(argv, { world });
}

describe("a kit in shares", () => {
  it("is tried and used with as many shares as it takes, and joined for stock tools", async () => {
    const stage = newStage();
    const { alice } = await family(stage);
    const bob = await admit(stage, { alice, name: "Bob" });
    const made = await bob.json("kit", "--new", "--split", "2/3", "--file", "share.txt");
    expect(made).toMatchObject({ kit: { shares: ["share-1.txt", "share-2.txt", "share-3.txt"] } });
    expect(await bob.json("kit", "--test", "share-1.txt", "share-3.txt")).toMatchObject({
      ok: true,
      opens: ["family"],
    });
    expect(await bob.refusal("kit", "--test", "share-2.txt")).toMatchObject({
      code: "malformed",
      message: expect.stringMatching(/takes 2/),
    });
    expect(await bob.refusal("kit", "--join", "share-3.txt", "share-2.txt")).toMatchObject({
      exit: 2,
      hint: expect.stringContaining("--join KIT-FILE SHARE-FILE"),
    });
    await bob.json("kit", "--join", "joined.txt", "share-3.txt", "share-2.txt");
    expect(await bob.json("kit", "--test", "joined.txt")).toMatchObject({ ok: true });
    const { address } = await alice.json<{ address: string }>("address", "family");
    const back = stage.visitor("back");
    const words = ["recover", "share-1.txt", "share-2.txt", address, "--as", "family", "--no-passphrase"];
    expect(await back.json(...words)).toMatchObject({ name: "family", role: "editor" });
  });

  it("is renewed when somebody who holds a share goes: their shares then open nothing, mixed ones neither", async () => {
    const stage = newStage();
    const { alice } = await family(stage);
    await admit(stage, { alice, name: "Bob" });
    await alice.json("kit", "--new", "--split", "2/3", "--file", "old.txt", "--for", "Bob");
    expect((await alice("status", "family")).err).not.toContain("has a share");
    await alice.json("remove", "family", "Bob");
    expect((await alice("status", "family")).err).toContain("Bob, out of this group, has a share of your recovery kit");
    expect((await alice("groups")).err).toContain("Bob, out of a group of yours, has a share of your recovery kit");
    await alice.json("kit", "--new", "--split", "2/2", "--file", "new.txt");
    for (const words of [["status", "family"], ["groups"]])
      expect((await alice(...words)).err).not.toContain("has a share");
    const old = await alice("kit", "--test", "old-1.txt", "old-2.txt", "--json");
    expect(JSON.parse(old.out)).toMatchObject({ ok: false, opens: [] });
    const { address } = await alice.json<{ address: string }>("address", "family");
    const thief = stage.visitor("thief");
    const opened = await thief.refusal("recover", "old-1.txt", "old-3.txt", address, "--no-passphrase");
    expect(["not-a-member", "removed", "rollback"]).toContain(opened.code);
    const mixed = await alice.refusal("kit", "--test", "old-1.txt", "new-2.txt");
    expect(mixed).toMatchObject({ code: "malformed", message: expect.stringMatching(/do not belong together/) });
    expect(await alice.json("kit", "--test", "new-1.txt", "new-2.txt")).toMatchObject({ ok: true });
  });

  it("is printed as a page for each holder, with who holds the others", async () => {
    const stage = newStage();
    const { alice } = await family(stage, ["Bob", "Carol"]);
    const made = ["kit", "--new", "--split", "2/3", "--file", "share.html", "--for", "Bob,Carol"];
    expect((await alice(...made)).err).toContain("share-2.html is for Carol");
    const page = readFileSync(join(stage.folder, "share-1.html"), "utf8");
    for (const text of ["Share 1 of 3", "<td>Bob</td>", ">2: Carol<", ">3: <", "<b>family</b>", "<svg"])
      expect(page).toContain(text);
    expect(page.match(/<img|<script|<link| href=|url\(/)).toBe(null);
    expect(await alice.json("kit", "--test", "share-1.html", "share-3.html")).toMatchObject({ opens: ["family"] });
  });

  it("of nobody's group is tried against one's own kit", async () => {
    const stage = newStage();
    const [alice, bob] = [stage.visitor("alice"), stage.visitor("bob")];
    for (const [person, name] of [
      [alice, "7 seven 8 eight"],
      [bob, "Bob"],
    ] as const)
      await person.json("init", "--name", name, "--no-passphrase", "--kit", `${name}.html`);
    expect(await alice.json("kit", "--test", "7 seven 8 eight.html")).toMatchObject({ ok: true, opens: [] });
    expect(await alice.refusal("kit", "--test", "Bob.html")).toMatchObject({ exit: 5, message: /another member's/ });
    expect((await bob("kit")).out).toContain("never tried");
    expect((await alice("kit")).out).not.toContain("never tried");
  });

  it.each([
    ["more needed than there are", ["--new", "--split", "3/2", "--file", "s"], 2],
    ["one needed", ["--new", "--split", "1/2", "--file", "s"], 2],
    ["no file", ["--new", "--split", "2/3"], 2],
    ["no new kit", ["--split", "2/3", "--file", "s"], 2],
    ["more holders than shares", ["--new", "--split", "2/2", "--file", "s", "--for", "Alice,Alice,Alice"], 2],
    ["a holder whom nobody knows", ["--new", "--split", "2/3", "--file", "s", "--for", "Nobody"], 4],
  ])("is not made with %s", async (_what, words, exit) => {
    const stage = newStage();
    const { alice } = await family(stage);
    expect(await alice.refusal("kit", ...words)).toMatchObject({ exit });
  });
});

describe("recover", () => {
  it("brings a person back, reading only until a member's address confirms it; the kit is spent", async () => {
    const stage = newStage();
    const { alice } = await family(stage);
    const bob = await admit(stage, { alice, name: "Bob" });
    stage.files("here", { "a.txt": "mine" });
    await bob.json("upload", "here/a.txt", "family:/");
    await bob.json("kit", "--new", "--file", "bob-kit.html");
    const { address } = await alice.json<{ address: string }>("address", "family");
    const back = stage.visitor("back");
    const result = await back.json<{ confirmed: boolean }>(
      ...["recover", "bob-kit.html", address, "--as", "family", "--no-passphrase", "--kit", "new-kit.txt"],
    );
    expect(result).toMatchObject({ name: "family", role: "editor", confirmed: false });
    expect((await back("cat", "family:/a.txt")).out).toBe("mine");
    expect(await back.refusal("mkdir", "family:/x")).toMatchObject({ exit: 3, code: "unconfirmed" });
    expect((await back("join", address)).exit).toBe(3);
    const newer = (await alice.json<{ address: string }>("address", "family")).address;
    await back.json("join", newer);
    await back.json("mkdir", "family:/x");
    const thief = stage.visitor("thief");
    expect(await thief.refusal("recover", "bob-kit.html", newer, "--no-passphrase")).toMatchObject({
      exit: 5,
      message: expect.stringMatching(/used or replaced/),
    });
    const again = await thief("recover", "bob-kit.html", newer, "--no-passphrase", "--label", "other");
    expect(again.err).toMatch(/this device stays ".*", as its keys were made with that name/);
    expect((await alice("log", "family")).out).toContain("came back by the recovery kit");
    expect(await back.json("kit", "--test", "new-kit.txt")).toMatchObject({ ok: true });
  });
});
