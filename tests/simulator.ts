/**
 * A simulator of groups: several people's devices, a storage that shows them different things at different times, deaths,
 * old backups, wrong clocks, and commands that run into each other. A story is plain data made from a seed, so that a
 * failing one is run again, made shorter, and told.
 */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import {
  addMember,
  ConclaveError,
  catchUp,
  changeRole,
  changeUntil,
  copyPath,
  download,
  emptyTrash,
  filePieces,
  invite,
  isAtLeast,
  leaveGroup,
  listFolder,
  type Member,
  makeFolder,
  memberNames,
  movePath,
  type ObjectStore,
  openForks,
  problemsOf,
  purgePath,
  type Role,
  readAll,
  reencrypt,
  remaining,
  removeMember,
  removePath,
  restorePath,
  rotate,
  type Session,
  StoreError,
  settle,
  trash,
  verify,
  versionsAt,
} from "@conclave/core";
import { Crash, crashAt } from "@conclave/stores/testing";
import { epochRing, isSecret, keyRing, opensAnything, tryOpen } from "./support/key-ring.ts";
import { memoryTarget } from "./support/memory-files.ts";
import { type Put, putWithout, shutOut } from "./support/out.ts";
import { type Draw, drawFrom, seededCrypto, withSeededPlatform } from "./support/seeded.ts";
import { memoryStorage, type SimulatedStorage } from "./support/simulated-storage.ts";
import { Turns } from "./support/turns.ts";
import { budget, type Device, type DeviceKeys, live, newKeys, put, World } from "./support/world.ts";

const HOUR_MS = 3600 * 1000;
const YEAR_MS = 365 * 24 * 3600 * 1000;
/** Stands in every content and name, so that plaintext is found wherever it lies. */
const MARKER = "PLANTED";
/** Commands that wait for nothing, for after the story. */
const SETTLE_ROUNDS_MAX = 12;

export const FAULTS = ["none", "removals", "all"] as const;
/** What may happen in a story: only work on files; also changes of the group; also everything that goes wrong. */
export type Faults = (typeof FAULTS)[number];

/** What one device is told to do; numbers are taken modulo what there is to choose from when it comes to it. */
export interface Command {
  readonly who: number;
  readonly act:
    | "upload"
    | "replace"
    | "touch"
    | "move"
    | "copy"
    | "delete"
    | "restore"
    | "purge"
    | "mkdir"
    | "admit"
    | "invite"
    | "until"
    | "remove"
    | "role"
    | "leave"
    | "rotate"
    | "reencrypt"
    | "settle"
    | "look";
  readonly a: number;
  readonly b: number;
  /** Whether it works on what it knew, without looking at the storage first. */
  readonly blind?: boolean;
  /** It dies at this storage call or transaction. */
  readonly crash?: { readonly at: "call" | "transaction"; readonly number: number; readonly when: "before" | "after" };
}

export type Step =
  | Command
  | { readonly together: readonly Command[]; readonly seed: number }
  | {
      readonly happens: "restart" | "lag" | "see" | "cut" | "join" | "backup" | "restore" | "clock" | "hours";
      readonly who: number;
      readonly a: number;
    };

export interface Story {
  readonly seed: number;
  readonly devices: number;
  readonly steps: readonly Step[];
}

const FILE_ACTS = [
  "upload",
  "upload",
  "upload",
  "replace",
  "replace",
  "touch",
  "move",
  "copy",
  "delete",
  "restore",
  "purge",
  "mkdir",
  "look",
] as const;
const GROUP_ACTS = [
  "admit",
  "invite",
  "until",
  "remove",
  "role",
  "role",
  "leave",
  "rotate",
  "reencrypt",
  "reencrypt",
  "settle",
] as const;
const HAPPENINGS = [
  "restart",
  "lag",
  "lag",
  "see",
  "see",
  "cut",
  "join",
  "backup",
  "restore",
  "clock",
  "hours",
] as const;

/**
 * Makes a story up.
 *
 * @param options.devices - How many more than the fewest there may be at its start. Default 2.
 */
export function storyOf(
  seed: number,
  options: { readonly faults: Faults; readonly length: number; readonly devices?: number },
): Story {
  const draw = drawFrom(seed);
  const steps = Array.from({ length: 1 + draw(options.length) }, () => stepOf(draw, options.faults));
  return { seed, devices: (options.faults === "none" ? 2 : 3) + draw(1 + (options.devices ?? 2)), steps };
}

function stepOf(draw: Draw, faults: Faults): Step {
  const kind = draw(10);
  if (kind < 3) {
    const count = 2 + draw(2);
    return { together: Array.from({ length: count }, () => commandOf(draw, faults)), seed: draw(2 ** 31) };
  }
  if (kind < 6 && faults === "all") return { happens: pick(draw, HAPPENINGS), who: draw(64), a: draw(1024) };
  return commandOf(draw, faults);
}

