import fc from "fast-check";
import { beforeAll, expect, it } from "vitest";
import { type Choice, chooseBranch } from "../../src/group/branch.ts";
import { draftRemove } from "../../src/group/draft.ts";
import { emptyLog, extendLog, type Log } from "../../src/group/log.ts";
import { owedRemovals } from "../../src/group/owed.ts";
import { refusalOf } from "../../src/group/rules.ts";
import { type GroupState, listedDevice, memberById } from "../../src/group/state.ts";
import { isUnder, treeOrder } from "../../src/group/tree-order.ts";
import type { VerifiedEntry } from "../../src/group/verified-entry.ts";
import type { Word } from "../../src/group/words.ts";
import type { Act, Role } from "../../src/records/entry.ts";
import { acts, found, freshRecipient, type Person, person, sign } from "./people.ts";

const NAMES = ["ann", "ben", "cleo", "dan", "eli", "fay"] as const;
const ROLES: readonly Role[] = ["viewer", "editor", "admin", "owner"];
/** The first ones are owners and admins from the start, the last two may be added. */
const ACTORS = 4;
let all: readonly Person[];
/** The beginning that every history shares. */
let beginning: readonly VerifiedEntry[];

beforeAll(async () => {
  all = await Promise.all(NAMES.map(person));
  const [ann] = all as [Person];
  const first = await found(ann);
  let log = extendLog(emptyLog(first.digest), [first]);
  const entries = [first];
  for (const [index, role] of (["owner", "owner", "admin"] as const).entries()) {
    const state = [...log.nodes.values()].at(-1)?.state as GroupState;
    const entry = await sign(state, { by: ann, act: acts.add(at(index + 1), role) });
    entries.push(entry);
    log = extendLog(log, [entry]);
  }
  beginning = entries;
});

function at(index: number): Person {
  const found = all[index % all.length];
  if (!found) throw new Error("nobody there");
  return found;
}

/** What one person has seen. */
interface View {
  entries: Set<VerifiedEntry>;
  words: Set<Word>;
}

/** A step of a random history: who does what, with two numbers to choose by. */
const step = fc.record({
  who: fc.nat(ACTORS - 1),
  what: fc.constantFrom("act", "act", "act", "say", "hear", "hear"),
  one: fc.nat(1000),
  two: fc.nat(1000),
});
type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never;

function logOf(entries: Iterable<VerifiedEntry>): Log {
  const [first] = beginning as [VerifiedEntry];
  return extendLog(emptyLog(first.digest), entries);
}

function choose(log: Log, words: Iterable<Word>): Choice {
  const choice = chooseBranch(log, { words });
  if (!choice) throw new Error("no first entry");
  return choice;
}

async function anyAct(options: { one: number; two: number }): Promise<Act> {
  const target = at(options.two);
  const role = ROLES[Math.floor(options.two / NAMES.length) % ROLES.length] ?? "viewer";
  const kinds = [
    acts.add(target, role),
    acts.role(target, role),
    await acts.remove(target),
    await acts.remove(target),
    await acts.rotate(),
    acts.leave(),
  ];
  return kinds[options.one % kinds.length] ?? acts.leave();
}

/** Signs the act if the rules allow it at the head of what this person sees. */
async function actIn(view: View, options: { by: Person; one: number; two: number }): Promise<void> {
  const choice = choose(logOf(view.entries), view.words);
  const act = await anyAct(options);
  const card = act.act === "add" ? at(options.two).card : null;
  if (choice.undecided || refusalOf(choice.state, { device: options.by.key, act, card })) return;
  view.entries.add(await sign(choice.state, { by: options.by, act }));
}

async function play(steps: readonly Step[]): Promise<View> {
  const views = Array.from({ length: ACTORS }, (): View => ({ entries: new Set(beginning), words: new Set() }));
  for (const { who, what, one, two } of steps) {
    const view = views[who] as View;
    const from = views[one % ACTORS] as View;
    if (what === "act") await actIn(view, { by: at(who), one, two });
    else if (what === "say")
      view.words.add({ device: at(who).key, entry: choose(logOf(view.entries), view.words).head });
    else {
      for (const entry of from.entries) view.entries.add(entry);
      for (const word of from.words) view.words.add(word);
    }
  }
  return {
    entries: new Set(views.flatMap((view) => [...view.entries])),
    words: new Set(views.flatMap((view) => [...view.words])),
  };
}

const histories = fc.array(step, { minLength: 10, maxLength: 45 });
const RUNS = { numRuns: 60 };

it("gives one choice for whatever order records arrive in", async () => {
  await fc.assert(
    fc.asyncProperty(histories, fc.infiniteStream(fc.nat()), async (steps, numbers) => {
      const { entries, words } = await play(steps);
      const expected = choose(logOf(entries), words);
      for (let round = 0; round < 3; round++) {
        const shuffled = [...entries]
          .map((entry) => [numbers.next().value as number, entry] as const)
          .sort(([left], [right]) => left - right);
        const log = shuffled.reduce((grown, [, entry]) => extendLog(grown, [entry]), logOf([]));
        expect(choose(log, [...words].reverse())).toEqual(expected);
      }
    }),
    RUNS,
  );
});

