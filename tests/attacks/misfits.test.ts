/** Records that do not fit what they name, signed by a member: dropped alike by everybody, whichever comes first, and in nobody's way. */
import { catchUp, makeFolder, reencrypt } from "@conclave/core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { details, groupOf, keysLike, putBy, removeBy, shownPaths } from "../support/attacked.ts";
import { forge, forgedChange, forgeUnput, newFolder } from "../support/forge.ts";
import { runsOf } from "../support/insides.ts";
import { budget, type Device, live, put, texts, World } from "../support/world.ts";

let world: World;
beforeEach(() => {
  world = new World();
});
afterEach(() => world.close());

/** The digest of the newest record of a device. */
function newestOf(device: Device): string {
  const sql = "SELECT digest FROM lines WHERE device = ? ORDER BY number DESC LIMIT 1";
  const row = live(device).index.get<{ digest: string }>(sql, live(device).deviceKey);
  if (!row) throw new Error("it has written nothing");
  return row.digest;
}

describe("attack 50: a record that claims to follow another member's", () => {
  it("spoils nothing that is sealed anew, and holds nothing up, though it came before what it names", async () => {
    const roles = { bob: "admin", victor: "viewer" } as const;
    const [alice, bob, victor, carol] = await groupOf(world, ["bob", "victor", "carol"], roles);
    await put(live(alice), { note: "hers" });
    for (const device of [bob, victor]) await catchUp(live(device));
    const { head } = live(victor).view.state;
    const after = { writer: "f".repeat(32), number: 1, previous: newestOf(alice) };
    await forge(live(victor), { records: [forgedChange({ head, operations: [] })], after });
    await catchUp(live(carol));
    const old = live(carol).view.current.epoch;
    await removeBy(bob, "victor");
    await catchUp(live(carol));
    await reencrypt(live(carol), { budget: budget() });
    expect(await keysLike(world, new RegExp(`^${old}/(records|objects)/`))).toEqual([]);
    const newcomer = await world.device("newcomer");
    await world.admit(bob, newcomer);
    expect(await texts(live(newcomer))).toEqual({ note: "hers" });
  });

  it.each([
    ["of another device", "bob", 0, 2],
    ["of another writer", "alice", 1, 2],
    ["with another number", "alice", 0, 3],
  ] as const)("is sealed into no file with that one: %s", async (_, by, writer, number) => {
    const [alice, bob] = await groupOf(world, ["bob"]);
    const empty = forgedChange({ head: live(alice).view.state.head, operations: [] });
    const writers = ["a".repeat(32), "b".repeat(32)] as const;
    const genuine = { writer: writers[0], number: 0, previous: null };
    const { signed } = await forgeUnput(live(alice), { records: [empty, empty], after: genuine });
    const after = { writer: writers[writer], number, previous: signed[1]?.digest ?? "" };
    const forged = await forgeUnput(live(by === "bob" ? bob : alice), { records: [empty], after });
    const place = { device: live(alice).deviceKey, writer: writers[0] };
    const lines = signed.map((line, index) => ({ ...line, ...place, number: index + 1 }));
    const [line] = forged.signed;
    if (!line) throw new Error("nothing was signed");
    const misfit = {
      ...line,
      device: live(by === "bob" ? bob : alice).deviceKey,
      writer: writers[writer],
      number: number + 1,
    };
    expect(runsOf([...lines, misfit]).map((run) => run.length)).toEqual([2, 1]);
  });
});

describe("attack 8: a file of records of which one does not fit", () => {
  it("is taken in alike by who knew what that one names and who did not, without that one and its word", async () => {
    const [alice, bob, carol] = await groupOf(world, ["bob", "carol", "dave"]);
    const before = live(bob).view.state.head;
    const removal = await putBy(world, () => removeBy(alice, "dave"), /\/records\//);
    await catchUp(live(bob));
    const { head } = live(bob).view.state;
    await forge(live(bob), {
      records: [
        forgedChange({ head: before, operations: [newFolder(live(bob), "for all")] }),
        // The entry is no change, and so nobody's parent.
        forgedChange({ head, parents: [newestOf(alice)], operations: [newFolder(live(bob), "for nobody")] }),
      ],
    });
    carol.hooks.hides = (key) => removal.has(key);
    for (const device of [alice, carol]) await catchUp(live(device));
    carol.hooks.hides = undefined;
    await catchUp(live(carol));
    await makeFolder(live(carol), "built on it");
    await catchUp(live(alice));
    for (const device of [alice, carol]) {
      expect(shownPaths(live(device))).toEqual(["built on it", "for all"]);
      expect(details(live(device), "foreign")).toEqual([expect.stringContaining("does not fit what it names")]);
    }
    const wordsOf = ({ session }: Device) =>
      session?.index.all("SELECT entry FROM words WHERE device = ? ORDER BY entry", live(bob).deviceKey);
    expect(wordsOf(carol)).toEqual(wordsOf(alice));
  });
});
