/**
 * Holds the product against `test/reference`, which was written from SPEC.md alone: on random logs, with random words, pins and
 * settlings, both must find the same entries counting, and the same groups, forks, branches, owed removals and changes.
 *
 * Planted by hand in the product, one at a time, and each found within eleven forests: of equal digests the last wins; an
 * author's own voice counts; what is struck back strikes; a disowned device has a voice; rule 3 is left out; a new epoch ends
 * no invitation; a demotion's cut binds nobody.
 */
import { readFileSync } from "node:fs";
import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { afterEach, describe, expect, it, vi } from "vitest";
import { openFile } from "../../src/age/file.ts";
import { requireRecipient } from "../../src/age/suite.ts";
import { fromHex } from "../../src/encoding/hex.ts";
import { ConclaveError } from "../../src/errors.ts";
import { chooseBranch } from "../../src/group/branch.ts";
import { judgeFork } from "../../src/group/fork.ts";
import { groundsOf } from "../../src/group/fork-case.ts";
import { emptyLog, extendLog, type Log } from "../../src/group/log.ts";
import { owedRemovals } from "../../src/group/owed.ts";
import { changeVerdict, historyOf } from "../../src/group/rights.ts";
import { type GroupState, liveDevices } from "../../src/group/state.ts";
import { treeOrder } from "../../src/group/tree-order.ts";
import { type VerifiedEntry, verifyEntries } from "../../src/group/verified-entry.ts";
import { isAdmissibleKey } from "../../src/records/ed25519.ts";
import { decodeSignedLines, type SignedLine } from "../../src/records/signed-line.ts";
import { branchOf } from "../reference/branch.ts";
import { type Keys, once } from "../reference/cards.ts";
import { fold, grown, type Node, parentOf } from "../reference/fold.ts";
import { Judge } from "../reference/fork.ts";
import type { Group } from "../reference/group.ts";
import { owedRemovals as referenceOwed } from "../reference/owed.ts";
import { counts } from "../reference/rights.ts";
import { LIMITS } from "../reference/room.ts";
import type { Said } from "../reference/words.ts";
import { type Cast, type Draw, Forest, newCast, oneOf } from "../support/random-logs.ts";
import { type Planted, type Situation, situationIn } from "../support/situations.ts";
import { type Bytes, bytesOf, inputsOf, type VectorCase, type VectorFile } from "../vectors/vector-file.ts";
import { crypto } from "./people.ts";

/** The limits of a log that are not as SPEC.md states them, but so small that a short one comes near them. */
const shortened = vi.hoisted(() => new Map<string, number>());
vi.mock("../../src/group/log-limits.ts", async (actual) => {
  const own = await actual<Readonly<Record<string, number>>>();
  const names = Object.keys(own);
  return Object.defineProperties(
    {},
    Object.fromEntries(names.map((name) => [name, { enumerable: true, get: () => shortened.get(name) ?? own[name] }])),
  );
});
const STATED = { ...LIMITS };

/** Holds both to a log of some ten or thirty entries, and to shares that these can fill. */
function shortenLogs(draw: Draw): void {
  const [total, last] = [36_000 + draw(40_000), draw(10_000)];
  const [adminTimes, memberPart] = [oneOf(draw, [2, 1, 1 / 2]), oneOf(draw, [1 / 8, 1 / 2, 1])];
  Object.assign(LIMITS, { total, left: total - last, leastWeight: 4000, adminTimes, memberPart });
  shortened.set("LOG_WEIGHT_MAX", total).set("LAST_ROOM", last).set("ENTRY_WEIGHT_MIN", 4000);
  shortened.set("ADMIN_SHARE", adminTimes).set("MEMBER_SHARE", memberPart);
}

afterEach(() => {
  shortened.clear();
  Object.assign(LIMITS, STATED);
});

const FORESTS = 20;
const ENTRIES = 100;
/** Cut out of each forest. */
const LOGS = 60;

