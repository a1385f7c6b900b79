import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { judgeAsking, usesOf } from "../../src/group/asking.ts";
import { chooseBranch } from "../../src/group/branch.ts";
import { applyEntry } from "../../src/group/fold.ts";
import { invitationKey, signInvited } from "../../src/group/invitation.ts";
import { INVITATIONS_MAX } from "../../src/group/invitation-rules.ts";
import { invitationOf, openInvitations } from "../../src/group/invitations.ts";
import { emptyLog, extendLog } from "../../src/group/log.ts";
import { lostActs } from "../../src/group/owed.ts";
import type { Asking } from "../../src/group/request.ts";
import { type GroupState, memberById } from "../../src/group/state.ts";
import type { Act, Role } from "../../src/records/entry.ts";
import { acts, crypto, type Person, people, sign, Tree } from "./people.ts";

type Names = "alice" | "bob" | "carol" | "dave" | "erin" | "frank";
let who: { readonly [Name in Names]: Person };
let tree: Tree;
/** alice owns, bob administers, carol edits, dave views; erin and frank are strangers. */
let head: string;

const secret = crypto.randomBytes(16);
const other = crypto.randomBytes(16);
const { invitation } = invitationKey(secret);

beforeAll(async () => {
  who = await people("alice", "bob", "carol", "dave", "erin", "frank");
  tree = await Tree.foundedBy(who.alice);
  head = await tree.addAll(tree.root, who.alice, [
    [who.bob, "admin"],
    [who.carol, "editor"],
    [who.dave, "viewer"],
  ]);
});

const state = (): GroupState => tree.state(head);

async function refusal(at: GroupState, by: Person, act: Act | Promise<Act>): Promise<string | undefined> {
  return applyEntry(at, await sign(at, { by, act: await act })).refused?.code;
}

async function follow(at: GroupState, by: Person, act: Act | Promise<Act>): Promise<GroupState> {
  const folded = applyEntry(at, await sign(at, { by, act: await act }));
  if (folded.refused) throw new Error(folded.refused.reason);
  return folded.state;
}

const endAt = (at: GroupState): string | undefined => invitationOf(at, invitation)?.end?.how;
const invited = (by: Person = who.bob, role: Role = "editor"): Promise<GroupState> =>
  follow(state(), by, acts.invite(secret, { role, name: "Erin", until: 77 }));
const admitErin = (at: GroupState): Promise<Act> => acts.admit(who.erin, secret, { group: at.group });

