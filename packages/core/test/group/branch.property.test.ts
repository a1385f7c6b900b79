import fc from "fast-check";
import { beforeAll, expect, it } from "vitest";
import { type Choice, chooseBranch } from "../../src/group/branch.ts";
import { draftRemove, draftRemoveDevice } from "../../src/group/draft.ts";
import { emptyLog, extendLog, type Log } from "../../src/group/log.ts";
import { owedRemovals } from "../../src/group/owed.ts";
import { refusalOf } from "../../src/group/rules.ts";
import { type GroupState, listedDevice, liveDevices, memberById, memberOfDevice } from "../../src/group/state.ts";
import { isUnder, treeOrder } from "../../src/group/tree-order.ts";
import type { VerifiedEntry } from "../../src/group/verified-entry.ts";
import { countingWords, type Word } from "../../src/group/words.ts";
import type { SignedCard } from "../../src/identity/card.ts";
import type { SignedDeviceCard } from "../../src/identity/device-card.ts";
import type { Act, Role } from "../../src/records/entry.ts";
import { acts, deviceCard, deviceOf, found, freshRecipient, type Person, person, sign, withNewKit } from "./people.ts";

const NAMES = ["ann", "ben", "cleo", "dan", "eli", "fay"] as const;
const ROLES: readonly Role[] = ["viewer", "editor", "admin", "owner"];
/** The first ones are owners and admins from the start, the last two may be added. */
const MEMBERS = 4;
/** Members who have a second device from the start, and one that no group lists yet. */
const WITH_PHONE = [0, 3];
const ACTORS = MEMBERS + WITH_PHONE.length;
let all: readonly Person[];
/** First devices of the members, then second ones. */
let actors: readonly Person[];
/** Devices and kits that may come on the list, with their cards. */
let spares: readonly Spare[];

interface Spare {
  readonly owner: Person;
  readonly kind: "device" | "kit";
  readonly card: SignedDeviceCard;
  readonly act: () => Promise<Act>;
}

async function sparesOf(owner: Person): Promise<Spare[]> {
  const [tablet, renewed] = [await deviceOf(owner, "tablet"), withNewKit(owner)];
  const [device, kit] = [await deviceCard(tablet, "device"), await deviceCard(renewed, "kit")];
  return [
    { owner, kind: "device", card: device, act: () => acts.admitDevice(tablet, device) },
    { owner, kind: "kit", card: kit, act: () => acts.kit(renewed, kit) },
  ];
}
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
  const phones: Person[] = [];
  for (const owner of WITH_PHONE.map(at)) {
    const phone = await deviceOf(owner);
    const state = [...log.nodes.values()].at(-1)?.state as GroupState;
    const entry = await sign(state, { by: owner, act: await acts.admitDevice(phone) });
    entries.push(entry);
    log = extendLog(log, [entry]);
    phones.push(phone);
  }
  actors = [...all.slice(0, MEMBERS), ...phones];
  spares = (await Promise.all(all.slice(0, MEMBERS).map(sparesOf))).flat();
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

/** An act, and the verified cards that it brings. */
interface Brought {
  readonly act: Act;
  readonly card: SignedCard | null;
  readonly devices: readonly SignedDeviceCard[];
}

async function anyAct(options: { by: Person; one: number; two: number }): Promise<Brought> {
  const { by, one, two } = options;
  const spare = spares.filter(({ owner }) => owner.id === by.id)[two % 2];
  if (one % 4 === 0 && spare) return { act: await spare.act(), card: null, devices: [spare.card] };
  const act = await actOnOthers({ one: Math.floor(one / 4), two });
  return { act, card: act.act === "add" ? at(two).card : null, devices: [] };
}

function actor(index: number): Person {
  return actors[index % actors.length] as Person;
}

async function actOnOthers(options: { one: number; two: number }): Promise<Act> {
  const target = at(options.two);
  const role = ROLES[Math.floor(options.two / NAMES.length) % ROLES.length] ?? "viewer";
  // Each is made only when it is drawn: an epoch's keys take longer than all the rest.
  const kinds: readonly (() => Act | Promise<Act>)[] = [
    () => acts.add(target, role),
    () => acts.role(target, role),
    () => acts.remove(target),
    () => acts.remove(target),
    () => acts.removeDevice([actor(options.two)]),
    () => acts.removeDevice([actor(options.two)]),
    () => acts.rotate(),
    () => acts.leave(),
  ];
  return (kinds[options.one % kinds.length] ?? acts.leave)();
}

/** Signs the act if the rules allow it at the head of what this person sees. */
async function actIn(view: View, options: { by: Person; one: number; two: number }): Promise<void> {
  const choice = choose(logOf(view.entries), view.words);
  const brought = await anyAct(options);
  if (choice.undecided || refusalOf(choice.state, { device: options.by.key, ...brought })) return;
  view.entries.add(await sign(choice.state, { by: options.by, act: brought.act }));
}

async function play(steps: readonly Step[]): Promise<View> {
  const views = Array.from({ length: ACTORS }, (): View => ({ entries: new Set(beginning), words: new Set() }));
  for (const { who, what, one, two } of steps) {
    const view = views[who] as View;
    const from = views[one % ACTORS] as View;
    if (what === "act") await actIn(view, { by: actor(who), one, two });
    else if (what === "say")
      view.words.add({ device: actor(who).key, entry: choose(logOf(view.entries), view.words).head });
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
        if (choice.path.includes(digest) || entry.type !== "conclave/v1/entry") continue;
        if (entry.act.act === "remove") {
          expect(shown.has(digest)).toBe(memberById(choice.state, entry.act.member) !== undefined);
        }
        // Keys that came on the list on the chosen branch alone were not what it was aimed at, but for what these have listed.
        if (entry.act.act === "remove-device") {
          const at = partingOf(log, { choice, entry: digest });
          const isStillIn = (key: string) => [at, choice.state].every((state) => memberOfDevice(state, key));
          const brought = broughtSince(log, { choice, at, by: entry.act.devices }).filter(
            (key) => key !== entry.device,
          );
          const isBrought = brought.some((key) => listedDevice(choice.state, key));
          expect(shown.has(digest)).toBe(entry.act.devices.some(isStillIn) || isBrought);
        }
      }
    }),
    RUNS,
  );
});