function commandOf(draw: Draw, faults: Faults): Command {
  const isOfGroup = faults !== "none" && draw(3) === 0;
  const act = pick<Command["act"]>(draw, isOfGroup ? GROUP_ACTS : FILE_ACTS);
  const command: Command = {
    who: draw(64),
    act,
    a: draw(1024),
    b: draw(1024),
    ...(draw(4) === 0 ? { blind: true } : {}),
  };
  if (faults !== "all" || draw(5) !== 0) return command;
  const at = draw(2) === 0 ? "call" : "transaction";
  return { ...command, crash: { at, number: 1 + draw(30), when: draw(2) === 0 ? "before" : "after" } };
}

function pick<Item>(draw: Draw, items: readonly Item[]): Item {
  return items[draw(items.length)] as Item;
}

/** A promise that was broken. */
export class Broken extends Error {
  override readonly name = "Broken";
}

/** What a finished story shows, so that a harness that tries nothing is noticed. */
export interface Outcome {
  readonly files: number;
  readonly members: number;
  readonly removed: number;
  readonly contested: boolean;
  readonly refusals: ReadonlyMap<string, number>;
}

/**
 * Runs a story to its end and holds every promise against it; rejects with {@link Broken} or with what went wrong.
 *
 * @param options.tell - Is told what each device did and saw, a line at a time.
 * @param options.storage - Makes the storage; by default one in memory.
 */
export async function runStory(story: Story, options: StoryOptions = {}): Promise<Outcome> {
  const chance = drawFrom(story.seed ^ 0x5eed);
  const storage = await (options.storage ?? memoryStorage)({ seed: story.seed });
  return withSeededPlatform(chance, async () => {
    const simulation = new Simulation(story, { draw: chance, storage, tell: options.tell });
    try {
      await simulation.run();
      return await simulation.judge();
    } finally {
      simulation.close();
      await storage.close();
    }
  });
}

export interface StoryOptions {
  readonly tell?: Tell;
  readonly storage?: (options: { readonly seed: number }) => Promise<SimulatedStorage>;
}

type Tell = (line: string) => void;

interface Actor {
  readonly name: string;
  readonly number: number;
  readonly device: Device;
  /** Ticks that it sees; Infinity if it sees all. */
  horizon: number;
  isCut: boolean;
  backup: string | undefined;
  /** How often its clock went forward by more than it should. */
  jumps: number;
  readonly key: string;
  hasJoined: boolean;
  /** Its account does not reach the folder. */
  isWithdrawn: boolean;
}

/** How many people of each name there are; making their keys takes longer than all they do in a short story. */
const KEY_SETS = 16;
const keySets = new Map<string, Promise<DeviceKeys>>();

/** Keys drawn from their name and number alone, so that a story is the same after any other. */
function keysOf(name: string, set: number): Promise<DeviceKeys> {
  const id = `${name} ${set}`;
  const draw = drawFrom(hash(id));
  const made = keySets.get(id) ?? withSeededPlatform(draw, () => newKeys(seededCrypto(draw), { name, time: 1 }));
  keySets.set(id, made);
  return made;
}

class Simulation {
  readonly #story: Story;
  readonly #world: World;
  readonly #storage: SimulatedStorage;
  readonly #turns = new Turns();
  readonly #actors: Actor[] = [];
  readonly #draw: Draw;
  readonly #tell: Tell;
  #contents = 0;
  /** How often hours have passed. */
  #hours = 0;
  /** Contents by their SHA-256: who uploaded them. */
  readonly #uploaded = new Map<string, { readonly by: Actor; readonly text: string }>();
  /** Contents whose upload was said to be done, or that somebody else has seen. */
  readonly #owed = new Set<string>();
  /** Contents that somebody who saw them has replaced or deleted. */
  readonly #dropped = new Set<string>();
  /** People who ever lost the right to write: what nobody had seen of theirs may be void. */
  readonly #suspended = new Set<Actor>();
  /** Who was let in, and by whom; nobody has tried to take that back. */
  readonly #admitted = new Map<Actor, Actor>();
  /** Devices that were ever made admins, by somebody who may. */
  readonly #admins = new Set<string>();
  readonly #refusals = new Map<string, number>();
  /** By member: what devices put that knew them to be out, wherever it was put and whatever became of it. */
  readonly #putSince = new Map<string, Put[]>();

  constructor(
    story: Story,
    options: { readonly draw: Draw; readonly storage: SimulatedStorage; readonly tell?: Tell | undefined },
  ) {
    const { draw, storage, tell = () => {} } = options;
    this.#story = story;
    this.#draw = draw;
    this.#tell = tell;
    this.#storage = storage;
    this.#world = new World({ store: storage.whole, crypto: seededCrypto(draw) });
  }

