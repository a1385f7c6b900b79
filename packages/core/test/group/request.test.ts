import { beforeAll, describe, expect, it } from "vitest";
import { type EpochIdentity, newEpochIdentity } from "../../src/age/epoch-identity.ts";
import { sealFile } from "../../src/age/file.ts";
import { concatBytes } from "../../src/encoding/bytes.ts";
import { nameDigest } from "../../src/encoding/digest.ts";
import {
  openRequest,
  parseRequestKey,
  type RequestName,
  requestId,
  requestState,
  sealRequest,
} from "../../src/group/request.ts";
import { makeCard } from "../../src/identity/card.ts";
import { publicKeysOf } from "../../src/identity/device.ts";
import { padLines } from "../../src/records/records-file.ts";
import { encodeSignedLine, signLine } from "../../src/records/signed-line.ts";
import { acts, crypto, type Person, people, Tree } from "./people.ts";

let who: { readonly [Name in "alice" | "bob" | "eve"]: Person };
let epoch: EpochIdentity;
const group = "1a".repeat(32);

beforeAll(async () => {
  who = await people("alice", "bob", "eve");
  epoch = await newEpochIdentity("hybrid");
});

function nameOf(key: string): RequestName {
  const name = parseRequestKey(key);
  if (!name) throw new Error(`${key} is no request`);
  return name;
}

const opener = () => ({ identity: epoch.identity, suite: "hybrid" as const });

/** Seals any plaintext under the name of a person's request. */
async function sealAs(
  person: Person,
  plaintext: Uint8Array,
): Promise<{ name: RequestName; bytes: Uint8Array<ArrayBuffer> }> {
  const { sealed } = await sealFile(crypto, {
    recipients: [epoch.recipient],
    suite: "hybrid",
    plaintext: padLines(plaintext),
  });
  return { name: { id: requestId({ group, device: person.key }), digest: nameDigest(sealed) }, bytes: sealed };
}

describe("a join request", () => {
  it("brings the card, under one id for each device and group", async () => {
    const { key, bytes } = await sealRequest(crypto, {
      group,
      asking: { card: who.bob.card, invited: null },
      recipient: epoch.recipient,
    });
    const name = nameOf(key);
    expect(name.id).toBe(requestId({ group, device: who.bob.key }));
    const { card } = await openRequest(crypto, { group, name, bytes, epoch: opener() });
    expect(card).toEqual(who.bob.card);
  });

  it("refuses altered bytes", async () => {
    const { key, bytes } = await sealRequest(crypto, {
      group,
      asking: { card: who.bob.card, invited: null },
      recipient: epoch.recipient,
    });
    bytes.set([(bytes.at(-1) ?? 0) ^ 1], bytes.length - 1);
    await expect(openRequest(crypto, { group, name: nameOf(key), bytes, epoch: opener() })).rejects.toMatchObject({
      code: "corrupt",
    });
    const renamed = { ...nameOf(key), digest: nameDigest(bytes) };
    await expect(openRequest(crypto, { group, name: renamed, bytes, epoch: opener() })).rejects.toMatchObject({
      code: "corrupt",
    });
  });

  it("refuses whole bytes under a name that they do not fit", async () => {
    const { key, bytes } = await sealRequest(crypto, {
      group,
      asking: { card: who.bob.card, invited: null },
      recipient: epoch.recipient,
    });
    const name = { ...nameOf(key), digest: "00".repeat(16) };
    await expect(openRequest(crypto, { group, name, bytes, epoch: opener() })).rejects.toThrow(/fit its name/);
  });

  it("refuses a request that was made for another group", async () => {
    const { key, bytes } = await sealRequest(crypto, {
      group: "2b".repeat(32),
      asking: { card: who.bob.card, invited: null },
      recipient: epoch.recipient,
    });
    await expect(openRequest(crypto, { group, name: nameOf(key), bytes, epoch: opener() })).rejects.toMatchObject({
      code: "corrupt",
    });
  });

  it("refuses a card whose keys were swapped on the way", async () => {
    const value = {
      ...who.bob.card.card,
      device: { ...who.bob.card.card.device, hybrid: who.eve.card.card.device.hybrid },
    };
    const signed = await signLine(crypto, { value, signingKey: who.eve.device.signingKey });
    const request = await sealAs(who.bob, encodeSignedLine(signed));
    await expect(openRequest(crypto, { group, ...request, epoch: opener() })).rejects.toMatchObject({
      code: "corrupt",
    });
  });

  it("refuses two cards, none, and too large a file", async () => {
    const card = encodeSignedLine(who.bob.card.signed);
    for (const plaintext of [concatBytes(card, card), new Uint8Array(0)]) {
      const request = await sealAs(who.bob, plaintext);
      await expect(openRequest(crypto, { group, ...request, epoch: opener() })).rejects.toMatchObject({
        code: "corrupt",
      });
    }
    const large = await sealAs(who.bob, concatBytes(card, new Uint8Array(40_000).fill(0x0a)));
    await expect(openRequest(crypto, { group, ...large, epoch: opener() })).rejects.toMatchObject({ code: "limit" });
  });

  it.each(["requests/x", `requests/${"0".repeat(32)}.age`, `requests/${"0".repeat(64)}-${"0".repeat(32)}.age`])(
    "is nothing under the key %s",
    (key) => {
      expect(parseRequestKey(key)).toBeUndefined();
    },
  );
});

describe("what becomes of a request", () => {
  it("waits from a stranger, is answered for a member, and refused from somebody who is out", async () => {
    const tree = await Tree.foundedBy(who.alice);
    expect(requestState(tree.state(tree.root), who.bob.card)).toBe("waiting");
    const added = await tree.grow(tree.root, who.alice, acts.add(who.bob));
    expect(requestState(tree.state(added), who.bob.card)).toBe("member");
    const removed = await tree.grow(added, who.alice, acts.remove(who.bob));
    expect(requestState(tree.state(removed), who.bob.card)).toBe("refused");
  });

  it("is refused from a new card with the keys of somebody who is out", async () => {
    const tree = await Tree.foundedBy(who.alice);
    const added = await tree.grow(tree.root, who.alice, acts.add(who.bob));
    const removed = await tree.grow(added, who.alice, acts.remove(who.bob));
    const kit = await publicKeysOf(who.eve.kit);
    const disguised = await makeCard(crypto, { name: "Robert", device: who.bob.device, kit, time: 2 });
    expect(requestState(tree.state(removed), disguised)).toBe("refused");
  });
});