/** The product's verdict on keys and recipients, each asked for once: that is another part's business. */
const keys: Keys = {
  isAdmissible: once((key) => isAdmissibleKey(fromHex(key))),
  isSealable: once((recipient) => {
    try {
      requireRecipient(recipient, recipient.startsWith("age1pq1") ? "hybrid" : "classic");
      return true;
    } catch (error) {
      if (error instanceof ConclaveError) return false;
      throw error;
    }
  }),
};

/** What both are compared by: plain data, in an order of its own. */
interface Findings {
  readonly groups: ReadonlyMap<string, unknown>;
  /** The children that the rules leave standing at each fork: more than one where it is contested. */
  readonly standing: ReadonlyMap<string, readonly string[]>;
  readonly path: readonly string[];
  readonly isUndecided: boolean;
  readonly isLate: boolean;
  readonly owed: ReadonlyMap<string, { readonly isOnlyByAuthor: boolean }>;
  readonly counting: readonly boolean[];
}

function byReference({ group, lines, said, pin, settled, stood, changes, isWithin }: Situation): Findings {
  const log = fold(group, lines, keys);
  const nodes = [...log.values()];
  const judge = new Judge(log, said);
  const branch = branchOf(log, { said, pin, settled, hasStood: (entry) => stood.has(entry) });
  return {
    groups: new Map(nodes.map((node) => [node.digest, groupOf(node.group)])),
    standing: new Map(
      nodes
        .filter(({ children }) => children.length > 1)
        .map((node) => [
          node.digest,
          judge
            .judge(node)
            .map(({ digest }) => digest)
            .sort(),
        ]),
    ),
    path: branch.path.map(({ digest }) => digest),
    isUndecided: branch.isUndecided,
    isLate: branch.isLate,
    owed: new Map(referenceOwed(log, branch, judge.words).map(({ entry, ...rest }) => [entry.digest, rest])),
    counting: changes.map(({ device, entry }, index) =>
      counts(branch.path, { device, head: entry }, ({ digest }) => isWithin(index, digest)),
    ),
  };
}

function groupOf({ members, invitations, recipients }: Group): unknown {
  return {
    members: new Map([...members].map(([id, { devices, ...rest }]) => [id, { ...rest, devices: [...devices].sort() }])),
    open: [...invitations].flatMap(([key, { isOpen, maker, role, account, until }]) =>
      isOpen ? { key, maker, role, account, until } : [],
    ),
    recipients: [...recipients],
  };
}

function byProduct(entries: readonly VerifiedEntry[], situation: Situation): Findings {
  const { group, said, pin, settled, stood, changes, isWithin } = situation;
  const log = extendLog(emptyLog(group), entries);
  const hold = { ...(pin === undefined ? {} : { pinned: pin }), ...(settled === undefined ? {} : { settled }), stood };
  const choice = chooseBranch(log, { words: said, ...hold });
  if (!choice) throw new Error("no first entry");
  const history = historyOf(log, choice);
  const owed = owedRemovals(log, { choice, words: said }).filter(({ isOwed }) => isOwed);
  return {
    groups: new Map([...log.nodes.values()].map(({ digest, state }) => [digest, stateOf(state)])),
    standing: standingAt(log, said),
    path: choice.path,
    isUndecided: choice.undecided,
    isLate: choice.late,
    owed: new Map(owed.map(({ entry, onlyByAuthor }) => [entry, { isOnlyByAuthor: onlyByAuthor }])),
    counting: changes.map(
      ({ device, entry }, index) =>
        changeVerdict(history, {
          record: { device, head: entry, digest: "" },
          isWithinCut: (_, cutting) => isWithin(index, cutting.digest),
        }).counts,
    ),
  };
}

