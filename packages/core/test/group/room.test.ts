/** How much of the log is whose: what counts is what there is room for. */
import { beforeAll, describe, expect, it } from "vitest";
import { applyEntry } from "../../src/group/fold.ts";
import { LAST_ROOM, LOG_WEIGHT_MAX } from "../../src/group/log-limits.ts";
import { shareFilled, weightOf } from "../../src/group/room.ts";
import { type GroupState, type Member, memberById } from "../../src/group/state.ts";
import type { Act } from "../../src/records/entry.ts";
import { acts, deviceOf, type Person, people, sign, Tree, withNewKit } from "./people.ts";

const MIB = 1024 * 1024;
const secret = new Uint8Array(16).fill(7);
let who: Record<"alice" | "bob" | "carol" | "dave" | "erin", Person>;
let tree: Tree;
/** alice owns the group; she let in bob, an admin, who let in carol, an editor; dave, an editor, came by alice. */
let head: string;

beforeAll(async () => {
  who = await people("alice", "bob", "carol", "dave", "erin");
  tree = await Tree.foundedBy(who.alice);
  head = await tree.addAll(tree.root, who.alice, [
    [who.bob, "admin"],
    [who.dave, "editor"],
  ]);
  head = await tree.grow(head, who.bob, acts.add(who.carol));
});

/** As if the log had so much left, and these had signed so much. */
function filled(
  at: GroupState,
  { left, ...weights }: { readonly left: number } & { readonly [name: string]: number },
): GroupState {
  const filledBy = (member: Member) => ({ ...member, weight: weights[member.name] ?? member.weight });
  return {
    ...at,
    weight: LOG_WEIGHT_MAX - LAST_ROOM - left,
    members: at.members.map(filledBy),
    departures: at.departures.map((each) => ({ ...each, member: filledBy(each.member) })),
  };
}

async function refusal(at: GroupState, by: Person, act: Act | Promise<Act>, withKit = false) {
  return applyEntry(at, await sign(at, { by, act: await act, withKit })).refused;
}

async function follow(at: GroupState, by: Person, act: Act | Promise<Act>): Promise<GroupState> {
  const { state, refused } = applyEntry(at, await sign(at, { by, act: await act }));
  if (!state) throw new Error(refused.reason);
  return state;
}

const withoutRoom = { code: "log-full", reason: expect.stringContaining("group's log") };

describe("what an entry weighs", () => {
  it("is its record's bytes, and two kibibytes at least", () => {
    expect(weightOf({ line: new Uint8Array(1958) })).toBe(2048);
    expect(weightOf({ line: new Uint8Array(1959) })).toBe(2049);
  });

  it("is on its author's account, and an admission on the newcomer's", async () => {
    const at = tree.state(head);
    const weights = ({ members }: GroupState) => members.map(({ weight }) => weight);
    const invited = await follow(at, who.bob, acts.invite(secret));
    expect(weights(invited)).toEqual(weights(at).map((each, index) => each + (index === 1 ? 2048 : 0)));
    expect(invited.weight).toBe(at.weight + 2048);
    const added = await follow(at, who.alice, acts.add(who.erin));
    expect(weights(added)).toEqual([...weights(at), added.weight - at.weight]);
    expect(added.weight - at.weight).toBeGreaterThan(5000);
    const recovered = await sign(at, {
      by: who.dave,
      act: await acts.recover(withNewKit(await deviceOf(who.dave))),
      withKit: true,
    });
    const after = applyEntry(at, recovered).state;
    expect(memberById(after ?? at, who.dave.id)?.weight).toBe(
      (memberById(at, who.dave.id)?.weight ?? 0) + weightOf(recovered.signed),
    );
  });

  it("stays on the account of who has left, and not of who came back", async () => {
    const left = await follow(tree.state(head), who.dave, acts.leave());
    const before = memberById(tree.state(head), who.dave.id)?.weight ?? 0;
    expect(left.departures.at(-1)?.member.weight).toBe(before + 2048);
    const back = await follow(left, who.alice, acts.add(who.dave));
    expect(memberById(back, who.dave.id)?.weight).toBe(back.weight - left.weight);
  });
});

describe("an editor", () => {
  const device = async () => acts.admitDevice(await deviceOf(who.dave));

  it("signs a 64th of what is left, and no more", async () => {
    const at = (dave: number) => filled(tree.state(head), { left: 10 * MIB, dave });
    expect(await refusal(at(150_000), who.dave, device())).toBeUndefined();
    expect(await refusal(at(165_000), who.dave, device())).toMatchObject(withoutRoom);
    expect(await refusal(at(165_000), who.dave, acts.kit(withNewKit(who.dave)))).toMatchObject(withoutRoom);
  });

  it("takes own devices off the list, and recovers, up to twice as much", async () => {
    const phone = await deviceOf(who.dave);
    const listed = await follow(tree.state(head), who.dave, acts.admitDevice(phone));
    const at = (dave: number) => filled(listed, { left: 10 * MIB, dave });
    const recover = acts.recover(withNewKit(await deviceOf(who.dave, "laptop")));
    expect(await refusal(at(320_000), who.dave, acts.removeDevice([phone]))).toBeUndefined();
    expect(await refusal(at(320_000), who.dave, recover, true)).toBeUndefined();
    expect(await refusal(at(327_000), who.dave, acts.removeDevice([phone]))).toMatchObject(withoutRoom);
    expect(await refusal(at(327_000), who.dave, recover, true)).toMatchObject(withoutRoom);
  });

  it("whom an admin let in signs what both may, until an owner makes the admin an owner or the editor an admin", async () => {
    const act = async () => acts.admitDevice(await deviceOf(who.carol));
    const full = { left: 10 * MIB, bob: 20 * MIB, carol: 10_000 };
    const at = filled(tree.state(head), full);
    expect(await refusal(at, who.carol, act())).toMatchObject(withoutRoom);
    expect(await refusal(filled(tree.state(head), { ...full, bob: 19 * MIB }), who.carol, act())).toBeUndefined();
    expect(await refusal(await follow(at, who.alice, acts.role(who.bob, "owner")), who.carol, act())).toBeUndefined();
    expect(await refusal(await follow(at, who.alice, acts.role(who.carol, "admin")), who.carol, act())).toBeUndefined();
    expect(await refusal(await follow(at, who.alice, acts.remove(who.bob)), who.carol, act())).toMatchObject(
      withoutRoom,
    );
    expect(await refusal(at, who.dave, device())).toBeUndefined();
  });

  it("always leaves, but where not even owners remove any more", async () => {
    const at = (left: number) => filled(tree.state(head), { left, carol: 31 * MIB, bob: 31 * MIB });
    expect(await refusal(at(0), who.carol, acts.leave())).toBeUndefined();
    expect(await refusal(at(2048 - LAST_ROOM), who.carol, acts.leave())).toBeUndefined();
    expect(await refusal(at(2047 - LAST_ROOM), who.carol, acts.leave())).toMatchObject(withoutRoom);
  });
});

