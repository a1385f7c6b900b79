import { beforeAll, describe, expect, it } from "vitest";
import { chooseBranch } from "../../src/group/branch.ts";
import { branchBase, changeVerdict, type History, hasRole, historyOf, locationTrust } from "../../src/group/rights.ts";
import { acts, type Person, people, Tree } from "./people.ts";

type Names = "alice" | "bob" | "carol" | "dave" | "erin";
let who: { readonly [Name in Names]: Person };
let tree: Tree;
let start: string;

beforeAll(async () => {
  who = await people("alice", "bob", "carol", "dave", "erin");
});

/** alice owns, bob administers, carol edits, dave views. */
async function group(): Promise<void> {
  tree = await Tree.foundedBy(who.alice);
  start = await tree.addAll(tree.root, who.alice, [
    [who.bob, "admin"],
    [who.carol, "editor"],
    [who.dave, "viewer"],
  ]);
}

function history(): History {
  const choice = chooseBranch(tree.log, { words: tree.words });
  if (!choice) throw new Error("no first entry");
  return historyOf(tree.log, choice);
}

const digest = "ab".repeat(32);

/** The verdict on a change of `by` at `head`, with the entries whose cut lets it through. */
function verdict(by: Person, head: string, within: readonly string[] = []): string {
  const record = { device: by.key, head, digest };
  const result = changeVerdict(history(), {
    record,
    isWithinCut: (_record, cutting) => within.includes(cutting.digest),
  });
  return result.counts ? "counts" : result.why;
}

describe("a change", () => {
  it.each([
    ["alice", "counts"],
    ["bob", "counts"],
    ["carol", "counts"],
    ["dave", "not-an-editor"],
    ["erin", "not-an-editor"],
  ] as const)("of %s: %s", async (by, expected) => {
    await group();
    expect(verdict(who[by], start)).toBe(expected);
  });

  it("of a kit does not count", async () => {
    await group();
    const record = { device: who.alice.card.card.kit.verifyingKey, head: start, digest };
    expect(changeVerdict(history(), { record, isWithinCut: () => true })).toMatchObject({ why: "not-an-editor" });
  });

  it("waits while its head has not been seen, and while its head does not count", async () => {
    await group();
    expect(verdict(who.carol, "00".repeat(32))).toBe("unknown-head");
    const refused = await tree.grow(start, who.carol, acts.rotate());
    expect(verdict(who.carol, refused)).toBe("unknown-head");
  });

  it("counts that was made before its author became an editor but is one now", async () => {
    await group();
    await tree.grow(start, who.alice, acts.role(who.dave, "editor"));
    expect(verdict(who.dave, start)).toBe("counts");
  });

  it("counts after a demotion that leaves the right to write, uncut", async () => {
    await group();
    await tree.grow(start, who.alice, acts.role(who.bob, "editor"));
    expect(verdict(who.bob, start)).toBe("counts");
  });

  it("of a removed member counts only within the cut, however its head is dated", async () => {
    await group();
    const removal = await tree.grow(start, who.bob, acts.remove(who.carol));
    expect(verdict(who.carol, start)).toBe("cut");
    expect(verdict(who.carol, tree.root)).toBe("not-an-editor");
    expect(verdict(who.carol, start, [removal])).toBe("counts");
    expect(verdict(who.carol, removal, [removal])).toBe("not-an-editor");
  });

  it("says by whom it is cut", async () => {
    await group();
    const removal = await tree.grow(start, who.bob, acts.remove(who.carol));
    const result = changeVerdict(history(), {
      record: { device: who.carol.key, head: start, digest },
      isWithinCut: () => false,
    });
    expect(result).toMatchObject({ counts: false, why: "cut", by: removal });
    expect(result.counts ? "" : result.reason).toMatch(/removal by bob/);
  });

  it("of a member demoted to viewer counts only within the cut, also after a promotion", async () => {
    await group();
    const demotion = await tree.grow(start, who.bob, acts.role(who.carol, "viewer"));
    expect(verdict(who.carol, start)).toBe("cut");
    const promotion = await tree.grow(demotion, who.bob, acts.role(who.carol, "editor"));
    expect(verdict(who.carol, start)).toBe("cut");
    expect(verdict(who.carol, start, [demotion])).toBe("counts");
    expect(verdict(who.carol, promotion)).toBe("counts");
  });

  it("is judged anew when it builds on an admission after the removal", async () => {
    await group();
    const removal = await tree.grow(start, who.bob, acts.remove(who.carol));
    const again = await tree.grow(removal, who.bob, acts.add(who.carol));
    expect(verdict(who.carol, again)).toBe("counts");
    expect(verdict(who.carol, start)).toBe("cut");
    await tree.grow(again, who.bob, acts.remove(who.carol));
    expect(verdict(who.carol, again)).toBe("cut");
    expect(verdict(who.carol, start, [removal])).toBe("cut");
  });

  it.each(["rotation", "removal"] as const)("of somebody who left counts until a %s cuts it", async (what) => {
    await group();
    const leave = await tree.grow(start, who.carol, acts.leave());
    expect(verdict(who.carol, start)).toBe("counts");
    expect(verdict(who.carol, leave)).toBe("not-an-editor");
    const end = await tree.grow(leave, who.bob, what === "rotation" ? acts.rotate() : acts.remove(who.dave));
    expect(verdict(who.carol, start)).toBe("cut");
    expect(verdict(who.carol, start, [end])).toBe("counts");
  });

  it("of somebody who left and is back is not cut by the next epoch where they may write again, and is where not", async () => {
    for (const [role, expected] of [
      ["editor", "counts"],
      ["viewer", "cut"],
    ] as const) {
      await group();
      const leave = await tree.grow(start, who.carol, acts.leave());
      const back = await tree.grow(leave, who.bob, acts.add(who.carol, role));
      expect(verdict(who.carol, start)).toBe("counts");
      await tree.grow(back, who.bob, acts.rotate());
      expect(verdict(who.carol, start)).toBe(expected);
    }
  });

  it("whose head lies on a lost branch is judged where that branch left the chosen one", async () => {
    await group();
    const lost = await tree.grow(start, who.bob, acts.add(who.erin));
    const chosen = await tree.grow(start, who.alice, acts.rotate());
    tree.say(who.dave, chosen);
    expect(branchBase(history(), lost)).toBe(start);
    expect(verdict(who.carol, lost)).toBe("counts");
    expect(verdict(who.erin, lost)).toBe("not-an-editor");
  });
});

describe("a location's signer", () => {
  it.each([
    ["alice", "trusted"],
    ["carol", "trusted"],
    ["dave", "reading-only"],
    ["erin", "reading-only"],
  ] as const)("%s is %s", async (by, trust) => {
    await group();
    expect(locationTrust(history(), who[by].key)).toBe(trust);
  });

  it("serves reading only once removed", async () => {
    await group();
    await tree.grow(start, who.alice, acts.remove(who.carol));
    expect(locationTrust(history(), who.carol.key)).toBe("reading-only");
  });
});

it("gives a role only to listed devices, and every role below it", async () => {
  await group();
  const state = tree.state(start);
  expect(hasRole(state, { device: who.bob.key, role: "viewer" })).toBe(true);
  expect(hasRole(state, { device: who.bob.key, role: "admin" })).toBe(true);
  expect(hasRole(state, { device: who.bob.key, role: "owner" })).toBe(false);
  expect(hasRole(state, { device: who.erin.key, role: "viewer" })).toBe(false);
});
