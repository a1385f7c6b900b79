import { beforeAll, describe, expect, it } from "vitest";
import { entryOf, foundOf } from "../../src/group/draft.ts";
import { applyEntry, foundState } from "../../src/group/fold.ts";
import { emptyLog, extendLog } from "../../src/group/log.ts";
import { refusalOf } from "../../src/group/rules.ts";
import { currentEpoch, departureOf, formerMembers, type GroupState, memberById } from "../../src/group/state.ts";
import { type VerifiedEntry, verifyEntry } from "../../src/group/verified-entry.ts";
import type { Act, Role } from "../../src/records/entry.ts";
import { signLine } from "../../src/records/signed-line.ts";
import { acts, crypto, found, freshRecipient, type Person, people, sign, Tree } from "./people.ts";

type Names = "alice" | "bob" | "carol" | "dave" | "erin" | "frank";
let who: { readonly [Name in Names]: Person };
let tree: Tree;
/** alice and frank own, bob administers, carol edits, dave views. */
let head: string;

beforeAll(async () => {
  who = await people("alice", "bob", "carol", "dave", "erin", "frank");
  tree = await Tree.foundedBy(who.alice);
  head = await tree.addAll(tree.root, who.alice, [
    [who.bob, "admin"],
    [who.carol, "editor"],
    [who.dave, "viewer"],
    [who.frank, "owner"],
  ]);
});

const state = (): GroupState => tree.state(head);

async function refusal(by: Person, act: Act | Promise<Act>, at: GroupState = state()): Promise<string | undefined> {
  return applyEntry(at, await sign(at, { by, act: await act })).refused?.code;
}

async function follow(by: Person, act: Act | Promise<Act>, at: GroupState = state()): Promise<GroupState> {
  const folded = applyEntry(at, await sign(at, { by, act: await act }));
  if (folded.refused) throw new Error(folded.refused.reason);
  return folded.state;
}

describe("founding", () => {
  it("makes its author the owner, with a device and a kit", () => {
    const founder = tree.state(tree.root).members[0];
    expect(founder).toMatchObject({ name: "alice", role: "owner", id: who.alice.id });
    expect(founder?.devices.map((device) => device.kind)).toEqual(["device", "kit"]);
  });

  it("refuses a founder's card of another device", async () => {
    const value = {
      ...foundOf({ card: who.bob.card, ...plainGroup(), recipient: await freshRecipient() }),
      device: who.alice.key,
    };
    const entry = await verifyEntry(crypto, await signLine(crypto, { value, signingKey: who.alice.device.signingKey }));
    expect(foundState(entry).refused?.reason).toMatch(/another device/);
  });

  it.each(["hybrid", "classic"] as const)("refuses an epoch of the other suite in a %s group", async (suite) => {
    const recipient = await freshRecipient(suite === "hybrid" ? "classic" : "hybrid");
    expect(foundState(await found(who.alice, { suite, recipient })).refused?.code).toBe("unsupported");
  });

  it("refuses a device's own recipient as the epoch's", async () => {
    const recipient = who.alice.card.card.device.classic;
    expect(foundState(await found(who.alice, { recipient })).refused?.code).toBe("exists");
  });

  it("refuses a founder's card that does not prove itself", async () => {
    const value = foundOf({ card: who.alice.card, ...plainGroup(), recipient: await freshRecipient() });
    const forged = { ...value, card: value.card.replace('"name":"alice"', '"name":"alicf"') };
    const entry = await verifyEntry(
      crypto,
      await signLine(crypto, { value: forged, signingKey: who.alice.device.signingKey }),
    );
    expect(foundState(entry).refused?.code).toBe("corrupt");
  });

  it("refuses to found a group twice", async () => {
    expect(applyEntry(state(), await found(who.alice)).refused?.code).toBe("malformed");
  });
});

function plainGroup() {
  return { writer: "00".repeat(16), suite: "classic", settled: true, lagSeconds: null, time: 1 } as const;
}