it("never leaves a group without an owner, and accounts for every removal on a lost branch", async () => {
  await fc.assert(
    fc.asyncProperty(histories, async (steps) => {
      const { entries, words } = await play(steps);
      const log = logOf(entries);
      const choice = choose(log, words);
      for (const { state } of log.nodes.values())
        expect(state.members.some((member) => member.role === "owner")).toBe(true);
      const shown = new Set(owedRemovals(log, { choice, words }).map((removal) => removal.entry));
      for (const { digest, verified } of log.nodes.values()) {
        const { entry } = verified;
        if (choice.path.includes(digest) || entry.type !== "conclave/v1/entry" || entry.act.act !== "remove") continue;
        expect(shown.has(digest)).toBe(memberById(choice.state, entry.act.member) !== undefined);
      }
    }),
    RUNS,
  );
});

it("comes to an end with signing owed removals again", async () => {
  await fc.assert(
    fc.asyncProperty(histories, async (steps) => {
      const { entries, words } = await play(steps);
      let log = logOf(entries);
      for (let round = 0; ; round++) {
        expect(round).toBeLessThan(60);
        const again = await signOneAgain(log, words);
        if (!again) return;
        log = extendLog(log, [again]);
      }
    }),
    RUNS,
  );
});

/** The first owed removal that anybody with the right can sign again, signed by whoever that is. */
async function signOneAgain(log: Log, words: Iterable<Word>): Promise<VerifiedEntry | undefined> {
  const choice = choose(log, words);
  if (choice.undecided) return undefined;
  for (const { entry, target, author, isOwed, onlyByAuthor } of owedRemovals(log, { choice, words })) {
    if (!isOwed) continue;
    const options = {
      member: target,
      cut: [],
      recipient: await freshRecipient(),
      contents: "now",
      owed: entry,
    } as const;
    for (const by of all.filter((each) => !onlyByAuthor || each.id === author)) {
      try {
        return await sign(choice.state, { by, act: draftRemove(choice.state, { ...options, device: by.key }) });
      } catch {
        // This one may not; the next one perhaps.
      }
    }
  }
  return undefined;
}

it("never lets a removed member win by dating back against one uninvolved voice", async () => {
  let attacks = 0;
  const attack = fc.array(fc.record({ place: fc.nat(1000), one: fc.nat(1000), two: fc.nat(1000), say: fc.nat(1000) }), {
    minLength: 1,
    maxLength: 6,
  });
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 5, maxLength: 25 }),
      fc.nat(3),
      attack,
      async (steps, removed, moves) => {
        // An honest line: everybody hears everything before acting, and one owner removes somebody in the end.
        const honest = await play(steps.flatMap((each) => [each, ...hearAll()]));
        const line = await withRemoval(honest, at(removed));
        if (!line) return;
        const { log, words, choice, attacker } = line;
        let evil = log;
        const said = [...words];
        for (const move of moves) {
          const signed = await dateBack(evil, { log, words, choice, attacker, ...move });
          if (!signed) continue;
          evil = extendLog(evil, [signed]);
          if (move.say % 2) said.push({ device: attacker.key, entry: signed.digest });
          attacks += 1;
        }
        expect(choose(evil, said).path.slice(0, choice.path.length)).toEqual(choice.path);
      },
    ),
    { numRuns: 120 },
  );
  expect(attacks).toBeGreaterThan(20);
});

function hearAll(): Step[] {
  const hear = (who: number, one: number): Step => ({ who, what: "hear", one, two: 0 });
  return [1, 2, 3].map((from) => hear(0, from)).concat([1, 2, 3].map((to) => hear(to, 0)));
}

async function withRemoval(view: View, attacker: Person) {
  const before = choose(logOf(view.entries), view.words);
  const act = await acts.remove(attacker);
  const remover = all.find((each) => refusalOf(before.state, { device: each.key, act, card: null }) === null);
  if (!remover) return undefined;
  const log = logOf([...view.entries, await sign(before.state, { by: remover, act })]);
  return { log, words: [...view.words], choice: choose(log, view.words), attacker };
}

interface Attack {
  readonly log: Log;
  readonly words: readonly Word[];
  readonly choice: Choice;
  readonly attacker: Person;
  readonly place: number;
  readonly one: number;
  readonly two: number;
}

/** An entry of the removed member where it still had the right: on the honest line, or on what it has dated back before. */
async function dateBack(evil: Log, attack: Attack): Promise<VerifiedEntry | undefined> {
  const own = [...evil.nodes.keys()].filter((digest) => !attack.log.nodes.has(digest));
  const places = [...attack.choice.path.filter((_, index) => hasUninvolvedVoice(attack, index)), ...own, ...own];
  const state = evil.nodes.get(places[attack.place % Math.max(1, places.length)] ?? "")?.state;
  if (!state) return undefined;
  const act = await anyAct(attack);
  const card = act.act === "add" ? at(attack.two).card : null;
  if (refusalOf(state, { device: attack.attacker.key, act, card })) return undefined;
  return sign(state, { by: attack.attacker, act });
}

/** Whether somebody who was there, but neither is the attacker nor signed the next entry, has spoken past this place. */
function hasUninvolvedVoice({ log, words, choice, attacker }: Attack, index: number): boolean {
  const state = log.nodes.get(choice.path[index] ?? "")?.state;
  const next = log.nodes.get(choice.path[index + 1] ?? "");
  if (!state || !next) return false;
  const order = treeOrder(log);
  const parents = [...log.nodes.values()].map(({ verified, parent }) => ({
    device: verified.entry.device,
    entry: parent ?? "",
  }));
  const involved = [attacker.id, listedDevice(state, next.verified.entry.device)?.member.id];
  return [...words, ...parents].some(({ device, entry }) => {
    const member = listedDevice(state, device)?.member.id;
    return member !== undefined && !involved.includes(member) && isUnder(order, { entry, ancestor: next.digest });
  });
}
