/** A log that somebody makes long: what of it travels in grants and notices, and what a member may add to it. */
import { beforeAll, describe, expect, it } from "vitest";
import { newEpochIdentity } from "../../src/age/epoch-identity.ts";
import { applyEntry } from "../../src/group/fold.ts";
import { GRANT_IDENTITIES_MAX } from "../../src/group/grant.ts";
import { Growing } from "../../src/group/growing.ts";
import { type Log, type LogNode, pathTo } from "../../src/group/log.ts";
import { NOTICE_BYTES_MAX, noticeEntries, sealNotice } from "../../src/group/notice.ts";
import type { GroupState } from "../../src/group/state.ts";
import type { SqlDatabase } from "../../src/ports/sql.ts";
import type { Act, Cut } from "../../src/records/entry.ts";
import type { SignedLine } from "../../src/records/signed-line.ts";
import { GRANT_LOG_BYTES_AIM, logLines } from "../../src/session/writing/log-lines.ts";
import { fittingEpochs } from "../../src/session/writing/make-grant.ts";
import { acts, crypto, deviceOf, type Person, people, sign, Tree, withNewKit } from "./people.ts";

const MIB = 1024 * 1024;
let alice: Person;
let bob: Person;
let phone: Person;
let tree: Tree;
/** bob edits and has two devices. */
let head: string;

beforeAll(async () => {
  ({ alice, bob } = await people("alice", "bob"));
  phone = await deviceOf(bob);
  tree = await Tree.foundedBy(alice);
  head = await tree.addAll(tree.root, alice, [[bob, "editor"]]);
  head = await tree.grow(head, bob, acts.admitDevice(phone));
});

/** The same log, as if these entries were so large. */
function swollen(log: Log, isLarge: (node: LogNode) => boolean, bytes: number): Log {
  const line = new Uint8Array(bytes);
  const nodes = [...log.nodes.values()].map((node): [string, LogNode] => {
    const { verified } = node;
    if (!isLarge(node)) return [node.digest, node];
    return [node.digest, { ...node, verified: { ...verified, signed: { ...verified.signed, line } } }];
  });
  return { ...log, nodes: new Map(nodes) };
}

const digests = (lines: readonly SignedLine[]) => lines.map(({ digest }) => digest);

describe("attack 10: entries in old places", () => {
  it("leave the whole followed branch room in every grant, and travel as far as there is more", async () => {
    const flooded = await Tree.foundedBy(alice);
    const old = await flooded.addAll(flooded.root, alice, [[bob, "admin"]]);
    const followed = await flooded.grow(old, alice, acts.invite(new Uint8Array(16)));
    for (let time = 0; time < 40; time++) {
      const side = await flooded.grow(old, bob, acts.invite(new Uint8Array(16).fill(time + 1)));
      await flooded.grow(side, bob, acts.invite(new Uint8Array(16).fill(time + 101)));
    }
    const own = digests(pathTo(flooded.log, followed).map(({ verified }) => verified.signed));
    const all = logLines(flooded.log, followed);
    expect(all).toHaveLength(flooded.log.nodes.size);
    const large = swollen(flooded.log, ({ digest }) => !own.includes(digest), MIB);
    const some = logLines(large, followed);
    expect(digests(some)).toEqual(expect.arrayContaining(own));
    expect(some.length).toBeGreaterThan(own.length);
    expect(some.reduce((sum, { line }) => sum + line.length, 0)).toBeLessThan(GRANT_LOG_BYTES_AIM);
    // Whoever takes an entry in has taken in what it follows.
    const kept = new Set(digests(some));
    for (const { digest } of some) expect(kept).toContain(large.nodes.get(digest)?.parent ?? digest);
    const full = swollen(flooded.log, ({ digest }) => own.includes(digest), 6 * MIB);
    expect(digests(logLines(full, followed))).toEqual(own);
  });

  it("or very many in one epoch make no notice that nobody reads: the newest stay in it", async () => {
    const flooded = await Tree.foundedBy(alice);
    let last = flooded.root;
    for (let time = 0; time < 12; time++) last = await flooded.grow(last, alice, acts.invite(seal(time)));
    const { epoch = "" } = flooded.state(last).epochs.at(-1) ?? {};
    const path = digests(pathTo(flooded.log, last).map(({ verified }) => verified.signed));
    const entries = noticeEntries(
      swollen(flooded.log, () => true, MIB),
      { head: last, epoch },
    );
    expect(digests(entries)).toEqual(path.slice(-entries.length));
    expect(entries.length).toBeGreaterThan(2);
    expect((await sealed(entries)).length).toBeLessThan(NOTICE_BYTES_MAX);
    const alone = noticeEntries(
      swollen(flooded.log, () => true, 5 * MIB),
      { head: last, epoch },
    );
    expect(digests(alone)).toEqual([last]);
    expect((await sealed(alone)).length).toBeLessThan(NOTICE_BYTES_MAX);
  });

  const seal = (time: number) => new Uint8Array(16).fill(time + 1);

  async function sealed(entries: readonly SignedLine[]): Promise<Uint8Array> {
    const epoch = { ...(await newEpochIdentity("classic")), suite: "classic" as const };
    return (await sealNotice(crypto, { epoch, entries })).bytes;
  }
});