describe("signatures and links", () => {
  it("refuses an entry that another device signed", async () => {
    const value = entryOf(state(), { place: placeOf(who.alice), act: acts.add(who.erin), time: 1 });
    const forged = signLine(crypto, { value, signingKey: who.carol.device.signingKey });
    await expect(verifyEntry(crypto, await forged)).rejects.toMatchObject({ code: "corrupt" });
  });

  it("refuses an entry whose signature was made for another type", async () => {
    const value = entryOf(state(), { place: placeOf(who.alice), act: acts.add(who.erin), time: 1 });
    const asChange = { ...value, type: "conclave/v1/change" } as const;
    const { signature } = await signLine(crypto, { value: asChange, signingKey: who.alice.device.signingKey });
    const { line, digest } = await signLine(crypto, { value, signingKey: who.alice.device.signingKey });
    await expect(verifyEntry(crypto, { line, digest, signature })).rejects.toMatchObject({ code: "corrupt" });
  });

  it("refuses records of other types, known or not", async () => {
    const { signingKey } = who.alice.device;
    const change = {
      type: "conclave/v1/change",
      group: tree.root,
      ...placeOf(who.alice),
      head,
      parents: [],
      operations: [],
      time: 1,
    } as const;
    const asChange = await signLine(crypto, { value: change, signingKey });
    await expect(verifyEntry(crypto, asChange)).rejects.toMatchObject({ code: "malformed" });
    const newer = await signLine(crypto, {
      value: { ...change, type: "conclave/v2/entry" as "conclave/v1/entry" },
      signingKey,
    });
    await expect(verifyEntry(crypto, newer)).rejects.toMatchObject({ code: "unsupported" });
  });

  it("refuses a stranger's entry", async () => {
    expect(await refusal(who.erin, acts.add(who.erin, "owner"))).toBe("not-a-member");
  });

  it("refuses an owner's kit as a signer", async () => {
    const entry = await sign(state(), { by: who.alice, act: acts.add(who.erin), withKit: true });
    expect(applyEntry(state(), entry).refused?.reason).toMatch(/recovery kit/);
  });

  it("refuses an entry of another group with the same people", async () => {
    const other = await Tree.foundedBy(who.alice);
    const entry = await sign(other.state(other.root), { by: who.alice, act: acts.add(who.erin) });
    expect(applyEntry(state(), entry).refused?.reason).toMatch(/another group/);
  });

  it("refuses an entry at any state but its parent's", async () => {
    const entry = await sign(tree.state(tree.root), { by: who.alice, act: acts.add(who.erin) });
    expect(applyEntry(state(), entry).refused?.reason).toMatch(/another entry/);
  });
});

function placeOf(by: Person) {
  return { device: by.key, writer: "00".repeat(16), number: 1, previous: null };
}

describe("rights", () => {
  const roles: readonly Role[] = ["viewer", "editor", "admin", "owner"];
  const actors = { alice: roles, bob: ["viewer", "editor"], carol: [], dave: [] } as const;

  for (const [name, allowed] of Object.entries(actors) as [keyof typeof actors, readonly Role[]][]) {
    for (const role of roles) {
      const verb = allowed.includes(role) ? "lets" : "does not let";
      it(`${verb} ${name} add somebody as ${role}`, async () => {
        expect(await refusal(who[name], acts.add(who.erin, role))).toBe(
          allowed.includes(role) ? undefined : "role-too-low",
        );
      });
    }
  }

  it.each([
    ["alice", "frank", undefined],
    ["alice", "bob", undefined],
    ["bob", "carol", undefined],
    ["bob", "dave", undefined],
    ["bob", "alice", "role-too-low"],
    ["carol", "dave", "role-too-low"],
    ["dave", "carol", "role-too-low"],
    ["carol", "carol", "role-too-low"],
    ["alice", "alice", "role-too-low"],
    ["alice", "erin", "not-found"],
  ] as const)("judges %s removing %s: %s", async (by, target, code) => {
    expect(await refusal(who[by], acts.remove(who[target]))).toBe(code);
  });

  it.each([
    ["alice", "carol", "admin", undefined],
    ["alice", "bob", "owner", undefined],
    ["alice", "frank", "viewer", undefined],
    ["alice", "alice", "editor", undefined],
    ["bob", "carol", "viewer", undefined],
    ["bob", "dave", "editor", undefined],
    ["bob", "carol", "admin", "role-too-low"],
    ["bob", "bob", "owner", "role-too-low"],
    ["bob", "bob", "editor", "role-too-low"],
    ["bob", "alice", "editor", "role-too-low"],
    ["carol", "carol", "admin", "role-too-low"],
    ["dave", "dave", "editor", "role-too-low"],
    ["alice", "carol", "editor", "exists"],
    ["alice", "erin", "editor", "not-found"],
  ] as const)("judges %s making %s %s: %s", async (by, target, role, code) => {
    expect(await refusal(who[by], acts.role(who[target], role))).toBe(code);
  });

  it.each([
    ["alice", undefined],
    ["bob", undefined],
    ["carol", "role-too-low"],
    ["dave", "role-too-low"],
  ] as const)("judges %s rotating: %s", async (by, code) => {
    expect(await refusal(who[by], acts.rotate())).toBe(code);
  });

  it.each(["alice", "bob", "carol", "dave"] as const)("lets %s leave", async (by) => {
    const left = await follow(who[by], acts.leave());
    expect(memberById(left, who[by].id)).toBeUndefined();
    expect(departureOf(left, who[by].id)).toMatchObject({ how: "left", by: who[by].id, cut: null });
  });
});