function standingAt(log: Log, words: readonly Said[]): Findings["standing"] {
  const grounds = groundsOf(log, { order: treeOrder(log), words });
  const forks = [...log.children].filter(([, children]) => children.length > 1);
  return new Map(
    forks.map(([at]) => {
      const { children, contested } = judgeFork(grounds, { at, pinned: undefined });
      const left = children.filter(({ fall }) => fall === null || (contested && fall.rule === "contested"));
      return [at, left.map(({ digest }) => digest).sort()];
    }),
  );
}

function stateOf({ members, invitations, epochs }: GroupState): unknown {
  return {
    members: new Map(
      members.map((member) => {
        const { id, role, account, until, devices } = member;
        const kit = devices.find(({ kind }) => kind === "kit")?.verifyingKey;
        const live = liveDevices(member).map(({ verifyingKey }) => verifyingKey);
        return [id, { role, account, until, kit, devices: live.sort() }];
      }),
    ),
    open: invitations.flatMap(({ end, invitation, maker, role, account, until }) =>
      end ? [] : { key: invitation, maker, role, account, until },
    ),
    recipients: [...epochs].map(({ recipient }) => recipient),
  };
}

async function forestOf(cast: Cast, draw: Draw): Promise<ReadonlyMap<string, Planted>> {
  const forest = new Map<string, Planted>();
  const nodes = new Map<string, Node>();
  let group: string | undefined;
  const take = (line: SignedLine) => {
    group ??= line.digest;
    const parent = parentOf(line);
    const node = grown(group, nodes.get(parent ?? ""), line, keys);
    if (node) nodes.set(line.digest, node);
    forest.set(line.digest, { line, parent, crowd: node?.group });
    return node?.group;
  };
  await new Forest(cast, { draw, take }).grow(ENTRIES);
  return forest;
}

/** All entries of the vectors: a log of three, many that follow it, and first entries of other groups. */
async function vectorLines(): Promise<SignedLine[]> {
  const [grant, entry, found] = ["grant", "entry", "found"].map(
    (name) => JSON.parse(readFileSync(`vectors/${name}.json`, "utf8")) as VectorFile,
  ) as [VectorFile, VectorFile, VectorFile];
  const second = inputsOf(
    grant,
    grant.cases.find(({ name }) => name === "of the second epoch, with both identities") as VectorCase,
  );
  const { sealed, identities } = second as unknown as { sealed: string; identities: { classicIdentity: string } };
  const opened = await openFile(crypto, {
    ...{ sealed: bytesOf(sealed), identities: [identities.classicIdentity], suite: "classic", maxStanzas: 256 },
  });
  const lines = [entry, found].flatMap((file) =>
    file.cases
      .filter((each) => each.expect === "ok")
      .map((each) => inputsOf(file, each) as unknown as { record: Bytes })
      .flatMap(({ record }) => decodeSignedLines(bytesOf(record))),
  );
  return [...decodeSignedLines(opened.slice(opened.indexOf(0x0a) + 1)), ...lines];
}

/** Of this group, where nobody has said anything. */
function quietly(group: string, all: readonly SignedLine[]): Situation {
  const lines = all.filter((line) => parentOf(line) !== null || line.digest === group);
  const nothing = { said: [], pin: undefined, settled: undefined, stood: new Set<string>(), changes: [] };
  return { group, lines, ...nothing, isWithin: () => false };
}

/** As long as it is asked, and the same each time. */
function drawFrom(seed: number): Draw {
  const [numbers] = fc.sample(fc.infiniteStream(fc.nat()), { seed, numRuns: 1 });
  return (below) => (numbers?.next().value as number) % below;
}

/** How often each thing occurred that is worth a comparison. */
class Tally extends Map<string, number> {
  private note(what: string, times: number | boolean): void {
    this.set(what, (this.get(what) ?? 0) + Number(times));
  }