describe("attack 10: a member who goes through devices without end", () => {
  /** As if so many of bob's had been taken off the list. */
  async function gone(count: number): Promise<GroupState> {
    const state = tree.state(head);
    const { state: removed } = applyEntry(state, await sign(state, { by: bob, act: await acts.removeDevice([phone]) }));
    const [one] = removed?.retired ?? [];
    if (!one) throw new Error("nothing was removed");
    return { ...state, retired: Array.from({ length: count }, () => one) };
  }

  async function refusal(at: GroupState, act: Act | Promise<Act>, options: { by?: Person; withKit?: boolean } = {}) {
    const { by = bob, withKit = false } = options;
    return applyEntry(at, await sign(at, { by, act: await act, withKit })).refused?.code;
  }

  it("lists no further device or kit, but removes what there is, and comes back by the kit", async () => {
    const tablet = await deviceOf(bob, "tablet");
    const laptop = withNewKit(await deviceOf(bob, "laptop"));
    const kit = () => acts.kit(withNewKit(bob));
    const [almost, full, spent] = [await gone(255), await gone(256), await gone(512)];
    expect(await refusal(almost, acts.admitDevice(tablet))).toBeUndefined();
    expect(await refusal(almost, kit())).toBeUndefined();
    expect(await refusal(full, acts.admitDevice(tablet))).toBe("limit");
    expect(await refusal(full, kit())).toBe("limit");
    expect(await refusal(full, acts.removeDevice([phone]))).toBeUndefined();
    expect(await refusal(full, acts.recover(laptop), { withKit: true })).toBeUndefined();
    expect(await refusal(spent, acts.recover(laptop), { withKit: true })).toBe("limit");
    expect(await refusal(spent, acts.removeDevice([phone]))).toBeUndefined();
    const others = await deviceOf(alice, "phone");
    expect(await refusal(spent, acts.admitDevice(others), { by: alice })).toBeUndefined();
  });

  it("cannot fill the group, so that others come in, and back by their kits", async () => {
    const tablet = await deviceOf(bob, "tablet");
    const laptop = withNewKit(await deviceOf(bob, "laptop"));
    const state = tree.state(head);
    /** As if bob had so many. */
    const having = (count: number): GroupState => ({
      ...state,
      members: state.members.map((each) => {
        const [one] = each.devices.filter(({ kind }) => kind === "device");
        if (each.id !== bob.id || !one) return each;
        const more = Array.from({ length: count - 2 }, (_, number) => ({ ...one, verifyingKey: `${number}` }));
        return { ...each, devices: [...each.devices, ...more] };
      }),
    });
    expect(await refusal(having(31), acts.admitDevice(tablet))).toBeUndefined();
    expect(await refusal(having(32), acts.admitDevice(tablet))).toBe("limit");
    expect(await refusal(having(63), acts.recover(laptop), { withKit: true })).toBeUndefined();
    expect(await refusal(having(64), acts.recover(laptop), { withKit: true })).toBe("limit");
    expect(await refusal(having(64), acts.removeDevice([phone]))).toBeUndefined();
    const others = await deviceOf(alice, "phone");
    expect(await refusal(having(64), acts.admitDevice(others), { by: alice })).toBeUndefined();
  });

  it("names few copies of them in a cut, and so does everybody", async () => {
    const cutOf = (length: number): Cut =>
      Array.from({ length }, (_, number) => [String(number).padStart(32, "0"), "0".repeat(64)] as const);
    const state = tree.state(head);
    expect(await refusal(state, acts.removeDevice([phone], { cut: cutOf(256) }))).toBeUndefined();
    for (const by of [bob, alice]) {
      const act = acts.removeDevice([phone], { cut: cutOf(257) });
      await expect(refusal(state, act, { by })).rejects.toMatchObject({ code: "malformed" });
    }
  });
});

describe("attack 10: keys that somebody changes without end", () => {
  it("leave in a grant those that something needs: of epochs in which contents lie, then the newest", () => {
    const newestFirst = Array.from({ length: GRANT_IDENTITIES_MAX + 100 }, (_, number) => String(number));
    const oldest = newestFirst.at(-1) ?? "";
    const index = { all: () => [{ epoch: oldest }] } as unknown as SqlDatabase;
    const kept = fittingEpochs({ index }, newestFirst);
    // Beside these there are the current epoch and the one that is about to begin.
    expect(kept).toEqual([...newestFirst.slice(0, GRANT_IDENTITIES_MAX - 3), oldest]);
  });
});

describe("a list that only grows", () => {
  it("shows each of those that share it as much as there was, on branches too", () => {
    const root = Growing.by<{ key: string; of: string }>(({ key }) => key).with({ key: "a", of: "root" });
    const left = root.with({ key: "b", of: "left" }).with({ key: "a", of: "left" });
    const right = root.with({ key: "b", of: "right" });
    expect([...root, ...left, ...right].map(({ of }) => of)).toEqual(["root", "root", "left", "left", "root", "right"]);
    expect([root, left, right].map((list) => list.get("b")?.of)).toEqual([undefined, "left", "right"]);
    expect([root, left, right].map((list) => list.get("a")?.of)).toEqual(["root", "root", "root"]);
    expect([root.at(-1)?.of, left.at(1)?.of, right.at(-1)?.of, root.at(1)]).toEqual([
      "root",
      "left",
      "right",
      undefined,
    ]);
    expect(right.with({ key: "a", of: "right" }).get("a")?.of).toBe("root");
  });
});