describe("an admin", () => {
  it("signs twice what is left, whom they let in included, and lets nobody in after that", async () => {
    const at = (bob: number) => filled(tree.state(head), { left: 10 * MIB, bob, carol: MIB });
    expect(await refusal(at(18.9 * MIB), who.bob, acts.invite(secret))).toBeUndefined();
    expect(await refusal(at(19 * MIB), who.bob, acts.invite(secret))).toMatchObject(withoutRoom);
    expect(await refusal(at(18.9 * MIB), who.bob, acts.add(who.erin))).toBeUndefined();
    expect(await refusal(at(19 * MIB), who.bob, acts.add(who.erin))).toMatchObject(withoutRoom);
    expect(await refusal(at(19 * MIB), who.bob, acts.remove(who.dave))).toMatchObject(withoutRoom);
    expect(await refusal(at(19 * MIB), who.alice, acts.add(who.erin))).toBeUndefined();
  });

  it("pays for whoever comes by their invitations, whoever admits them", async () => {
    const invited = await follow(tree.state(head), who.bob, acts.invite(secret));
    const at = (bob: number) => filled(invited, { left: 10 * MIB, bob });
    const admit = acts.admit(who.erin, secret, { group: tree.root });
    expect(await refusal(at(19.9 * MIB), who.alice, admit)).toBeUndefined();
    expect(await refusal(at(20 * MIB), who.alice, admit)).toMatchObject(withoutRoom);
    const come = await follow(at(0), who.alice, admit);
    expect(memberById(come, who.erin.id)?.sponsor).toBe(memberById(come, who.bob.id)?.since);
  });

  it("does not pay for whoever comes by an owner's invitation", async () => {
    const invited = await follow(tree.state(head), who.alice, acts.invite(secret));
    const at = filled(invited, { left: 10 * MIB, bob: 31 * MIB });
    const admit = acts.admit(who.erin, secret, { group: tree.root });
    expect(await refusal(at, who.bob, admit)).toBeUndefined();
    expect(memberById(await follow(at, who.bob, admit), who.erin.id)?.sponsor).toBeNull();
  });
});

describe("an owner", () => {
  it.each([
    ["remove", () => acts.remove(who.carol)],
    ["demote", () => acts.role(who.bob, "editor")],
    ["change the key", () => acts.rotate()],
    ["take a device off the list", () => acts.removeDevice([who.carol])],
  ] as const)("may %s in the last of the room, and an admin may not", async (_what, act) => {
    const at = filled(await follow(tree.state(head), who.carol, acts.admitDevice(await deviceOf(who.carol))), {
      left: -1,
    });
    expect(await refusal(at, who.alice, act())).toBeUndefined();
    const past = { ...at, weight: LOG_WEIGHT_MAX - 2047 };
    expect(await refusal(past, who.alice, act())).toMatchObject(withoutRoom);
    const admins = await follow(tree.state(head), who.alice, acts.add(who.erin, "admin"));
    const byAdmin = await refusal(filled(admins, { left: -1 }), who.erin, act());
    expect(byAdmin?.code).toMatch(/log-full|role-too-low/);
  });

  it.each([
    ["add", () => acts.add(who.erin)],
    ["promote", () => acts.role(who.carol, "admin")],
    ["invite", () => acts.invite(secret)],
  ] as const)("may not %s there", async (_what, act) => {
    expect(await refusal(filled(tree.state(head), { left: 6000 }), who.alice, act())).toBeUndefined();
    expect(await refusal(filled(tree.state(head), { left: 2047 }), who.alice, act())).toMatchObject(withoutRoom);
  });
});

it("any number of admins, one after the other, leave owners some room, and how much of theirs they filled is known", async () => {
  let left = LOG_WEIGHT_MAX - LAST_ROOM;
  for (let count = 0; count < 5; count++) left -= (left * 2) / 3;
  const at = filled(tree.state(head), { left, bob: left, carol: left / 128 });
  expect(await refusal(at, who.alice, acts.add(who.erin))).toBeUndefined();
  const shares = ["alice", "bob", "carol"].map((name) =>
    shareFilled(at, at.members.find((each) => each.name === name) as Member),
  );
  expect(shares.map((share) => share.toFixed(2))).toEqual(["0.00", "0.50", "0.50"]);
});