  take({ groups, standing, isUndecided, isLate, owed, counting, path }: Findings, { lines }: Situation): void {
    this.note("logs", 1);
    this.note("void entries", lines.length - groups.size);
    this.note("lost entries", groups.size - path.length);
    this.note("contested forks", [...standing.values()].filter(({ length }) => length > 1).length);
    this.note("undecided", isUndecided);
    this.note("late", isLate);
    this.note("owed", owed.size);
    this.note("owed of each other", [...owed.values()].filter(({ isOnlyByAuthor }) => isOnlyByAuthor).length);
    this.note("void changes", counting.filter((each) => !each).length);
  }

  /** Which room was wanting for entries of a forest. */
  takeLacks(verified: ReadonlyMap<string, VerifiedEntry>): void {
    const [first = ""] = verified.keys();
    const { refused } = extendLog(emptyLog(first), verified.values());
    const reasons = [...refused.values()].map(({ refusal }) => refusal.reason);
    for (const lack of ["log is full", "admin's part", "member's part"]) {
      this.note(`no room: ${lack}`, reasons.filter((reason) => reason.includes(lack)).length);
    }
  }
}

/** The log in short, for whoever has to find out who is right. */
function story({ lines, said, pin, settled }: Situation): string {
  const told = lines.map(({ digest, line }) => {
    const { act, device, parent } = JSON.parse(new TextDecoder().decode(line));
    const { signature, proof, ...rest } = act ?? {};
    return `${digest} on ${parent} by ${device}: ${JSON.stringify(rest)}`;
  });
  const text = [...told, `words ${JSON.stringify(said)}, pin ${pin}, settled ${settled}`].join("\n");
  return text.replaceAll(/[0-9a-f]{32,64}|age1\w+/g, (id) => id.slice(0, 8));
}

function expectAlike(situation: Situation, verified: ReadonlyMap<string, VerifiedEntry>): Findings {
  const findings = byReference(situation);
  const entries = situation.lines.flatMap(({ digest }) => verified.get(digest) ?? []);
  const product = byProduct(entries, situation);
  // What differs is compared once more, in a way that takes longer and says where.
  if (!isDeepStrictEqual(product, findings)) expect(product, story(situation)).toEqual(findings);
  return findings;
}

async function verifiedOf(lines: readonly SignedLine[]): Promise<ReadonlyMap<string, VerifiedEntry>> {
  const { entries } = await verifyEntries(crypto, lines);
  return new Map(entries.map((entry) => [entry.digest, entry]));
}

describe("the product and the reference that was written from SPEC.md find the same", () => {
  it.each([
    ["as much room as there is", () => {}],
    ["little room", shortenLogs],
  ])("in random logs with %s", { timeout: 300_000 }, async (_room, shorten) => {
    const cast = await newCast();
    const tally = new Tally();
    const alike = fc.asyncProperty(fc.noShrink(fc.noBias(fc.nat())), async (seed) => {
      const draw = drawFrom(seed);
      shorten(draw);
      const forest = await forestOf(cast, draw);
      const verified = await verifiedOf([...forest.values()].map(({ line }) => line));
      for (let log = 0; log < LOGS; log++) {
        const situation = situationIn(forest, draw);
        tally.take(expectAlike(situation, verified), situation);
      }
      tally.takeLacks(verified);
    });
    await fc.assert(alike, { numRuns: FORESTS });
    // Else they would agree on nothing.
    for (const [what, times] of tally)
      if (shorten === shortenLogs || !what.startsWith("no room")) expect(times, what).toBeGreaterThan(0);
  });

  it("in the logs of the golden vectors", async () => {
    const lines = await vectorLines();
    const verified = await verifiedOf(lines);
    const groups = lines.filter((line) => parentOf(line) === null).map(({ digest }) => digest);
    const found = groups.map((group) => expectAlike(quietly(group, lines), verified));
    expect(Math.max(...found.map(({ path }) => path.length))).toBeGreaterThan(3);
    expect(found.some(({ standing }) => standing.size > 0)).toBe(true);
  });
});
