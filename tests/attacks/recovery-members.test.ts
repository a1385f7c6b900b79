/** What members who were removed, and such as are still in, leave for whoever brings files back by RECOVERY.md's own commands. */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { addMember, catchUp } from "@conclave/core";
import { afterEach, beforeEach, describe, expect, it, type TestContext } from "vitest";
import { removeBy } from "../support/attacked.ts";
import { type ForgeOptions, forge, forgedChange, forgedEntry, openedEpoch } from "../support/forge.ts";
import type { Operation } from "../support/insides.ts";
import { digestOf, newestListing, newFile, plant, tar } from "../support/planting.ts";
import { type Recovered, type RecoveryOptions, recover } from "../support/recovery.ts";
import { type Device, findMember, live, put, World } from "../support/world.ts";

let world: World;
let folder: string;
let alice: Device;
beforeEach(async () => {
  world = new World();
  folder = mkdtempSync(join(tmpdir(), "conclave-recovery-"));
  alice = await world.device("alice");
  await world.found(alice);
});
afterEach(() => {
  world.close();
  rmSync(folder, { recursive: true, force: true });
});

function bring(context: TestContext, options: Partial<RecoveryOptions> = {}): Promise<Recovered> {
  return recover(context, { folder, store: world.store, kit: alice, group: live(alice).group, ...options });
}

async function admitted(name: string, role: "editor" | "admin" | "owner" = "editor"): Promise<Device> {
  const device = await world.device(name);
  await world.admit(alice, device, role);
  return device;
}

/** Signs what it likes as somebody, sealed to the epoch that alice is in, whose recipient lies there for all to see. */
function forgeAs(device: Device, options: ForgeOptions) {
  return forge(live(alice), { as: device.secrets, ...options });
}

/** A change by somebody that adds a file, whose contents are planted too. */
async function plantFile(by: Device, path: string, head = live(alice).view.state.head): Promise<void> {
  const { operations, archive } = newFile(path, `by ${by.name}`);
  await plant(alice, "objects", archive);
  await forgeAs(by, { records: [forgedChange({ head, operations })] });
}

/** The act that would let somebody in. */
function addOf({ card: { signed } }: Device) {
  const card = Buffer.from(signed.line).toString();
  const signature = Buffer.from(signed.signature).toString("base64");
  return { act: "add", card, signature, role: "editor", account: null, until: null } as const;
}

function withoutListings(copy: string): void {
  for (const epoch of live(alice).view.opened.keys()) {
    rmSync(join(copy, epoch, "listings"), { recursive: true, force: true });
  }
}