describe("an invitation", () => {
  it("lets in, once, with the role and the end that it was made with", async () => {
    const at = await invited();
    const after = await follow(at, who.alice, admitErin(at));
    expect(memberById(after, who.erin.id)).toMatchObject({ role: "editor", until: 77, since: after.head });
    expect(endAt(after)).toBe("used");
    expect(await refusal(after, who.alice, acts.admit(who.frank, secret, { group: at.group }))).toBe("exists");
  });

  it.each([
    ["an admin", "bob", "admin"],
    ["an editor", "carol", "viewer"],
    ["a viewer", "dave", "viewer"],
  ] as const)("of a role that %s may not give is refused", async (_what, name, role) => {
    expect(await refusal(state(), who[name], acts.invite(secret, { role }))).toBe("role-too-low");
  });

  it("is refused of a stranger, and of a kit", async () => {
    expect(await refusal(state(), who.erin, acts.invite(secret))).toBe("not-a-member");
    const entry = await sign(state(), { by: who.alice, act: acts.invite(secret), withKit: true });
    expect(applyEntry(state(), entry).refused?.code).toBe("role-too-low");
  });

  it("is refused under a key that was one's before, also one that has ended, or a device's", async () => {
    const ended = await follow(await invited(), who.bob, acts.withdraw(secret));
    expect(await refusal(ended, who.alice, acts.invite(secret))).toBe("exists");
    const act = { ...acts.invite(secret), invitation: who.carol.key } as Act;
    expect(await refusal(state(), who.alice, act)).toBe("exists");
  });

  it("is refused under a key of small order", async () => {
    const act = { ...acts.invite(secret), invitation: `01${"00".repeat(31)}` } as Act;
    expect(await refusal(state(), who.alice, act)).toBe("corrupt");
  });

  it("is refused once there are too many", async () => {
    const at = await invited();
    const crowded = { ...at, invitations: Array.from({ length: INVITATIONS_MAX }, () => at.invitations).flat() };
    expect(await refusal(crowded, who.alice, acts.invite(other))).toBe("limit");
  });

  it("lets nobody in by an admin without the right to its role", async () => {
    const at = await invited(who.alice, "admin");
    expect(await refusal(at, who.bob, admitErin(at))).toBe("role-too-low");
    expect(await refusal(at, who.carol, admitErin(at))).toBe("role-too-low");
    expect(memberById(await follow(at, who.alice, admitErin(at)), who.erin.id)?.role).toBe("admin");
  });

  it("lets nobody in by a proof for another card, another group, or with another secret", async () => {
    const at = await invited();
    const swapped = acts.admit(who.frank, secret, { group: at.group, signedFor: who.erin });
    expect(await refusal(at, who.alice, swapped)).toBe("corrupt");
    expect(await refusal(at, who.alice, acts.admit(who.erin, secret, { group: "2b".repeat(32) }))).toBe("corrupt");
    const wrong = { ...(await acts.admit(who.erin, other, { group: at.group })), invitation } as Act;
    expect(await refusal(at, who.alice, wrong)).toBe("corrupt");
  });

  it("lets nobody in by a secret that nobody has invited with", async () => {
    const at = await invited();
    expect(await refusal(at, who.alice, acts.admit(who.erin, other, { group: at.group }))).toBe("not-found");
  });

  it("is withdrawn by its maker, or whoever could have made it, and by nobody else", async () => {
    const at = await invited(who.alice, "admin");
    expect(await refusal(at, who.bob, acts.withdraw(secret))).toBe("role-too-low");
    expect(await refusal(at, who.carol, acts.withdraw(secret))).toBe("role-too-low");
    const after = await follow(at, who.alice, acts.withdraw(secret));
    expect(endAt(after)).toBe("withdrawn");
    expect(await refusal(after, who.alice, admitErin(after))).toBe("exists");
    expect(await refusal(after, who.alice, acts.withdraw(secret))).toBe("exists");
    expect(await refusal(at, who.alice, acts.withdraw(other))).toBe("not-found");
  });

  it.each([
    ["the removal of its maker", () => acts.remove(who.bob), "epoch"],
    ["the removal of anybody, who could have seen it", () => acts.remove(who.dave), "epoch"],
    ["a new key", () => acts.rotate(), "epoch"],
    ["its maker's demotion below the right", () => acts.role(who.bob, "editor"), "maker"],
  ] as const)("ends with %s", async (_what, act, how) => {
    const after = await follow(await invited(), who.alice, act());
    expect(endAt(after)).toBe(how);
    expect(await refusal(after, who.alice, admitErin(after))).toBe("exists");
  });

  it("ends when its maker leaves", async () => {
    expect(endAt(await follow(await invited(), who.bob, acts.leave()))).toBe("maker");
  });

  it("outlasts its maker's promotion, other people's roles, and additions", async () => {
    let at = await follow(await invited(), who.alice, acts.role(who.bob, "owner"));
    at = await follow(at, who.alice, acts.role(who.carol, "viewer"));
    at = await follow(at, who.alice, acts.add(who.frank));
    expect(openInvitations(at)).toHaveLength(1);
  });

  it("brings nobody back who was removed", async () => {
    const without = await follow(state(), who.alice, acts.remove(who.carol));
    const at = await follow(without, who.alice, acts.invite(secret));
    expect(await refusal(at, who.alice, acts.admit(who.carol, secret, { group: at.group }))).toBe("removed");
    expect(await refusal(at, who.alice, acts.add(who.carol))).toBeUndefined();
  });

  it("comes to one state in whatever order its entries arrive", async () => {
    const story = new Tree(tree.entries[0] as never);
    for (const entry of tree.entries.slice(1)) story.take(entry);
    let at = await story.grow(head, who.bob, acts.invite(secret, { name: "Erin" }));
    at = await story.grow(at, who.alice, acts.invite(other, { name: "Frank" }));
    at = await story.grow(at, who.alice, acts.admit(who.erin, secret, { group: story.root }));
    at = await story.grow(at, who.alice, acts.until(who.erin, 99));
    at = await story.grow(at, who.alice, acts.withdraw(other));
    fc.assert(
      fc.property(
        fc.shuffledSubarray(story.entries, { minLength: story.entries.length, maxLength: story.entries.length }),
        (entries) => {
          let log = emptyLog(story.root);
          for (const entry of entries) log = extendLog(log, [entry]);
          expect(log.nodes.get(at)?.state).toEqual(story.state(at));
        },
      ),
      { numRuns: 50 },
    );
  });
});

