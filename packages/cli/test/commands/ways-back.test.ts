import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { runMain, World } from "../support/run-main.ts";
import { admit, family, newStage, type Person } from "../support/stage.ts";

const DAY = 24 * 3600 * 1000;

async function codeOf(person: Person, ...argv: readonly string[]): Promise<string> {
  return (await person.json<{ code: string }>(...argv)).code;
}

/** Only Alice is in, and nobody was let in by what she has looked at. */
async function expectAlone(alice: Person): Promise<void> {
  expect((await alice("status", "family")).err).not.toMatch(/admitted|is in now/);
  expect(await alice.json("members", "family")).toMatchObject([{ name: "Alice" }]);
}

describe("what an admin has prepared before being removed", () => {
  it("lets nobody back in: an invitation, a device, a device code, a kit, and requests", async () => {
    const stage = newStage();
    const { alice, store } = await family(stage);
    const bob = await admit(stage, { alice, name: "Bob", role: "admin" });
    const invitation = await codeOf(bob, "invite", "family", "Mallory");
    const listing = await codeOf(bob, "device", "add");
    const tablet = stage.visitor("tablet");
    await tablet.refusal("init", "--device", listing, "--no-passphrase");
    await bob.json("status", "family");
    await tablet.json("init", "--device", listing);
    await bob.json("kit", "--new", "--file", "kit.txt");
    const unused = await codeOf(bob, "device", "add");
    const { address } = await bob.json<{ address: string }>("address", "family");
    await alice.json("remove", "family", "Bob");
    const newer = (await alice.json<{ address: string }>("address", "family")).address;

    const mallory = await stage.newcomer("Mallory");
    expect(await mallory.refusal("join", invitation)).toMatchObject({ code: "waiting", hint: /new code/ });
    expect(await bob.refusal("ls", "family:")).toMatchObject({ code: "removed" });
    // It has slept since before the key changed twice: nobody gives it what says why it is out, nor any key.
    expect(await tablet.refusal("mkdir", "family:x")).toMatchObject({ code: "stale-epoch", hint: /has asked for it/ });
    expect(await stage.visitor("phone").refusal("init", "--device", unused, "--no-passphrase")).toMatchObject({
      exit: 3,
    });
    for (const [index, known] of [address, newer].entries()) {
      const thief = stage.visitor(`thief-${index}`);
      expect((await thief("recover", "kit.txt", known, "--no-passphrase")).exit).toBeGreaterThan(2);
      expect((await thief.json("groups")) as unknown[]).toEqual([]);
    }
    await bob("join", newer, "--store", store);
    expect(await alice.json("requests", "family")).toMatchObject([
      { name: "Mallory", state: "refused" },
      { name: "Bob", state: "refused" },
      { name: "Bob", state: "refused" },
    ]);
    expect(await tablet.refusal("mkdir", "family:x")).toMatchObject({ code: "stale-epoch" });
    await expectAlone(alice);
  });
});

describe("a code that is good no more", () => {
  it("of a device is refused after its hour, by this machine's clock, before anything is made", async () => {
    const stage = newStage();
    const { alice } = await family(stage);
    const code = await codeOf(alice, "device", "add");
    const phone = stage.visitor("phone");
    const world = new World();
    world.time = Date.now() + 365 * DAY;
    world.env = { CONCLAVE_HOME: phone.home };
    const late = await runMain(["init", "--device", code, "--no-passphrase"], { world });
    expect(late).toMatchObject({ exit: 1, err: expect.stringMatching(/has expired[\s\S]*device add/) });
    expect(await phone.refusal("id")).toMatchObject({ code: "not-found" });
    await expectAlone(alice);
  });

  it("is of a group that is gone: nothing is said but what the storage shows, and where to ask", async () => {
    const stage = newStage();
    const { alice } = await family(stage);
    const invitation = await codeOf(alice, "invite", "family", "Bob");
    const listing = await codeOf(alice, "device", "add");
    await alice.json("delete", "family", "--name", "family");
    const bob = await stage.newcomer("Bob");
    const gone = { exit: 4, message: /holds no group/ };
    expect(await bob.refusal("join", invitation)).toMatchObject({ ...gone, hint: /deleted/ });
    expect(await stage.visitor("phone").refusal("init", "--device", listing, "--no-passphrase")).toMatchObject(gone);
    const elsewhere = ["join", invitation, "--store", join(stage.folder, "nowhere")];
    expect(await bob.refusal(...elsewhere)).toMatchObject({ exit: 6 });
  });
});
