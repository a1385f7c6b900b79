/** What whoever was once in the group, and can still write to the storage, leaves for others to keep: it is not kept. */
import { catchUp, publicKeysOf, readAll, removeMember, type Session, sealFile, verify } from "@conclave/core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { keysLike, people, problemCodes } from "../support/attacked.ts";
import { forge, forgedEntry, forgeUnput, openedEpoch } from "../support/forge.ts";
import { encodeGrant, nameDigest, type SignedLine, sealNotice } from "../support/insides.ts";
import { budget, type Device, findMember, live, World } from "../support/world.ts";

let world: World;
beforeEach(() => {
  world = new World();
});
afterEach(() => world.close());

/** How many rows each table has that others can fill. */
function rows({ index }: Session): Record<string, number> {
  const count = (table: string) => index.get<{ n: number }>(`SELECT count(*) AS n FROM ${table}`)?.n ?? 0;
  return Object.fromEntries(["entries", "kept", "newer", "identities"].map((table) => [table, count(table)]));
}

function logOf(session: Session): SignedLine[] {
  return [...session.view.log.nodes.values()].map(({ verified }) => verified.signed);
}

/** Entries that somebody signs who was never listed. */
async function entriesOfNobody(session: Session, count: number): Promise<readonly SignedLine[]> {
  const nobody = await world.device("nobody");
  const records = Array.from({ length: count }, () => forgedEntry({ act: "leave" }, session.view.state.head));
  return (await forgeUnput(session, { as: nobody.secrets, records })).signed;
}

/** A grant to all, as its name says, that one device can open. */
async function grantFor(
  device: Device,
  options: {
    readonly group: string;
    readonly epoch: string;
    readonly lines: readonly SignedLine[];
    readonly identity?: string;
  },
): Promise<string> {
  const { group, epoch, lines, identity } = options;
  const { classic } = await publicKeysOf(device.secrets);
  const plaintext = encodeGrant({ group, identities: identity ? [[epoch, identity]] : [], lines });
  const { sealed } = await sealFile(world.crypto, { recipients: [classic], suite: "classic", plaintext });
  const key = `epochs/${epoch}-all-${nameDigest(sealed)}.age`;
  await world.store.put(key, sealed);
  return key;
}

async function afterARemoval() {
  const { alice, bob, carol } = await people({ world });
  const member = findMember(live(alice).view.state, "bob");
  await removeMember(live(alice), { member, contents: "on-change" });
  await catchUp(live(carol));
  return { alice, bob: live(bob), carol, epoch: live(alice).view.current.epoch };
}

describe("attack 36: a grant by somebody who is out, without the key of the epoch in its name", () => {
  it("is not kept, and nobody misses it once it is gone", async () => {
    const { bob, carol, epoch } = await afterARemoval();
    const before = rows(live(carol));
    const key = await grantFor(carol, { group: bob.group, epoch, lines: logOf(live(carol)) });
    await catchUp(live(carol));
    expect(rows(live(carol))).toEqual(before);
    await world.store.delete(key);
    const report = await verify(live(carol), { budget: budget(), shown: await readAll(live(carol)) });
    expect(report.problems.filter(({ code }) => code === "missing")).toEqual([]);
    await catchUp(live(carol));
    expect(await keysLike(world, new RegExp(key))).toEqual([]);
  });
});

describe("attack 10: entries that nobody has signed who was ever listed", () => {
  it("fill nobody's index from a grant", async () => {
    const { alice, carol } = await people({ world, carol: "viewer" });
    const { epoch, identity } = openedEpoch(live(carol));
    const before = rows(live(alice)).entries;
    const lines = [...logOf(live(carol)), ...(await entriesOfNobody(live(carol), 200))];
    const key = await grantFor(alice, { group: live(carol).group, epoch, lines, identity });
    await catchUp(live(alice));
    expect(live(alice).index.get("SELECT state FROM files WHERE key = ?", key)).toEqual({ state: "read" });
    expect(rows(live(alice)).entries).toBe(before);
  });

  it("fill nobody's index from a notice that ends an epoch rightly", async () => {
    const { bob, carol } = await afterARemoval();
    const before = rows(live(carol));
    const [epoch, ending] = [openedEpoch(bob), logOf(live(carol)).at(-1) as SignedLine];
    for (let notice = 0; notice < 3; notice++) {
      const { key, bytes } = await sealNotice(world.crypto, {
        epoch,
        entries: [...(await entriesOfNobody(bob, 100)), ending],
      });
      await world.store.put(key, bytes);
    }
    // Old epochs are looked through for notices while one lies there that nobody can open.
    await world.store.put(`epochs/${"ab".repeat(32)}.recipient`, new Uint8Array(63));
    await catchUp(live(carol));
    expect(rows(live(carol))).toEqual(before);
  });

  it("fill nobody's index from files of records, beyond those that are told of", async () => {
    const { alice, carol } = await afterARemoval();
    const nobody = await world.device("nobody");
    const before = rows(live(carol)).entries ?? 0;
    const records = Array.from({ length: 80 }, () => forgedEntry({ act: "leave" }, live(alice).view.state.head));
    for (let file = 0; file < 4; file++) await forge(live(alice), { as: nobody.secrets, records });
    await catchUp(live(carol));
    expect(problemCodes(live(carol))).toContain("void");
    expect(rows(live(carol)).entries).toBeLessThanOrEqual(before + 100);
  });
});

describe("attack 10: grants to all without end, by a viewer who holds the key", () => {
  it("are kept in a small number only", async () => {
    const { alice, carol } = await people({ world, carol: "viewer" });
    const { epoch, identity } = openedEpoch(live(carol));
    const { group } = live(carol);
    for (let number = 0; number < 10; number++) {
      await grantFor(alice, { group, epoch, lines: logOf(live(carol)), identity });
    }
    await catchUp(live(alice));
    expect(rows(live(alice)).kept).toBeLessThanOrEqual(4);
  });
});
