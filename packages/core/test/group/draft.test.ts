import { beforeAll, describe, expect, it } from "vitest";
import { draftAdd, draftLeave, draftRemove, draftRole, draftRotate } from "../../src/group/draft.ts";
import { applyEntry } from "../../src/group/fold.ts";
import { findMember } from "../../src/group/people.ts";
import { cutTargets } from "../../src/group/refusals.ts";
import type { GroupState } from "../../src/group/state.ts";
import { fingerprint } from "../../src/identity/fingerprint.ts";
import { acts, freshRecipient, type Person, people, person, sign, Tree } from "./people.ts";

let who: { readonly [Name in "alice" | "bob" | "carol" | "erin"]: Person };
let state: GroupState;

beforeAll(async () => {
  who = await people("alice", "bob", "carol", "erin");
  const tree = await Tree.foundedBy(who.alice);
  const head = await tree.addAll(tree.root, who.alice, [
    [who.bob, "admin"],
    [who.carol, "editor"],
  ]);
  state = tree.state(head);
});

describe("drafts", () => {
  it("are what the fold then takes", async () => {
    const recipient = await freshRecipient();
    const device = who.alice.key;
    const drafts = [
      draftAdd(state, { device, card: who.erin.card, role: "viewer", account: "erin@example.org" }),
      draftRemove(state, { device, member: who.bob.id, cut: [], recipient, contents: "now" }),
      draftRole(state, { device, member: who.carol.id, role: "owner", cut: [] }),
      draftRotate(state, { device, cut: [], recipient, contents: "background" }),
    ];
    for (const act of drafts)
      expect(applyEntry(state, await sign(state, { by: who.alice, act })).refused).toBeUndefined();
  });

  it("keep the account that the folder is shared with", async () => {
    const act = draftAdd(state, {
      device: who.alice.key,
      card: who.erin.card,
      role: "editor",
      account: "e@example.org",
    });
    const next = applyEntry(state, await sign(state, { by: who.alice, act })).state;
    expect(next?.members.at(-1)).toMatchObject({ name: "erin", account: "e@example.org" });
  });

  it.each([
    [
      "an editor's addition",
      () => draftAdd(state, { device: who.carol.key, card: who.erin.card, role: "viewer" }),
      "role-too-low",
    ],
    [
      "an admin's promotion",
      () => draftRole(state, { device: who.bob.key, member: who.carol.id, role: "admin", cut: [] }),
      "role-too-low",
    ],
    ["the last owner's leave", () => draftLeave(state, { device: who.alice.key }), "last-owner"],
    [
      "a member's card again",
      () => draftAdd(state, { device: who.alice.key, card: who.bob.card, role: "editor" }),
      "exists",
    ],
    ["a stranger's leave", () => draftLeave(state, { device: who.erin.key }), "not-a-member"],
  ] as const)("refuse %s before anything is signed", (_what, draft, code) => {
    expect(draft).toThrowError(expect.objectContaining({ code }));
  });

  it("say what is needed", () => {
    expect(() => draftAdd(state, { device: who.carol.key, card: who.erin.card, role: "viewer" })).toThrowError(
      "adding a member: an editor may not add a viewer: that needs an admin or owner",
    );
  });
});

/** Everything that these people sign with. */
function keysOf(...persons: readonly Person[]): string[] {
  return persons.flatMap(({ card }) => [card.card.device.verifyingKey, card.card.kit.verifyingKey]);
}

describe("whose records an act cuts", () => {
  it("is the removed member, and whoever left before", async () => {
    const left = applyEntry(state, await sign(state, { by: who.carol, act: acts.leave() })).state;
    if (!left) throw new Error("refused");
    expect(new Set(cutTargets(left, await acts.remove(who.bob), who.alice.key))).toEqual(
      new Set(keysOf(who.bob, who.carol)),
    );
    expect(cutTargets(left, await acts.rotate(), who.alice.key)).toEqual(keysOf(who.carol));
    expect(cutTargets(state, await acts.rotate(), who.alice.key)).toEqual([]);
    expect(cutTargets(state, acts.role(who.carol, "viewer"), who.alice.key)).toEqual(keysOf(who.carol));
    expect(cutTargets(state, acts.role(who.bob, "editor"), who.alice.key)).toEqual([]);
    expect(cutTargets(state, acts.leave(), who.alice.key)).toEqual([]);
  });
});

describe("finding a member", () => {
  it("goes by name, fingerprint, or at least 8 digits of it", () => {
    expect(findMember(state, "bob").id).toBe(who.bob.id);
    expect(findMember(state, fingerprint(who.bob.id)).name).toBe("bob");
    expect(findMember(state, who.bob.id.slice(0, 8).toUpperCase()).name).toBe("bob");
    expect(findMember(state, who.bob.id).name).toBe("bob");
  });

  it.each(["bo", "Bob", "", "nobody"])("finds nobody called %j", (typed) => {
    expect(() => findMember(state, typed)).toThrowError(expect.objectContaining({ code: "not-found" }));
  });

  it("finds nobody by 7 digits", () => {
    expect(() => findMember(state, who.bob.id.slice(0, 7))).toThrowError(
      expect.objectContaining({ code: "not-found" }),
    );
  });

  it("lists fingerprints where two have one name", async () => {
    const other = await person("bob");
    const next = applyEntry(state, await sign(state, { by: who.alice, act: acts.add(other) })).state;
    if (!next) throw new Error("refused");
    expect(() => findMember(next, "bob")).toThrowError(
      new RegExp(`${fingerprint(who.bob.id)}.*${fingerprint(other.id)}`),
    );
    expect(findMember(next, fingerprint(other.id)).id).toBe(other.id);
  });

  it("is not fooled by a name that looks like another member's fingerprint", async () => {
    const eve = await person(who.bob.id.slice(0, 8));
    const next = applyEntry(state, await sign(state, { by: who.alice, act: acts.add(eve) })).state;
    if (!next) throw new Error("refused");
    expect(() => findMember(next, eve.name)).toThrowError(/fits 2 members/);
  });

  it("says of somebody who is out that they are", async () => {
    const next = applyEntry(state, await sign(state, { by: who.alice, act: await acts.remove(who.bob) })).state;
    if (!next) throw new Error("refused");
    expect(() => findMember(next, "bob")).toThrowError(/out of the group already/);
  });
});