describe("an invitation on a lost branch", () => {
  async function lost(winning: Act | Promise<Act>): Promise<boolean | undefined> {
    const fork = new Tree(tree.entries[0] as never);
    for (const entry of tree.entries.slice(1)) fork.take(entry);
    const losing = await fork.grow(head, who.bob, acts.invite(secret));
    const kept = await fork.grow(head, who.alice, winning);
    fork.say(who.carol, kept);
    fork.say(who.dave, kept);
    const choice = chooseBranch(fork.log, { words: fork.words });
    if (!choice) throw new Error("no branch");
    expect(choice.head).toBe(kept);
    return lostActs(fork.log, choice).find(({ entry }) => entry === losing)?.again;
  }

  it("is made again by its maker, unless the key has changed since", async () => {
    expect(await lost(acts.add(who.frank))).toBe(true);
    expect(await lost(acts.remove(who.dave))).toBe(false);
    expect(await lost(acts.role(who.bob, "viewer"))).toBe(false);
  });
});

describe("a member's end", () => {
  it("is changed by whoever manages the member, and by nobody else", async () => {
    const after = await follow(state(), who.bob, acts.until(who.carol, 99));
    expect(memberById(after, who.carol.id)?.until).toBe(99);
    expect(memberById(await follow(after, who.alice, acts.until(who.carol, null)), who.carol.id)?.until).toBeNull();
    expect(await refusal(state(), who.carol, acts.until(who.carol, null))).toBe("role-too-low");
    expect(await refusal(state(), who.bob, acts.until(who.alice, 99))).toBe("role-too-low");
    expect(await refusal(state(), who.bob, acts.until(who.erin, 99))).toBe("not-found");
    expect(await refusal(after, who.bob, acts.until(who.carol, 99))).toBe("exists");
  });

  it("is over once they are made an admin or owner, and not by any other role", async () => {
    const guest = await follow(state(), who.bob, acts.until(who.carol, 99));
    const endAs = async (role: Role) =>
      memberById(await follow(guest, who.alice, acts.role(who.carol, role)), who.carol.id)?.until;
    expect([await endAs("viewer"), await endAs("admin"), await endAs("owner")]).toEqual([99, null, null]);
  });
});

describe("a request by an invitation", () => {
  const DAY = 24 * 3600 * 1000;

  async function asking(by: Person = who.erin): Promise<Asking> {
    const signed = await signInvited(crypto, { group: tree.root, card: by.id, secret });
    return { card: by.card, invited: { invitation, signed } };
  }

  async function expiring(expires: number): Promise<GroupState> {
    return follow(state(), who.bob, acts.invite(secret, { expires }));
  }

  it("is let in until the very moment at which its invitation expires, by the clock of whoever asks", async () => {
    const at = await expiring(10 * DAY);
    expect(judgeAsking(at, await asking(), 10 * DAY - 1).state).toBe("invited");
    expect(judgeAsking(at, await asking(), 10 * DAY)).toMatchObject({ state: "refused", removed: false });
  });

  it("is refused by a clock that is a year ahead, naming both days; let in late by one that is a year behind", async () => {
    const at = await expiring(400 * DAY);
    const verdict = judgeAsking(at, await asking(), (395 + 365) * DAY);
    expect(verdict).toMatchObject({ state: "refused", reason: expect.stringMatching(/1971-02-05.*1972-01-31.*clock/) });
    expect(judgeAsking(at, await asking(), (405 - 365) * DAY).state).toBe("invited");
  });

  it("is refused by an invitation that there is not, that was used, or withdrawn, each with its reason", async () => {
    const reason = async (at: GroupState): Promise<unknown> => {
      const verdict = judgeAsking(at, await asking(), 0);
      return verdict.state === "refused" ? verdict.reason : verdict.state;
    };
    expect(await reason(state())).toMatch(/no such invitation/);
    const at = await expiring(DAY);
    expect(await reason(await follow(at, who.bob, acts.withdraw(secret)))).toMatch(/withdrawn/);
    const taken = await follow(at, who.bob, acts.admit(who.frank, secret, { group: at.group }));
    expect(await reason(taken)).toMatch(/used already/);
    expect(await reason(await follow(at, who.alice, acts.remove(who.dave)))).toMatch(/key changed/);
  });

  it("of somebody who was removed is refused as that, whatever invitation it brings", async () => {
    const without = await follow(state(), who.alice, acts.remove(who.carol));
    const at = await follow(without, who.alice, acts.invite(secret, { expires: DAY }));
    expect(judgeAsking(at, await asking(who.carol), 0)).toMatchObject({ state: "refused", removed: true });
  });

  it("that comes twice with one card is one use, with two cards two", async () => {
    const at = await expiring(DAY);
    const of = async (by: Person) => ({ card: by.card, verdict: judgeAsking(at, await asking(by), 0) });
    const mine = invitationOf(at, invitation);
    if (!mine) throw new Error("no invitation");
    expect(usesOf([await of(who.erin), await of(who.erin)], mine)).toEqual([who.erin.id]);
    expect(usesOf([await of(who.erin), await of(who.frank)], mine)).toHaveLength(2);
  });
});
