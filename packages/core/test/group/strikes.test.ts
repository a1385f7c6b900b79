/** A fork with very many children: any member can sign them in an old place, also one who is out by now. */
import { describe, expect, it } from "vitest";
import type { Blow } from "../../src/group/blows.ts";
import type { ForkCase } from "../../src/group/fork-case.ts";
import { type Falls, fellOwnWord, fellRank, fellStrikes, fellUnsaid, fellVoices } from "../../src/group/fork-rules.ts";

const [BOB, LAPTOP, PHONE, KIT] = ["bob", "bob's laptop", "bob's phone", "bob's kit"];

/** As many children as that, signed by two devices of one member, each of which replaces the kit or takes the other one off. */
function forkOf(count: number): ForkCase {
  const children = Array.from({ length: count }, (_, number) => String(number).padStart(8, "0"));
  const signer = (child: string) => (Number(child) % 2 === 0 ? LAPTOP : PHONE) as string;
  const target = (child: string) => [KIT, signer(child) === LAPTOP ? PHONE : LAPTOP][Number(child) % 3 === 0 ? 1 : 0];
  const blows = new Map<string, Blow[]>(
    children.map((child) => [child, [{ entry: child, author: BOB, devices: [target(child) ?? ""], removes: true }]]),
  );
  const said = new Map([[BOB, new Set(children)]]);
  return {
    children,
    authorOf: new Map(children.map((child) => [child, BOB])),
    deviceOf: new Map(children.map((child) => [child, signer(child)])),
    memberOfSigner: new Map([LAPTOP, PHONE].map((device) => [device, BOB])),
    byAdmins: new Set(),
    members: new Set([BOB]),
    wordsOf: said,
    allWordsOf: said,
    blows,
    ownBlows: blows,
  };
}

/** The least of several times, in milliseconds, of judging such a fork by every rule. */
function timeOf(count: number): number {
  const fork = forkOf(count);
  const times = Array.from({ length: 7 }, () => {
    const start = performance.now();
    const falls: Falls = new Map();
    fellOwnWord(fork, falls);
    fellVoices(fork, falls);
    fellStrikes(fork, falls);
    fellUnsaid(fork, falls);
    fellRank(fork, falls);
    return performance.now() - start;
  });
  return Math.min(...times);
}

describe("attack 10: children of one fork by the thousand", () => {
  it("cost what they are, not what each is beside each other, where one member has signed them", () => {
    timeOf(200);
    expect(timeOf(6400) / timeOf(200)).toBeLessThan(32 * 8);
  });

  it("strike each other as few do: who hits back is not struck", () => {
    const fork = forkOf(12);
    const falls: Falls = new Map();
    expect(fellStrikes(fork, falls)).toBe(true);
    // Only those that take the other device off hit anybody; who does not hit back falls.
    expect(fork.children.filter((child) => !falls.has(child)).map(Number)).toEqual([0, 3, 6, 9]);
    falls.clear();
    const quiet = {
      ...fork,
      ownBlows: new Map([...fork.ownBlows].filter(([child]) => fork.deviceOf.get(child) === LAPTOP)),
    };
    expect(fellStrikes(quiet, falls)).toBe(false);
    expect(falls.size).toBe(6);
    expect(falls.get("00000001")).toEqual({ rule: "struck", by: "00000000" });
  });
});