describe("a group never orphans itself", () => {
  let alone: GroupState;
  beforeAll(async () => {
    alone = await follow(who.alice, acts.remove(who.frank));
  });

  it("refuses the last owner's leave", async () => {
    expect(await refusal(who.alice, acts.leave(), alone)).toBe("last-owner");
  });

  it("refuses the last owner's demotion of itself", async () => {
    expect(await refusal(who.alice, acts.role(who.alice, "admin"), alone)).toBe("last-owner");
  });

  it("lets the owner go once there is another", async () => {
    const shared = await follow(who.alice, acts.role(who.bob, "owner"), alone);
    expect(await refusal(who.alice, acts.leave(), shared)).toBeUndefined();
  });
});

describe("keys", () => {
  it("refuses a card of a member again", async () => {
    expect(await refusal(who.alice, acts.add(who.carol))).toBe("exists");
  });

  it.each([
    ["verifyingKey", "corrupt"],
    ["hybrid", "exists"],
    ["classic", "exists"],
  ] as const)("refuses another card with a member's %s", async (key, code) => {
    const thief = await cardWith(who.erin, { [key]: who.carol.card.card.device[key] });
    expect(await refusal(who.alice, thief)).toBe(code);
  });

  it("refuses another card with a former member's kit as its device's recipient", async () => {
    const without = await follow(who.alice, acts.remove(who.carol));
    const thief = await cardWith(who.erin, { classic: who.carol.card.card.kit.classic });
    expect(await refusal(who.alice, thief, without)).toBe("exists");
  });

  it("refuses a card whose recipient is an epoch's", async () => {
    const thief = await cardWith(who.erin, { classic: currentEpoch(state()).recipient });
    expect(await refusal(who.alice, thief)).toBe("exists");
  });

  it("admits the identical card of somebody who is out again, under the same id", async () => {
    const without = await follow(who.alice, acts.remove(who.carol));
    const again = await follow(who.alice, acts.add(who.carol, "viewer"), without);
    expect(memberById(again, who.carol.id)).toMatchObject({ role: "viewer", since: again.head });
    expect(formerMembers(again)).toEqual([]);
    expect(again.departures).toHaveLength(1);
  });

  it("refuses a card whose signature does not fit, and says so in the audit view", async () => {
    const act = acts.add(who.erin) as Extract<Act, { act: "add" }>;
    const swapped = { ...act, card: act.card.replace('"name":"erin"', '"name":"eric"') };
    const entry = await sign(state(), { by: who.alice, act: swapped });
    expect(entry.flaw).not.toBeNull();
    expect(applyEntry(state(), entry).refused?.code).toBe("corrupt");
  });

  it("refuses an addition without a verified card", () => {
    const proposal = { device: who.alice.key, act: acts.add(who.erin), card: null };
    expect(refusalOf(state(), proposal)?.code).toBe("corrupt");
  });

  it("refuses a recipient that was used before", async () => {
    expect(await refusal(who.alice, acts.rotate({ recipient: currentEpoch(state()).recipient }))).toBe("exists");
  });

  it("refuses a device's recipient as an epoch's", async () => {
    expect(await refusal(who.alice, acts.rotate({ recipient: who.dave.card.card.kit.classic }))).toBe("exists");
  });

  it("refuses a recipient of the other suite", async () => {
    expect(await refusal(who.alice, acts.remove(who.carol, { recipient: await freshRecipient("hybrid") }))).toBe(
      "unsupported",
    );
  });

  it("refuses a recipient that nobody can seal to", async () => {
    const recipient = `age1${"q".repeat(58)}`;
    expect(await refusal(who.alice, acts.rotate({ recipient }))).toBe("corrupt");
  });

  it("refuses more devices than one grant can reach", async () => {
    const crowded = {
      ...state(),
      members: Array.from({ length: 64 }, () => state().members)
        .flat()
        .slice(0, 128),
    };
    expect(await refusal(who.alice, acts.add(who.erin), { ...crowded, head: state().head })).toBe("limit");
  });
});

