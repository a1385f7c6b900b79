/** What a story is played on: people and their devices, the storage, and what is held against them in the end. */
import { type DeviceSecrets, type ObjectStore, type Session, StoreError } from "@conclave/core";
import { isSecret } from "../support/key-ring.ts";
import { type Draw, seededCrypto } from "../support/seeded.ts";
import { type DeviceKeys, keyOf, live, World } from "../support/world.ts";
import type { Actor, Person } from "./actor.ts";
import { Ledger } from "./ledger.ts";
import { shutOut } from "./out.ts";
import type { SimulatedStorage } from "./storage.ts";
import type { Story } from "./story.ts";
import { Turns } from "./turns.ts";

/** More take longer, and show nothing more. */
const ACTORS_MAX = 9;
/** Keys that are kept for who comes when the story is over. */
const KEYS_KEPT = 3;

export type Tell = (line: string) => void;

export interface Stage {
  readonly story: Story;
  readonly world: World;
  readonly storage: SimulatedStorage;
  readonly turns: Turns;
  /** Keys that nobody has yet. */
  readonly keys: DeviceKeys[];
  readonly people: Person[];
  readonly actors: Actor[];
  readonly ledger: Ledger;
  readonly draw: Draw;
  readonly tell: Tell;
  /** How often hours have passed. */
  hours: number;
}

export function newStage(
  story: Story,
  options: {
    readonly draw: Draw;
    readonly storage: SimulatedStorage;
    readonly keys: readonly DeviceKeys[];
    readonly tell?: Tell | undefined;
  },
): Stage {
  const { draw, storage, tell = () => {} } = options;
  const keys = [...options.keys];
  const world = new World({ store: storage.whole, crypto: seededCrypto(draw), keepsIndexesOpen: true });
  const turns = new Turns();
  return { story, world, storage, turns, keys, people: [], actors: [], ledger: new Ledger(), draw, tell, hours: 0 };
}

/** Whether nobody else should come in. */
export function isCrowded({ actors, keys }: Stage): boolean {
  return actors.length >= ACTORS_MAX || keys.length <= KEYS_KEPT;
}

function takeKeys({ keys }: Stage): DeviceKeys {
  const taken = keys.shift();
  if (!taken) throw new Error("a story with more devices and kits than there are keys");
  return taken;
}

/** Somebody new, at a first device, who is in no group yet. */
export async function newPerson(stage: Stage): Promise<Actor> {
  const keys = takeKeys(stage);
  const { name } = keys.card.card;
  const person: Person = {
    name,
    number: stage.people.length + 1,
    card: keys.card,
    kits: [keys.kit],
    isWithdrawn: false,
  };
  stage.people.push(person);
  return newActor(stage, person, { name, keys });
}

/** A further device of somebody, which is not listed yet. */
export async function furtherDevice(stage: Stage, person: Person): Promise<Actor> {
  const name = `${person.name}'s ${stage.actors.length + 1}`;
  const { secrets } = takeKeys(stage);
  const [kit] = person.kits as [DeviceSecrets];
  return newActor(stage, person, { name, keys: { card: person.card, secrets, kit } });
}

/** The keys of a new recovery kit, which its person has in hand before it counts. */
export function newKit(stage: Stage, person: Person): DeviceSecrets {
  const { kit } = takeKeys(stage);
  person.kits.push(kit);
  return kit;
}

async function newActor(
  stage: Stage,
  person: Person,
  { name, keys }: { readonly name: string; readonly keys: DeviceKeys },
): Promise<Actor> {
  const device = await stage.world.device(name, keys);
  const actor: Actor = {
    person,
    number: stage.actors.length + 1,
    device,
    key: keyOf(keys.secrets),
    horizon: Number.POSITIVE_INFINITY,
    isCut: false,
    backup: undefined,
    jumps: 0,
    hasJoined: false,
  };
  stage.actors.push(actor);
  await connect(stage, actor);
  return actor;
}

/** What a new process of this device goes through to the storage. */
export async function connect(stage: Stage, actor: Actor): Promise<void> {
  const store = await stage.storage.client(clientOf(actor));
  actor.device.store = ticking(stage, actor, stage.turns.gate(store, actor.device.name));
}

/** A device as the storage knows it. */
function clientOf(actor: Actor) {
  const { person, device, number } = actor;
  return {
    account: person,
    name: device.name,
    number,
    get horizon() {
      return actor.horizon;
    },
  };
}

/** A connection that is cut at times; each write takes a tick. */
function ticking(stage: Stage, actor: Actor, store: ObjectStore): ObjectStore {
  const reach = () => {
    if (actor.isCut) throw new StoreError("no network", { code: "unavailable" });
  };
  const tick = () => {
    reach();
    stage.storage.tick();
  };
  return {
    traits: store.traits,
    ...(store.retention && { retention: store.retention }),
    put: async (key, bytes, options) => {
      tick();
      const { session } = actor.device;
      // Whoever is out puts nothing but its goodbye, where it was before.
      if (session?.view.me && isSecret(key)) stage.ledger.notePut(shutOut(session.view), { key, bytes: bytes.slice() });
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

/** Hours pass for everybody. */
export function wait({ world, storage }: Stage, hours: number): void {
  world.clock.time += hours * HOUR_MS;
  storage.wait(hours * HOUR_MS);
}

export const HOUR_MS: number = 3600 * 1000;

/** Whose device has this verifying key. */
export function actorOf({ actors }: Stage, key: string): Actor | undefined {
  return actors.find((actor) => actor.key === key);
}

export function personOf({ people }: Stage, member: string): Person | undefined {
  return people.find(({ card }) => card.member === member);
}

/** A session of somebody who has one. */
export function sessionOf({ device }: Actor): Session {
  return live(device);
}
