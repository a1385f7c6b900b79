import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseInvitationCode } from "@conclave/core";
import { describe, expect, it } from "vitest";
import { runMain, World } from "../support/run-main.ts";
import { family, filesBelow, newStage, type Person } from "../support/stage.ts";

interface Invited {
  readonly code: string;
  readonly expires: string;
  readonly id: string;
}

const DAY = 24 * 3600 * 1000;

async function requestOf(person: Person, code: string): Promise<string> {
  const { exit, message } = await person.refusal("join", code, "--as", "family");
  expect(exit).toBe(3);
  return message;
}

/** The same person, on a machine whose clock is off by so much. */
async function withClock(person: Person, offByMs: number, ...argv: readonly string[]) {
  const world = new World();
  world.time = Date.now() + offByMs;
  world.env = { CONCLAVE_HOME: person.home };
  world.cwd = person.home;
  return runMain(argv, { world });
}

describe("invite", () => {
  it("prints one code, by which somebody is in after the inviter's next command, whatever it is", async () => {
    const stage = newStage();
    const { alice } = await family(stage);
    const { code } = await alice.json<Invited>("invite", "family", "Bob", "--role", "viewer");
    const bob = await stage.newcomer("Bob");
    expect(await requestOf(bob, code)).toMatch(/you are invited, and not let in yet/);
    const { err } = await alice("ls", "family:");
    expect(err).toMatch(/admitted Bob \(fingerprint [0-9a-f ]{39}\) as viewer, by the invitation of Bob/);
    expect(await bob("join", code, "--as", "family")).toMatchObject({
      out: "joined family as viewer: 2 members\n",
      err: "next: conclave ls family:\n",
    });
    expect(await alice.json("invitations", "family")).toMatchObject([{ state: "used", name: "Bob", usedBy: "Bob" }]);
  });

  it("leaves its secret nowhere: in neither home, and not on the storage", async () => {
    const stage = newStage();
    const { alice } = await family(stage);
    const { code } = await alice.json<Invited>("invite", "family", "Bob");
    const bob = await stage.newcomer("Bob");
    await requestOf(bob, code);
    await alice.json("status", "family");
    await bob.json("join", code, "--as", "family");
    const secret = Buffer.from(parseInvitationCode(code).secret);
    const forms = [secret, code, secret.toString("hex"), secret.toString("base64").replace(/=+$/, "")];
    const paths = filesBelow(stage.folder);
    expect(paths).toContainEqual(expect.stringMatching(/^home-Alice\/.*\.sqlite$/));
    for (const path of paths) {
      const bytes = readFileSync(join(stage.folder, path));
      expect([path, forms.filter((each) => bytes.includes(each))]).toEqual([path, []]);
    }
  });

  it("tells its maker once of a use that another admin's device has answered", async () => {
    const stage = newStage();
    const { alice, others } = await family(stage, ["Carol"]);
    await alice.json("role", "family", "Carol", "admin");
    const { code } = await alice.json<Invited>("invite", "family", "Bob");
    const bob = await stage.newcomer("Bob");
    await requestOf(bob, code);
    expect((await others[0]?.("status", "family"))?.err).toMatch(/admitted Bob/);
    expect((await alice("status", "family")).err).toMatch(/your invitation of Bob was used: Bob \(fingerprint /);
    expect((await alice("status", "family")).err).not.toMatch(/invitation of Bob/);
  });

  it("lets nobody in by a code that two people use at once, and says who they were", async () => {
    const stage = newStage();
    const { alice } = await family(stage);
    const { code } = await alice.json<Invited>("invite", "family", "Bob");
    for (const name of ["Bob", "Mallory"]) await requestOf(await stage.newcomer(name), code);
    expect((await alice("status", "family")).err).toMatch(/is void: it was used at once by [0-9a-f ]+ and [0-9a-f ]+/);
    expect(await alice.json("members", "family")).toHaveLength(1);
    expect(await alice.json("invitations", "family")).toMatchObject([{ state: "void" }]);
    expect(await alice.json("requests", "family")).toMatchObject([
      { state: "refused", reason: expect.stringMatching(/several used it at once/) },
      { state: "refused" },
    ]);
  });

  it("refuses a code after its one use, and after it was withdrawn, with the reason among the requests", async () => {
    const stage = newStage();
    const { alice } = await family(stage);
    const used = await alice.json<Invited>("invite", "family", "Bob");
    await requestOf(await stage.newcomer("Bob"), used.code);
    await alice.json("status", "family");
    const eve = await stage.newcomer("Eve");
    expect(await eve.refusal("join", used.code)).toMatchObject({ message: /code is good until 20/, hint: /now runs/ });
    // Who is outside learns nothing of why: only what it can mean that nobody answers.
    await alice.json("status", "family");
    expect(await eve.refusal("join", used.code)).toMatchObject({
      message: expect.stringMatching(/your request of 20.*, as the storage says, .* was not answered/),
      hint: expect.stringMatching(/has looked since, .* used or withdrawn: ask for a new one/),
    });
    const other = await alice.json<Invited>("invite", "family", "Carol");
    expect(await alice.json("invitations", "family", "--withdraw", other.id)).toMatchObject({ state: "withdrawn" });
    await requestOf(await stage.newcomer("Carol"), other.code);
    const reasons = (await alice.json<{ reason: string }[]>("requests", "family")).map(({ reason }) => reason);
    expect(reasons.sort()).toEqual(["the invitation was used already", "the invitation was withdrawn"]);
    expect(await alice.json("members", "family")).toHaveLength(2);
  });

  it("ends with anybody's removal, and whoever holds the code is told to ask for a new one", async () => {
    const stage = newStage();
    const { alice } = await family(stage, ["Dave"]);
    const { code } = await alice.json<Invited>("invite", "family", "Bob");
    expect((await alice("remove", "family", "Dave")).err).toMatch(/open invitations have ended with the old key: Bob/);
    const bob = await stage.newcomer("Bob");
    expect(await bob.refusal("join", code)).toMatchObject({
      message: expect.stringMatching(/key has changed since the invitation was made/),
      hint: expect.stringMatching(/a new code/),
    });
    await alice.json("status", "family");
    expect(await alice.json("members", "family")).toHaveLength(1);
  });

  it("refuses a code that is too old before anything is asked, and a request that comes too late by the admin's clock", async () => {
    const stage = newStage();
    const { alice } = await family(stage);
    const { code } = await alice.json<Invited>("invite", "family", "Bob", "--for", "2d");
    const bob = await stage.newcomer("Bob");
    const late = await withClock(bob, 3 * DAY, "join", code);
    expect(late).toMatchObject({ exit: 3, err: expect.stringMatching(/was good until .* by this machine's clock/) });
    expect(await alice.json("requests", "family")).toEqual([]);
    await requestOf(bob, code);
    expect((await withClock(alice, 365 * DAY, "status", "family")).err).not.toMatch(/admitted/);
    expect((await withClock(alice, -365 * DAY, "status", "family")).err).toMatch(/admitted Bob/);
  });

  it("finds each single mistyped character before anything is asked", async () => {
    const stage = newStage();
    const { alice } = await family(stage);
    const { code } = await alice.json<Invited>("invite", "family", "Bob");
    const bob = await stage.newcomer("Bob");
    for (let at = 16; at < code.length; at += 29) {
      const wrong = code[at] === "q" ? "p" : "q";
      const typed = code.slice(0, at) + wrong + code.slice(at + 1);
      expect(await bob.refusal("join", typed)).toMatchObject({ exit: 1, code: "malformed" });
    }
    expect(await bob.refusal("join", code.slice(0, -5))).toMatchObject({ code: "malformed" });
  });

  it("says what to type to somebody who has no identity yet", async () => {
    const stage = newStage();
    const { alice } = await family(stage);
    const { code } = await alice.json<Invited>("invite", "family", "Bob");
    const bob = stage.visitor("Bob");
    expect(await bob.refusal("join", code)).toMatchObject({
      exit: 4,
      hint: expect.stringMatching(/conclave init --name "YOUR NAME"; then run the same join again/),
    });
  });

  it.each([
    ["no span of time", "--for", "soon"],
    ["no span of time", "--for", "0d"],
    ["no day", "--until", "2026-02-31"],
    ["no day", "--until", "tomorrow"],
    ["is over already", "--until", "2001-01-01"],
  ])("refuses as %s: %s %s", async (what, flag, value) => {
    const stage = newStage();
    const { alice } = await family(stage);
    const refused = await alice.refusal("invite", "family", "Bob", flag, value);
    expect(refused).toMatchObject({ exit: 2, message: expect.stringContaining(what) });
    expect(await alice.refusal("invite", "family", "Bob", "--for", "91d")).toMatchObject({ code: "limit" });
  });

  it("is refused to somebody who could not add to that role", async () => {
    const stage = newStage();
    const { others } = await family(stage, ["Carol"]);
    expect(await others[0]?.refusal("invite", "family", "Bob")).toMatchObject({ exit: 3, code: "role-too-low" });
  });
});

describe("a guest", () => {
  it("is shown with the day, and removed by the first admin's command after it, which says so", async () => {
    const stage = newStage();
    const { alice } = await family(stage, ["Carol"]);
    const soon = new Date(Date.now() + 2 * DAY).toISOString().slice(0, 10);
    expect(await alice.json("role", "family", "Carol", "--until", soon)).toMatchObject({ role: "editor" });
    expect(await alice.json("status", "family")).toMatchObject({ guests: [{ name: "Carol" }] });
    expect((await alice("members", "family")).out).toContain(`${soon}T23:59:59.999Z`);
    const { epoch } = await alice.json<{ epoch: string }>("status", "family");
    expect((await withClock(alice, 4 * DAY, "status", "family")).err).toMatch(/removed Carol .*the stay has ended/);
    expect(await alice.json("members", "family")).toHaveLength(1);
    expect((await alice.json<{ epoch: string }>("status", "family")).epoch).not.toBe(epoch);
  });

  it("stays once made an admin, also where that is said in the same words", async () => {
    const stage = newStage();
    const { alice } = await family(stage, ["Carol"]);
    const soon = new Date(Date.now() + 2 * DAY).toISOString().slice(0, 10);
    await alice.json("role", "family", "Carol", "--until", soon);
    expect(await alice.json("role", "family", "Carol", "admin", "--until", "never")).toMatchObject({ until: null });
    await alice.json("role", "family", "Carol", "editor", "--until", soon);
    expect(await alice.json("role", "family", "Carol", "owner")).toMatchObject({ role: "owner", until: null });
    await withClock(alice, 4 * DAY, "status", "family");
    expect(await alice.json("members", "family")).toHaveLength(2);
  });

  it("stays when somebody says so in time", async () => {
    const stage = newStage();
    const { alice } = await family(stage, ["Carol"]);
    const soon = new Date(Date.now() + 2 * DAY).toISOString().slice(0, 10);
    await alice.json("role", "family", "Carol", "viewer", "--until", soon);
    expect(await alice.json("role", "family", "Carol", "--until", "never")).toMatchObject({ until: null });
    await withClock(alice, 4 * DAY, "status", "family");
    expect(await alice.json("members", "family")).toHaveLength(2);
    expect(await alice.refusal("role", "family", "Carol")).toMatchObject({ exit: 2 });
  });
});

it("refuses a name that two members share, listing the fingerprints that tell them apart", async () => {
  const stage = newStage();
  const { alice } = await family(stage);
  for (const name of ["Bob", "other"]) {
    const { code } = await alice.json<Invited>("invite", "family", "Bob");
    const bob = stage.visitor(name);
    await bob.json("init", "--name", "Bob", "--no-passphrase");
    await requestOf(bob, code);
    await alice.json("status", "family");
  }
  for (const words of [
    ["remove", "family", "Bob"],
    ["role", "family", "Bob", "viewer"],
  ]) {
    expect(await alice.refusal(...words)).toMatchObject({
      exit: 4,
      message: expect.stringMatching(
        /"Bob" fits 2 members; name one by its fingerprint: [0-9a-f ]+ \(Bob\), [0-9a-f ]+ \(Bob\)/,
      ),
    });
  }
});