/** An `add` of a card like `owner`'s but with other keys in its device's place, signed as far as that can be done. */
async function cardWith(
  owner: Person,
  keys: Partial<Record<"verifyingKey" | "hybrid" | "classic", string>>,
): Promise<Act> {
  const value = { ...owner.card.card, device: { ...owner.card.card.device, ...keys } };
  const signed = await signLine(crypto, { value, signingKey: owner.device.signingKey });
  return {
    act: "add",
    card: new TextDecoder().decode(signed.line),
    signature: btoa(String.fromCharCode(...signed.signature)),
    role: "editor",
    account: null,
    until: null,
  };
}

describe("epochs and cuts", () => {
  const cut = [["11".repeat(16), "22".repeat(32)]] as const;

  it("starts a new epoch with a removal", async () => {
    const next = await follow(who.bob, acts.remove(who.carol, { cut }));
    expect(next.epochs).toHaveLength(2);
    expect(currentEpoch(next)).toMatchObject({ author: who.bob.key, entry: next.head });
    expect(departureOf(next, who.carol.id)).toMatchObject({ how: "removed", by: who.bob.id, cut });
  });

  it("keeps the epoch with a demotion", async () => {
    expect((await follow(who.alice, acts.role(who.carol, "viewer", cut))).epochs).toHaveLength(1);
  });

  it("owes a rotation after a leave until one follows, whose cut bounds who left", async () => {
    const left = await follow(who.carol, acts.leave());
    expect(left.owedRotation).toEqual([left.head]);
    const rotated = await follow(who.bob, acts.rotate({ cut }), left);
    expect(rotated.owedRotation).toEqual([]);
    expect(departureOf(rotated, who.carol.id)).toMatchObject({ how: "left", cut });
  });

  it("settles a leave by a removal too", async () => {
    const left = await follow(who.carol, acts.leave());
    const removed = await follow(who.bob, acts.remove(who.dave, { cut }), left);
    expect(removed.owedRotation).toEqual([]);
    expect(departureOf(removed, who.carol.id)?.cut).toEqual(cut);
  });

  it.each([
    ["a rotation that no leave owes", () => acts.rotate({ cut })],
    ["a promotion", () => acts.role(who.carol, "admin", cut)],
    ["a demotion that leaves the right to write", () => acts.role(who.bob, "editor", cut)],
  ])("refuses a cut in %s", async (_what, act) => {
    expect(await refusal(who.alice, act())).toBe("malformed");
  });
});

describe("the log", () => {
  it("counts nothing that builds on a refused entry", async () => {
    const evil = await sign(state(), { by: who.carol, act: acts.add(who.erin, "owner") });
    const child = await sign({ ...state(), head: evil.digest }, { by: who.alice, act: acts.leave() });
    const log = extendLog(tree.log, [child, evil]);
    expect(log.refused.get(evil.digest)?.refusal.code).toBe("role-too-low");
    expect(log.refused.get(child.digest)?.refusal.reason).toMatch(/does not count/);
    expect(log.nodes.size).toBe(tree.log.nodes.size);
  });

  it("lets entries wait for their parents, and takes them in any order", () => {
    const [first, ...rest] = tree.entries as [VerifiedEntry, ...VerifiedEntry[]];
    const waiting = extendLog(emptyLog(tree.root), rest.toReversed());
    expect(waiting.nodes.size).toBe(0);
    expect(waiting.pending.size).toBe(rest.length);
    const whole = extendLog(waiting, [first]);
    expect(whole.pending.size).toBe(0);
    expect(whole.nodes.get(head)?.state).toEqual(tree.state(head));
  });

  it("refuses another group's first entry", async () => {
    const stranger = await found(who.erin);
    expect(extendLog(tree.log, [stranger]).refused.get(stranger.digest)?.refusal.code).toBe("corrupt");
  });

  it("gives the same log back when nothing is new", () => {
    expect(extendLog(tree.log, tree.entries)).toBe(tree.log);
  });
});