/** What these devices have listed on the chosen branch behind a place on it, and what that has listed in turn. */
function broughtSince(
  log: Log,
  { choice, at, by }: { readonly choice: Choice; readonly at: GroupState; readonly by: readonly string[] },
): string[] {
  const listers = new Set(by);
  return choice.path.slice(choice.path.indexOf(at.head) + 1).flatMap((digest) => {
    const { entry, devices } = log.nodes.get(digest)?.verified ?? {};
    if (!entry || !listers.has(entry.device)) return [];
    const listed = (devices ?? []).map(({ card }) => card.keys.verifyingKey);
    for (const key of listed) listers.add(key);
    return listed;
  });
}

/** The group where the branch that ends in this entry leaves the chosen one. */
function partingOf(log: Log, { choice, entry }: { readonly choice: Choice; readonly entry: string }): GroupState {
  let node = log.nodes.get(entry);
  while (node?.parent && !choice.path.includes(node.digest)) node = log.nodes.get(node.parent);
  if (!node) throw new Error("an entry without a way to the first");
  return node.state;
}

it("leads nobody who has stood for long to where a device is on the list that was taken off here, without asking", async () => {
  let asked = 0;
  await fc.assert(
    fc.asyncProperty(histories, fc.nat(1000), async (steps, cut) => {
      const early = await play(steps.slice(0, cut % steps.length));
      const here = choose(logOf(early.entries), early.words);
      const { entries, words } = await play(steps);
      const log = logOf([...entries, ...early.entries]);
      const joined = chooseBranch(log, { words, pinned: here.head, stood: new Set(here.path) });
      if (!joined || joined.contested) return;
      if (joined.late) asked += 1;
      else {
        const at = partingOf(log, { choice: joined, entry: here.head });
        const taken = keysIn(at).filter((key) => !memberOfDevice(here.state, key));
        expect(taken.filter((key) => joined.forks.length > 0 && memberOfDevice(joined.state, key))).toEqual([]);
      }
    }),
    RUNS,
  );
  expect(asked).toBeGreaterThan(0);
});

function keysIn(state: GroupState): string[] {
  return state.members.flatMap(liveDevices).map(({ verifyingKey }) => verifyingKey);
}

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
  for (const { entry, target, devices, author, isOwed, onlyByAuthor } of owedRemovals(log, { choice, words })) {
    if (!isOwed) continue;
    const options = { cut: [], recipient: await freshRecipient(), contents: "now", owed: entry } as const;
    for (const by of [...actors, ...all.slice(MEMBERS)].filter((each) => !onlyByAuthor || each.id === author)) {
      const { state } = choice;
      try {
        const act = devices
          ? draftRemoveDevice(state, { ...options, devices, device: by.key })
          : draftRemove(state, { ...options, member: target, device: by.key });
        return await sign(state, { by, act });
      } catch {
        // This one may not; the next one perhaps.
      }
    }
  }
  return undefined;
}

it("never lets a removed member or device win by dating back against one uninvolved voice", async () => {
  let attacks = 0;
  const attack = fc.array(fc.record({ place: fc.nat(1000), one: fc.nat(1000), two: fc.nat(1000), say: fc.nat(1000) }), {
    minLength: 1,
    maxLength: 6,
  });
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 5, maxLength: 25 }),
      fc.nat(ACTORS - 1),
      attack,
      async (steps, removed, moves) => {
        // An honest line: everybody hears everything before acting, and one owner removes somebody in the end.
        const honest = await play(steps.flatMap((each) => [each, ...hearAll()]));
        const line = await withRemoval(honest, actor(removed));
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
  const others = Array.from({ length: ACTORS - 1 }, (_, index) => index + 1);
  return others.map((from) => hear(0, from)).concat(others.map((to) => hear(to, 0)));
}

async function withRemoval(view: View, attacker: Person) {
  const before = choose(logOf(view.entries), view.words);
  const isSecond = !all.includes(attacker);
  const act = isSecond ? await acts.removeDevice([attacker]) : await acts.remove(attacker);
  const remover = actors.find((each) => refusalOf(before.state, { device: each.key, act, card: null }) === null);
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
  const brought = await anyAct({ ...attack, by: attack.attacker });
  if (refusalOf(state, { device: attack.attacker.key, ...brought })) return undefined;
  return sign(state, { by: attack.attacker, act: brought.act });
}

/** Whether somebody who was there, but neither is the attacker nor signed the next entry, has spoken past this place. */
function hasUninvolvedVoice({ log, words, choice, attacker }: Attack, index: number): boolean {
  const state = log.nodes.get(choice.path[index] ?? "")?.state;
  const next = log.nodes.get(choice.path[index + 1] ?? "");
  if (!state || !next) return false;
  const order = treeOrder(log);
  const involved = [attacker.id, listedDevice(state, next.verified.entry.device)?.member.id];
  return countingWords(log, words).some(
    ({ member, entry, isDisowned }) =>
      !isDisowned &&
      memberById(state, member) !== undefined &&
      !involved.includes(member) &&
      isUnder(order, { entry, ancestor: next.digest }),
  );
}
