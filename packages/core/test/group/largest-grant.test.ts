/** The largest grant that the rules of the log allow can be made, is no larger than a file may be, and opens. */
import { expect, it } from "vitest";
import { newEpochIdentity } from "../../src/age/epoch-identity.ts";
import { GRANT_IDENTITIES_MAX, openGrant, parseGrantKey, sealGrant } from "../../src/group/grant.ts";
import { LOG_WEIGHT_MAX } from "../../src/group/log-limits.ts";
import { DEVICES_MAX } from "../../src/group/refusals.ts";
import { weightOf } from "../../src/group/room.ts";
import { currentEpoch, type GroupState } from "../../src/group/state.ts";
import { STORED_BYTES_MAX } from "../../src/ports/store.ts";
import { crypto, found, person, Tree } from "./people.ts";

const MIB = 1024 * 1024;

it("of a full log, to as many devices and with as many keys as there may be, fits one file and opens", async () => {
  const alice = await person("alice");
  const { identity, recipient } = await newEpochIdentity("hybrid");
  const tree = new Tree(await found(alice, { suite: "hybrid", recipient }));
  const [first] = tree.entries;
  if (!first) throw new Error("no entry");
  const { members, ...rest } = tree.state(tree.root);
  const [founder] = members;
  if (!founder) throw new Error("no member");
  const device = founder.devices[0] as (typeof founder.devices)[number];
  const state: GroupState = { ...rest, members: [{ ...founder, devices: Array(DEVICES_MAX).fill(device) }] };
  const { epoch } = currentEpoch(state);
  const pair = [epoch, identity] as const;
  const line = new Uint8Array(MIB).fill(65);
  const lines = [first.signed];
  for (let left = LOG_WEIGHT_MAX - weightOf(first.signed); left > 0; left -= MIB) {
    lines.push({ ...first.signed, line: line.subarray(0, Math.min(MIB, left) - 90) });
  }
  expect(lines.reduce((sum, each) => sum + weightOf(each), 0)).toBe(LOG_WEIGHT_MAX);
  const identities = Array.from({ length: GRANT_IDENTITIES_MAX }, () => pair);
  const { key, bytes } = await sealGrant(crypto, { state, audience: "all", identities, lines });
  expect(bytes.length).toBeLessThanOrEqual(STORED_BYTES_MAX);
  expect(bytes.length).toBeGreaterThan(LOG_WEIGHT_MAX);
  const name = parseGrantKey(key);
  if (!name) throw new Error("no grant");
  const opened = await openGrant(crypto, { name, bytes, identities: alice.device });
  expect(opened?.lines).toHaveLength(lines.length);
  expect(opened?.identities).toHaveLength(GRANT_IDENTITIES_MAX);
});