  close(): void {
    this.#world.close();
  }

  async run(): Promise<void> {
    const founder = await this.#newActor();
    await this.#world.found(founder.device, { settled: this.#storage.settled });
    founder.hasJoined = true;
    this.#admins.add(founder.key);
    for (let index = 1; index < this.#story.devices; index++) {
      const actor = await this.#newActor();
      await this.#admit(founder, { newcomer: actor, role: index === 1 ? "admin" : "editor" });
      if (index === 1) this.#admins.add(actor.key);
    }
    for (const step of this.#story.steps) await this.#step(step);
  }

  async #newActor(): Promise<Actor> {
    const name = `${MARKER}-${"abcdefghijklmnopqrstuvwxyz"[this.#actors.length % 26]}${this.#actors.length}`;
    const device = await this.#world.device(name, await keysOf(name, this.#story.seed % KEY_SETS));
    const actor: Actor = {
      name,
      number: this.#actors.length + 1,
      device,
      horizon: Number.POSITIVE_INFINITY,
      isCut: false,
      backup: undefined,
      jumps: 0,
      key: device.card.card.device.verifyingKey,
      hasJoined: false,
      isWithdrawn: false,
    };
    this.#actors.push(actor);
    await this.#connect(actor);
    return actor;
  }

  /** What a new process of this device goes through to the storage. */
  async #connect(actor: Actor): Promise<void> {
    const store = await this.#storage.client(actor);
    actor.device.store = this.#ticking(actor, this.#turns.gate(store, actor.name));
  }

  /** A connection that is cut at times; each write takes a tick. */
  #ticking(actor: Actor, store: ObjectStore): ObjectStore {
    const reach = () => {
      if (actor.isCut) throw new StoreError("no network", { code: "unavailable" });
    };
    const tick = () => {
      reach();
      this.#storage.tick();
    };
    return {
      traits: store.traits,
      ...(store.retention && { retention: store.retention }),
      put: async (key, bytes, options) => {
        tick();
        this.#notePut(actor, { key, bytes: bytes.slice() });
        return store.put(key, bytes, options);
      },
      delete: async (key, options) => {
        tick();
        return store.delete(key, options);
      },
      get: async (key, options) => {
        reach();
        return store.get(key, options);
      },
      async *list(folder, options) {
        reach();
        yield* store.list(folder, options);
      },
    };
  }

  #notePut({ device }: Actor, put: Put): void {
    if (!device.session || !isSecret(put.key)) return;
    for (const member of shutOut(device.session.view)) {
      this.#putSince.set(member, [...(this.#putSince.get(member) ?? []), put]);
    }
  }

  async #step(step: Step): Promise<void> {
    if ("happens" in step) return this.#happen(step);
    if (!("together" in step)) {
      const actor = this.#actor(step.who);
      return actor && this.#command(actor, step);
    }
    const works = new Map<string, () => Promise<void>>();
    for (const command of step.together) {
      const actor = this.#actor(command.who);
      if (actor && !works.has(actor.device.name)) works.set(actor.device.name, () => this.#command(actor, command));
    }
    await this.#turns.together(works, drawFrom(step.seed));
  }

  #actor(number: number): Actor | undefined {
    const actors = this.#actors.filter(({ device }) => device.session);
    return actors[number % actors.length];
  }

  async #happen({ happens, who, a }: Extract<Step, { happens: string }>): Promise<void> {
    const actor = this.#actor(who);
    if (!actor) return;
    const { device } = actor;
    const { now } = this.#storage;
    if (happens === "restart") {
      await this.#connect(actor);
      this.#world.restart(device);
    }
    if (happens === "lag" || happens === "see") this.#storage.lag?.(happens === "lag");
    if (happens === "lag") actor.horizon = Math.min(actor.horizon, now);
    if (happens === "see")
      actor.horizon = a % 2 === 0 ? Number.POSITIVE_INFINITY : Math.max(actor.horizon, now - (a % 8));
    if (happens === "cut") actor.isCut = true;
    if (happens === "join") actor.isCut = false;
    if (happens === "backup") actor.backup = this.#world.backUp(device);
    if (happens === "restore" && actor.backup) this.#world.restore(device, actor.backup);
    if (happens === "clock") {
      const skew = ((a % 41) - 20) * YEAR_MS;
      if (skew > device.clockSkewMs) actor.jumps += 1;
      device.clockSkewMs = skew;
    }
    if (happens === "hours") {
      this.#wait();
      this.#hours += 1;
    }
  }

  #wait(): void {
    this.#world.clock.time += 2 * HOUR_MS;
    this.#storage.wait(2 * HOUR_MS);
  }

  /** Runs one command as a process of its own would: it looks at the storage, does its duties, and works. */
  async #command(actor: Actor, command: Command): Promise<void> {
    const { device } = actor;
    const { crash } = command;
    if (crash?.at === "call") device.hooks = { fault: crashAt(crash.number, crash.when) };
    if (crash?.at === "transaction") device.disk = { transaction: crash.number, when: crash.when };
    try {
      if (crash) this.#world.restart(device);
      if (!command.blind) await catchUp(live(device));
      this.#judgeAsking(actor);
      this.#look(actor);
      await this.#work(actor, command);
      this.#look(actor);
      this.#tell(`${device.name}: ${JSON.stringify(command)}, done: ${stateLine(live(device))}`);
    } catch (error) {
      this.#tell(`${device.name}: ${JSON.stringify(command)}, ${String(error)}`);
      this.#forgive(actor, command, error);
    } finally {
      if (crash) {
        device.hooks = {};
        device.disk = undefined;
        this.#world.restart(device);
      }
    }
  }

  /** Nobody is asked about two histories before time has passed, whatever a clock says. */
  #judgeAsking({ device, jumps }: Actor): void {
    if (!live(device).view.choice.late || this.#hours + jumps > 1) return;
    throw new Broken(`${device.name} is asked which history to follow, out of the blue`);
  }

  #forgive(actor: Actor, command: Command, error: unknown): void {
    const isExpected =
      (error instanceof Crash && command.crash) ||
      (error instanceof StoreError && error.code === "unavailable" && actor.isCut) ||
      (error instanceof StoreError && UNREACHED.has(error.code) && actor.isWithdrawn) ||
      (error instanceof ConclaveError && EXPECTED.has(error.code));
    if (!isExpected) throw error;
    const kind = error instanceof ConclaveError ? `${command.act}: ${error.code}` : error.name;
    this.#refusals.set(kind, (this.#refusals.get(kind) ?? 0) + 1);
  }

  async #work(actor: Actor, command: Command): Promise<void> {
    const session = live(actor.device);
    const { a, b } = command;
    const shown = entries(session);
    const files = shown.filter(({ kind }) => kind === "file");
    const chosen = files[a % Math.max(1, files.length)];
    switch (command.act) {
      case "look":
        return;
      case "upload":
        return this.#upload(actor, `${FOLDERS[a % FOLDERS.length]}${NAMES[b % NAMES.length]}`);
      case "replace":
        return chosen && this.#upload(actor, chosen.path);
      case "touch": {
        // Deduplicated by a rule of the test: the same content, with another date.
        const text = chosen?.digest === undefined ? undefined : this.#uploaded.get(chosen.digest)?.text;
        if (chosen && text !== undefined) await put(session, { [chosen.path]: text }, 1_600_000_000_000 + b);
        return;
      }
      case "move": {
        const entry = shown[a % Math.max(1, shown.length)];
        return (
          entry &&
          movePath(session, { from: entry.path, to: `${FOLDERS[b % FOLDERS.length]}${NAMES[a % NAMES.length]}` })
        );
      }
      case "delete": {
        const entry = shown[a % Math.max(1, shown.length)];
        if (!entry) return;
        this.#drop(shown.filter(({ path }) => path === entry.path || path.startsWith(`${entry.path}/`)));
        return removePath(session, entry.path);
      }
      case "copy": {
        const entry = shown[a % Math.max(1, shown.length)];
        const to = `${FOLDERS[b % FOLDERS.length]}${NAMES[a % NAMES.length]}`;
        return entry && copyPath(session, { from: entry.path, to });
      }
      case "purge": {
        // All that is in it was dropped when it was deleted.
        if (b % 2 === 0) await emptyTrash(session);
        else if (chosen) {
          this.#drop([chosen]);
          await purgePath(session, chosen.path);
        }
        return;
      }
      case "restore":
        return this.#restore(session, command);
      case "mkdir":
        return makeFolder(session, `${FOLDERS[a % FOLDERS.length]}folder${b % 3}`);
      case "reencrypt":
        await reencrypt(session, { budget: budget() });
        return;
      case "settle": {
        const [fork] = openForks(session);
        const chosen = fork?.histories[a % fork.histories.length];
        if (chosen) settle(session, chosen.entry);
        return;
      }
      default:
        return this.#change(actor, command);
    }
  }

  /** Takes something out of the trash, or makes an older version of a file current, which then is the one that counts. */
  async #restore(session: Session, { a, b }: Command): Promise<void> {
    const gone = trash(session.index);
    const entry = gone[a % Math.max(1, gone.length)];
    if (entry && b % 2 === 0) {
      await restorePath(session, { path: entry.path, id: entry.node });
      return;
    }
    const files = entries(session).filter(({ kind }) => kind === "file");
    const { path } = files[a % Math.max(1, files.length)] ?? {};
    if (path === undefined) return;
    const { versions } = versionsAt(session.index, { path, nameOf: memberNames(session.view.state) });
    const version = versions[b % versions.length]?.change;
    // Whatever else has the name goes, as its author's own act.
    this.#drop(versions.map((each) => ({ digest: onlyPiece(session, each) })));
    await restorePath(session, { path, version });
  }

  async #upload(actor: Actor, path: string): Promise<void> {
    const session = live(actor.device);
    const text = this.#newText();
    const digest = sha256(text);
    this.#uploaded.set(digest, { by: actor, text });
    this.#drop(entries(session).filter((entry) => entry.path === path));
    const { failed } = await put(session, { [path]: text }, 1_600_000_000_000 + this.#contents);
    if (failed.length === 0) this.#owed.add(digest);
  }

  #newText(): string {
    this.#contents += 1;
    const sizes = [20, 300, 2000, 70_000];
    return `${MARKER}-content-${this.#contents}-`.padEnd(sizes[this.#draw(40) === 0 ? 3 : this.#draw(3)] ?? 20, "·x");
  }

  #drop(gone: readonly { readonly digest?: string | undefined }[]): void {
    for (const { digest } of gone) if (digest !== undefined) this.#dropped.add(digest);
  }

  /** What another one has written and this one sees, is there for good. */
  #look(actor: Actor): void {
    const session = live(actor.device);
    if (!session.view.me) return;
    for (const { digest } of entries(session)) {
      if (digest !== undefined && this.#uploaded.get(digest)?.by !== actor && !this.#isDoubtful(digest))
        this.#owed.add(digest);
    }
  }

  /** Whether the author's records may have been cut by somebody who had not seen them. */
  #isDoubtful(digest: string): boolean {
    const by = this.#uploaded.get(digest)?.by;
    return by === undefined || this.#suspended.has(by);
  }

  async #change(actor: Actor, command: Command): Promise<void> {
    const session = live(actor.device);
    const { a, b } = command;
    const members = session.view.state.members;
    const target = members[a % members.length] as Member;
    const before = session.view.me?.role;
    const role = ROLES[b % ROLES.length] as Role;
    switch (command.act) {
      case "admit": {
        if (this.#actors.length >= 8) return;
        await this.#admit(actor, { newcomer: await this.#newActor(), role: role === "owner" ? "editor" : role });
        break;
      }
      case "invite": {
        if (this.#actors.length >= 8) return;
        await this.#invite(actor, { newcomer: await this.#newActor(), role: role === "owner" ? "viewer" : role });
        break;
      }
      case "until":
        this.#suspend(target);
        await changeUntil(session, { member: target, until: session.clock.now() });
        break;
      case "remove":
        this.#suspend(target);
        await removeMember(session, { member: target, contents: "now" });
        if (b % 3 !== 0) await this.#withdraw(actor, target);
        if (b % 2 === 0) await reencrypt(session, { budget: budget() });
        break;
      case "role":
        // A second owner makes contested groups possible, which are another matter; few of them are enough.
        if (role === "owner" && b % 16 !== 3) return;
        this.#suspend(target);
        if (isAtLeast(role, "admin") && before && isAtLeast(before, "owner")) this.#trust(target);
        await changeRole(session, { member: target, role });
        break;
      case "leave":
        this.#suspend(session.view.me);
        await leaveGroup(session);
        return;
      default:
        await rotate(session, { contents: "now" });
        if (b % 2 === 0) await reencrypt(session, { budget: budget() });
    }
    if (before === undefined || !isAtLeast(before, "admin")) throw new Broken(`${before} could ${command.act}`);
  }

  async #withdraw({ name }: Actor, { devices }: Member): Promise<void> {
    const target = this.#actors.find(({ key }) => devices.some(({ verifyingKey }) => verifyingKey === key));
    if (!target || !this.#storage.withdraw) return;
    target.isWithdrawn = true;
    await this.#storage.withdraw(name, target.name);
  }

  #trust(member: Member): void {
    for (const { verifyingKey } of member.devices) this.#admins.add(verifyingKey);
  }

  #suspend(member: Member | undefined): void {
    const actor = this.#actors.find(({ key }) => member?.devices.some(({ verifyingKey }) => verifyingKey === key));
    if (!actor) return;
    this.#suspended.add(actor);
    this.#admitted.delete(actor);
  }

  async #admit(admin: Actor, { newcomer, role }: { readonly newcomer: Actor; readonly role: Role }): Promise<void> {
    const session = live(admin.device);
    await addMember(session, { card: newcomer.device.card, role });
    this.#admitted.set(newcomer, admin);
    if (isAtLeast(role, "admin") && isAtLeast(session.view.me?.role ?? "viewer", "owner"))
      this.#admins.add(newcomer.key);
    await this.#world.join(newcomer.device, this.#world.address(session));
    newcomer.hasJoined = true;
  }

  /** Whoever is invited asks by the secret, and comes in if the same admin's next look answers. */
  async #invite(admin: Actor, { newcomer, role }: { readonly newcomer: Actor; readonly role: Role }): Promise<void> {
    const session = live(admin.device);
    const { secret } = await invite(session, { name: newcomer.device.name, role, forMs: HOUR_MS });
    if (isAtLeast(role, "admin") && isAtLeast(session.view.me?.role ?? "viewer", "owner"))
      this.#admins.add(newcomer.key);
    await this.#world.ask(newcomer.device, this.#world.address(session), secret);
    await catchUp(session);
    if (!session.view.state.members.some(({ id }) => id === newcomer.device.card.member)) return;
    this.#admitted.set(newcomer, admin);
    await this.#world.join(newcomer.device, this.#world.address(session));
    newcomer.hasJoined = true;
  }

  /** Everything works again, everybody comes back, and what is left is finished. */
  async #settle(): Promise<{ readonly inside: readonly Actor[]; readonly outside: readonly Actor[] }> {
    await this.#storage.calm();
    for (const actor of this.#actors) {
      actor.isCut = false;
      actor.isWithdrawn = false;
      actor.horizon = Number.POSITIVE_INFINITY;
      actor.device.clockSkewMs = 0;
      if (actor.hasJoined) this.#world.restart(actor.device);
    }
    const joined = this.#actors.filter(({ hasJoined }) => hasJoined);
    let before = "";
    for (let round = 0; round < SETTLE_ROUNDS_MAX; round++) {
      const inside: Actor[] = [];
      // What a lost branch holds is left alone for an hour.
      this.#wait();
      for (const actor of joined) if (await this.#comesBack(actor, round)) inside.push(actor);
      const now = inside.map(({ device }) => JSON.stringify(stateOf(live(device)))).join("\n");
      if (now === before) return { inside, outside: joined.filter((actor) => !inside.includes(actor)) };
      before = now;
    }
    throw new Broken("the group does not come to rest");
  }

  async #comesBack(actor: Actor, round: number): Promise<boolean> {
    const session = live(actor.device);
    try {
      await catchUp(session);
      await this.#talk(session);
      this.#tell(`round ${round}: ${actor.device.name} ${stateLine(session)}`);
      const { me, choice, opened, current } = session.view;
      const mayWork = me && isAtLeast(me.role, "editor") && !choice.undecided && opened.has(current.epoch);
      if (round > 0 && mayWork) await reencrypt(session, { budget: budget() });
      // Somebody who was away over two epochs and was removed in the second finds no key, and no notice that it can open.
      return opened.has(current.epoch);
    } catch (error) {
      if (error instanceof ConclaveError && (error.code === "removed" || error.code === "not-a-member")) {
        this.#tell(`round ${round}: ${actor.device.name}: ${String(error)}, ${stateLine(session)}`);
        return false;
      }
      throw error;
    }
  }

  /** People who are asked, or have chosen against the records, agree to follow where these lead. */
  async #talk(session: Session): Promise<void> {
    const [held] = session.view.choice.forks
      .flatMap(({ children }) => children)
      .filter(({ fall }) => fall?.rule === "held");
    if (!held) return;
    settle(session, held.digest);
    await catchUp(session);
  }

  /** Holds every promise against what has become of the group. */
  async judge(): Promise<Outcome> {
    const { inside, outside } = await this.#settle();
    const [first] = inside;
    if (!first) throw new Broken("nobody is left in the group");
    const contested = inside.some(({ device }) => live(device).view.choice.contested);
    const outcome = (files: number): Outcome => ({
      files,
      members: live(first.device).view.state.members.length,
      removed: outside.length,
      contested,
      refusals: this.#refusals,
    });
    this.#judgePlaintext();
    const objections = this.#storage.objections?.() ?? [];
    if (objections.length > 0) throw new Broken(`the storage objects: ${objections.join("; ")}`);
    if (contested) return outcome(0);
    this.#judgeAgreement(inside);
    const files = await this.#judgeContents(inside);
    this.#judgeMembership(first);
    await this.#judgeOutsiders(inside, outside);
    await this.#judgeNewcomer(first, inside);
    return outcome(files);
  }

  #judgeAgreement(inside: readonly Actor[]): void {
    const [first, ...others] = inside.map(({ device }) => stateOf(live(device)));
    for (const other of others) {
      if (JSON.stringify(other) !== JSON.stringify(first))
        throw new Broken(`devices differ:\n${JSON.stringify(first)}\n${JSON.stringify(other)}`);
    }
    for (const [newcomer, admin] of this.#admitted) {
      // Whose word it was may have lost the right meanwhile; then the addition may be lost with it.
      if (this.#suspended.has(admin) || first?.members.includes(newcomer.device.card.member)) continue;
      throw new Broken(`${newcomer.device.name}, let in by ${admin.device.name}, is not in the group`);
    }
    for (const member of first?.members ?? []) {
      const actor = this.#actors.find(({ device }) => device.card.member === member);
      if (actor?.hasJoined && !inside.includes(actor))
        throw new Broken(`${actor.device.name} is a member and is kept out`);
    }
  }

  async #judgeContents(inside: readonly Actor[]): Promise<number> {
    const [first] = inside;
    if (!first) return 0;
    const read = await Promise.all(inside.map(({ device }) => contentsOf(live(device))));
    for (const [index, contents] of read.entries()) {
      if (JSON.stringify(contents) !== JSON.stringify(read[0]))
        throw new Broken(`${inside[index]?.device.name} reads other contents`);
    }
    const found = new Set(read[0]?.map(([, digest]) => digest));
    for (const digest of this.#owed) {
      if (found.has(digest) || this.#dropped.has(digest) || this.#isDoubtful(digest)) continue;
      const { text, by } = this.#uploaded.get(digest) ?? {};
      throw new Broken(`${text?.slice(0, 24)} of ${by?.device.name} is lost`);
    }
    const session = live(first.device);
    const report = await verify(session, { budget: budget(), shown: await readAll(session), full: true });
    if (!report.ok) throw new Broken(`not whole: ${JSON.stringify(report.problems)}`);
    const awaited = inside.flatMap(({ device }) => problemsOf(live(device)).filter(({ code }) => code === "awaited"));
    if (awaited.length > 0) throw new Broken(`still awaited: ${JSON.stringify(awaited)}`);
    return found.size;
  }

  /** Nobody below admin has ever signed an entry that counts, but to leave. */
  #judgeMembership({ device }: Actor): void {
    for (const { verified } of live(device).view.log.nodes.values()) {
      const { entry } = verified;
      if (entry.type !== "conclave/v1/entry" || entry.act.act === "leave") continue;
      if (!this.#admins.has(entry.device)) throw new Broken(`somebody who never was an admin could ${entry.act.act}`);
    }
  }

  #judgePlaintext(): void {
    const planted = Buffer.from(MARKER);
    // Names lie in the index, contents and secrets never do.
    for (const name of readdirSync(this.#world.folder)) {
      const held = readFileSync(join(this.#world.folder, name));
      for (const secret of [`${MARKER}-content`, "AGE-SECRET-KEY-"]) {
        if (held.includes(secret)) throw new Broken(`${secret} on the disk of a device`);
      }
    }
    for (const { key, bytes } of this.#storage.everStored) {
      const held = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      if (held.includes(planted) || key.includes(MARKER)) throw new Broken(`plaintext in ${key}`);
    }
  }

  /**
   * Whoever is out opens, with every key they ever had, nothing that lies there now, nothing that is put from now on, and of
   * all that was ever put and may have been deleted again: nothing in an epoch that began without them, and nothing of a
   * device that knew.
   */
  async #judgeOutsiders(inside: readonly Actor[], outside: readonly Actor[]): Promise<void> {
    const mark = this.#storage.everStored.length;
    for (const actor of outside.length > 0 ? inside : []) {
      if (isAtLeast(live(actor.device).view.me?.role ?? "viewer", "editor"))
        await this.#upload(actor, `after-${actor.device.name}`);
    }
    const claimed = new Set(inside.flatMap(({ device }) => claimedObjects(live(device))));
    const lying: { key: string; bytes: Uint8Array }[] = [];
    const isFinished = isReencrypted(inside);
    const epoch = inside[0] && live(inside[0].device).view.current.epoch;
    const isAsked = (key: string) => isSecret(key) && (isFinished || key.includes(epoch ?? ""));
    for await (const { key } of this.#storage.whole.list("")) {
      if (isAsked(key) && (!key.includes("/objects/") || claimed.has(key)))
        lying.push({ key, bytes: await this.#storage.whole.get(key) });
    }
    const since = this.#storage.everStored.slice(mark).filter(({ key }) => isSecret(key));
    const [insider] = inside;
    // Keys that open nothing at all would prove nothing.
    if (insider && !(await opensAnything(keyRing(insider.device, this.#world.crypto), lying))) {
      throw new Broken("not even a member's keys open anything");
    }
    for (const { device } of outside) {
      const ring = keyRing(device, this.#world.crypto);
      const { member } = device.card;
      const ever = this.#storage.everStored.filter(({ key }) => isSecret(key));
      const without = insider ? putWithout(live(insider.device).view, { member, ever }) : [];
      const opened = await opensAnything(ring, [...lying, ...since, ...without, ...(this.#putSince.get(member) ?? [])]);
      if (opened !== undefined) throw new Broken(`${device.name}, who is out, opens ${opened}`);
    }
  }

  /** Whoever comes in now opens nothing that was deleted before. */
  async #judgeNewcomer(first: Actor, inside: readonly Actor[]): Promise<void> {
    const admin = inside.find(({ device }) => isAtLeast(live(device).view.me?.role ?? "viewer", "admin")) ?? first;
    const session = live(admin.device);
    await catchUp(session);
    const { epoch } = session.view.current;
    if (session.view.state.epochs.length < 2 || !isReencrypted(inside)) return;
    const newcomer = await this.#newActor();
    await this.#admit(admin, { newcomer, role: "viewer" });
    const there = new Set<string>();
    for await (const { key } of this.#storage.whole.list("")) there.add(key);
    const gone = this.#storage.everStored.filter(({ key }) => !there.has(key) && !key.includes(epoch));
    // A request says nowhere which epoch it is sealed to. What was deleted in the one that runs, its members may open.
    const running = epochRing(session.view.opened.get(epoch)?.identity ?? "", this.#world.crypto);
    const deleted: typeof gone = [];
    for (const file of gone) {
      if (!file.key.startsWith("requests/") || !(await tryOpen(running, file.bytes))) deleted.push(file);
    }
    const opened = await opensAnything(keyRing(newcomer.device, this.#world.crypto), deleted);
    if (opened !== undefined) throw new Broken(`a newcomer opens ${opened}, which was deleted before`);
    const mine = await contentsOf(live(newcomer.device));
    if (JSON.stringify(mine) !== JSON.stringify(await contentsOf(session)))
      throw new Broken("a newcomer does not read everything");
  }
}

/** Whether nothing is left in older epochs: what may yet count is kept there, and status says so. */
function isReencrypted(actors: readonly Actor[]): boolean {
  return actors.every(({ device }) => remaining(live(device)).objects === 0);
}

const FOLDERS = ["", "", "d1/", "d2/", "d1/e/"];
const NAMES = [`${MARKER}-a`, `${MARKER}-b`, `${MARKER}-c`, "d1", "plain.txt"];
const ROLES: readonly Role[] = ["viewer", "editor", "admin", "owner"];
/** Refusals that a person may meet. */
const EXPECTED: ReadonlySet<string> = new Set([
  "role-too-low",
  "last-owner",
  "not-found",
  "exists",
  "conflict",
  "contested",
  "removed",
  "not-a-member",
  "stale-epoch",
]);

/** What an account meets that does not reach the folder any more. */
const UNREACHED: ReadonlySet<string> = new Set(["not-found", "refused", "read-only"]);

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

function hash(text: string): number {
  return createHash("sha256").update(text).digest().readUInt32LE(0);
}

interface Shown {
  readonly path: string;
  readonly kind: string;
  /** SHA-256 of a file's content; undefined of what cannot be read. */
  readonly digest: string | undefined;
}

/** What a device shows, from its index. */
function entries(session: Session): Shown[] {
  const nameOf = memberNames(session.view.state);
  return [...listFolder(session.index, "", { recursive: true, nameOf })].map((entry) => ({
    path: entry.path,
    kind: entry.kind,
    digest: entry.kind === "file" ? onlyPiece(session, entry) : undefined,
  }));
}

/** Every file of a story is one piece. */
function onlyPiece(session: Session, version: Parameters<typeof filePieces>[1]): string | undefined {
  try {
    return filePieces(session.index, version)[0]?.digest;
  } catch (error) {
    if (error instanceof ConclaveError) return undefined;
    throw error;
  }
}

function stateLine(session: Session): string {
  const { state, choice } = session.view;
  return `${state.members.map(({ name, role }) => `${name}:${role}`).join(" ")} head ${state.head.slice(0, 8)} epochs ${state.epochs.map(({ epoch }) => epoch.slice(0, 6)).join(">")} forks ${choice.forks.length}`;
}

/** What honest devices must agree on. */
function stateOf(session: Session) {
  const { state, current, choice } = session.view;
  const members = state.members.map(({ id }) => id);
  const roles = state.members.map(({ role }) => role);
  return { head: choice.head, epoch: current.epoch, members, roles, tree: entries(session) };
}

/** Paths and digests of everything, read back from the storage. */
async function contentsOf(session: Session): Promise<(readonly [string, string])[]> {
  const target = memoryTarget();
  const { failed } = await download(session, { path: "", target, budget: budget() });
  if (failed.length > 0) throw new Broken(`not readable: ${JSON.stringify(failed)}`);
  return [...target.files]
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([path, bytes]) => [path, createHash("sha256").update(bytes).digest("hex")]);
}

function claimedObjects(session: Session): string[] {
  return session.index
    .all<{ epoch: string; object: string }>("SELECT epoch, object FROM locations")
    .map(({ epoch, object }) => `${epoch}/objects/${object}.age`);
}