describe("attack 55: recovery with stock tools, where somebody who was removed", () => {
  it("signs listings and changes: the first count for nothing, the others come back apart", async (context) => {
    const bob = await admitted("bob");
    await put(live(alice), { "a.txt": "alice's" });
    await removeBy(alice, "bob");
    const { operations: rows } = newFile("planted.txt", "planted");
    await plant(alice, "listings", await newestListing(alice, { rows, by: bob }));
    await plantFile(bob, "a.txt");
    const node = live(alice).index.get<{ node: string }>("SELECT node FROM tree_version")?.node ?? "";
    const deletes: Operation = { op: "delete", node, path: "a.txt" };
    await forgeAs(bob, { records: [forgedChange({ head: live(alice).view.state.head, operations: [deletes] })] });
    const { files, apart, said, status } = await bring(context);
    expect({ files, apart, status }, said).toEqual({
      files: { "a.txt": "alice's" },
      apart: { "a.txt": "by bob" },
      status: 0,
    });
    expect(said).toContain('in the group: "alice", owner');
    expect(said).not.toContain('"bob"');
  }, 600_000);

  it("had written before, and no listing says so: what the removal let stand comes back with the rest", async (context) => {
    const bob = await admitted("bob");
    await put(live(bob), { "of bob.txt": "kept" });
    await catchUp(live(alice));
    await put(live(bob), { "unseen.txt": "not kept" });
    await removeBy(alice, "bob");
    const { files, apart, said } = await bring(context, { spoil: withoutListings });
    expect({ files, apart }, said).toEqual({ files: { "of bob.txt": "kept" }, apart: { "unseen.txt": "not kept" } });
  }, 600_000);

  it.for([
    { who: "an editor", role: "editor", others: 0 },
    { who: "an admin, dated back, in a group of two", role: "admin", others: 1 },
    { who: "an admin, dated back, whom another member has seen go", role: "admin", others: 2 },
  ] as const)(
    "admits somebody new, as $who: who is not in, and comes back nowhere",
    { timeout: 600_000 },
    async ({ role, others }, context) => {
      const bob = await admitted("bob", role);
      const carol = others === 2 ? await admitted("carol", "admin") : undefined;
      const mallory = await world.device("mallory");
      const before = live(alice).view.state.head;
      await put(live(alice), { "a.txt": "alice's" });
      if (carol) {
        await catchUp(live(carol));
        await addMember(live(carol), { card: (await world.device("dave")).card, role: "viewer" });
        await catchUp(live(alice));
      }
      await removeBy(alice, "bob");
      if (carol) {
        await catchUp(live(carol));
        await put(live(carol), { "c.txt": "carol's" });
        await catchUp(live(alice));
      }
      const parent = role === "admin" ? before : live(alice).view.state.head;
      const forged = await forgeAs(bob, { records: [forgedEntry(addOf(mallory), parent)] });
      await plantFile(mallory, "m.txt", forged.signed[0]?.digest);
      const { files, apart, said, status } = await bring(context);
      const mine = { "a.txt": "alice's", ...(carol && { "c.txt": "carol's" }) };
      expect({ files, apart, status }, said).toEqual({ files: mine, apart: {}, status: 0 });
      expect(said.includes("the log tells several histories")).toBe(role === "admin");
    },
  );

  it("declares another member's blob anew, with other pieces of the same name: that changes no file", async (context) => {
    const bob = await admitted("bob");
    await put(live(alice), { "a.txt": "alice's", "b.txt": "as well" });
    const line = live(alice).index.get<{ line: Uint8Array }>("SELECT line FROM lines WHERE type LIKE '%change'")?.line;
    const { operations } = JSON.parse(Buffer.from(line ?? []).toString()) as { operations: Operation[] };
    const declared = operations.find((operation) => operation.op === "blob");
    if (declared?.op !== "blob") throw new Error("alice's change declares a blob");
    const evil = digestOf("evil");
    await plant(alice, "objects", tar([{ name: evil, bytes: "evil" }]));
    const { salt, pieces } = declared;
    const size = (pieces[0]?.[1] ?? 0).toString(16).padStart(16, "0");
    const head = live(alice).view.state.head;
    const forgeries: Operation[] = [
      { ...declared, pieces: pieces.map(([, bytes]) => [evil, bytes]) },
      { ...declared, salt: `${salt}${pieces[0]?.[0]}${size}`, pieces: pieces.slice(1) },
      { ...declared, pieces: pieces.map(([digest, bytes]) => [digest.toUpperCase(), bytes]) },
    ];
    for (const operation of forgeries) {
      await forgeAs(bob, { records: [forgedChange({ head, operations: [operation] })] });
    }
    const { files, said } = await bring(context);
    expect(files, said).toEqual({ "a.txt": "alice's", "b.txt": "as well" });
  }, 600_000);
});

