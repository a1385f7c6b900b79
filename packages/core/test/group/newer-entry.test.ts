import { beforeAll, describe, expect, it } from "vitest";
import { toUtf8 } from "../../src/encoding/bytes.ts";
import { newerEntryBy } from "../../src/group/newer-entry.ts";
import type { SignedLine } from "../../src/records/signed-line.ts";
import { signLine } from "../../src/records/signed-line.ts";
import { crypto, found, type Person, people } from "./people.ts";

let who: { readonly [Name in "alice" | "eve"]: Person };

beforeAll(async () => {
  who = await people("alice", "eve");
});

/** A record as a later version might write it. */
function later(value: Readonly<Record<string, unknown>>, by: Person): Promise<SignedLine> {
  const record = { type: "conclave/v2/entry", group: "1a".repeat(32), ...value, act: { act: "something new" } };
  return signLine(crypto, { value: record as never, signingKey: by.device.signingKey });
}

describe("an entry of a later version", () => {
  it("is known by the device that has signed it", async () => {
    expect(await newerEntryBy(crypto, await later({ device: who.alice.key }, who.alice))).toBe(who.alice.key);
  });

  it.each<[string, () => Promise<SignedLine>]>([
    ["that somebody else has signed", () => later({ device: who.alice.key }, who.eve)],
    ["that names no device", () => later({}, who.alice)],
    ["that is another kind of record", () => later({ type: "conclave/v2/change", device: who.alice.key }, who.alice)],
    ["that is of this version", async () => (await found(who.alice)).signed],
    ["that is no record", async () => ({ ...(await later({}, who.alice)), line: toUtf8("nothing") })],
  ])("%s is none", async (_, line) => {
    expect(await newerEntryBy(crypto, await line())).toBeUndefined();
  });
});