describe("attack 55: recovery with stock tools, where a member", () => {
  it("gives files names that lead out, command a terminal, or cannot be: nothing is written elsewhere, and all else comes", async (context) => {
    const long = "x".repeat(300);
    const names = [
      "../out",
      "/abs",
      "a/../../out",
      "-rf",
      "new\nline",
      "\x1b]0;title\x07",
      "*",
      "$(touch x)",
      "a",
      "a/b",
      long,
      `${long}/y`,
      "a/b/c",
    ];
    const files = names.map((name) => ({ name, ...newFile(name, `under ${JSON.stringify(name)}`) }));
    for (const { archive } of files) await plant(alice, "objects", archive);
    const operations = files.flatMap((file) => file.operations);
    const junk = [
      { op: "file", node: 1, path: [] },
      { op: "file", node: "f", path: "x", modified: "1 2", extents: [["../../x", -1, 1e300]] },
      null,
    ] as unknown as Operation[];
    const { head } = live(alice).view.state;
    await forgeAs(alice, { records: [forgedChange({ head, operations: [...operations, ...junk] })] });
    const recovered = await bring(context);
    const came = Object.values(recovered.files).sort();
    const refused = ["../out", "/abs", "a/../../out"];
    expect(came, recovered.said).toEqual(
      names
        .filter((name) => !refused.includes(name))
        .map((name) => `under ${JSON.stringify(name)}`)
        .sort(),
    );
    for (const name of ["-rf", "new\nline", "\x1b]0;title\x07", "*", "$(touch x)", "a"]) {
      expect(recovered.files[name]).toBe(`under ${JSON.stringify(name)}`);
    }
    expect(recovered.said).not.toContain("\x1b");
    expect(recovered.said.match(/not written/g)).toHaveLength(refused.length);
  }, 600_000);

  it("admits somebody new without the right to: who is not in, and comes back nowhere", async (context) => {
    const bob = await admitted("bob");
    const mallory = await world.device("mallory");
    await put(live(bob), { "b.txt": "bob's" });
    const forged = await forgeAs(bob, { records: [forgedEntry(addOf(mallory), live(alice).view.state.head)] });
    await plantFile(mallory, "m.txt", forged.signed[0]?.digest);
    const { files, apart, said } = await bring(context);
    expect({ files, apart }, said).toEqual({ files: { "b.txt": "bob's" }, apart: {} });
    expect(said).not.toContain("mallory");
  }, 600_000);

  it("writes a file whose pieces are not there: it is called incomplete, and passes for no other", async (context) => {
    const { operations } = newFile("a.txt", "never put");
    const { head } = live(alice).view.state;
    await forgeAs(alice, { records: [forgedChange({ head, operations })] });
    const [, file] = newFile("b.txt", "never declared").operations;
    await forgeAs(alice, { records: [forgedChange({ head, operations: file ? [file] : [] })] });
    const { files, said, status } = await bring(context);
    expect({ files, status }, said).toEqual({
      files: { "a.txt (incomplete)": "", "b.txt (incomplete)": "" },
      status: 0,
    });
  }, 600_000);

  it("carries over what another member has signed in another group: it counts in that group alone", async (context) => {
    const bob = await admitted("bob");
    const elsewhere = new World();
    try {
      const other = await elsewhere.device("alice", alice);
      await elsewhere.found(other);
      const { operations, archive } = newFile("other.txt", "of the other group");
      await plant(alice, "objects", archive);
      const change = forgedChange({ head: live(other).view.state.head, operations });
      await forgeAs(alice, { records: [change], group: live(other).group });
      await put(live(bob), { "b.txt": "bob's" });
      const { files, apart, said } = await bring(context);
      expect({ files, apart }, said).toEqual({ files: { "b.txt": "bob's" }, apart: {} });
    } finally {
      elsewhere.close();
    }
  }, 600_000);

  it("and another put each other out: the person is asked, and an entry that they know to be right decides", async (context) => {
    const bob = await admitted("bob", "owner");
    await put(live(alice), { "a.txt": "alice's" });
    await catchUp(live(bob));
    const { head } = live(alice).view.state;
    const acts = [alice, bob].map((device) => {
      const target = findMember(live(device).view.state, device === alice ? "bob" : "alice").id;
      const recipient = openedEpoch(live(alice)).recipient;
      return {
        device,
        act: { act: "remove", member: target, cut: [], recipient, contents: "on-change", owed: null } as const,
      };
    });
    const ends: string[] = [];
    for (const { device, act } of acts) {
      const { signed } = await forgeAs(device, { records: [forgedEntry(act, head)] });
      ends.push(signed[0]?.digest ?? "");
    }
    const asked = await bring(context, { folder: mkdtempSync(join(folder, "asked-")) });
    expect(asked.status).toBe(1);
    for (const end of ends) expect(asked.said).toContain(`${end} by`);
    const settled = await bring(context, { folder: mkdtempSync(join(folder, "settled-")), head: ends[1] ?? "" });
    expect(settled.said).toContain('in the group: "bob", owner');
    expect(settled.said).not.toContain('in the group: "alice"');
  }, 600_000);
});
