/**
 * How stories begin: somebody founds a group and admits the others. Stories with the same keys share a beginning, which is
 * made once, and then written again as it was, by the same devices in the same order.
 */
import { readFileSync } from "node:fs";
import type { ObjectStore } from "@conclave/core";
import { memoryStore } from "@conclave/stores/testing";
import { drawFrom, seededCrypto, withSeededPlatform } from "../support/seeded.ts";
import { type Device, World } from "../support/world.ts";
import type { Actor, Person } from "./actor.ts";
import { hash, keySetOf } from "./keys.ts";
import { furtherDevice, newPerson, type Stage } from "./stage.ts";
import type { Story } from "./story.ts";

interface Opening {
  /** In the order in which they were made. */
  readonly writes: readonly Write[];
  /** Each device's index in the end. */
  readonly indexes: readonly Uint8Array[];
  /** What the clock says in the end. */
  readonly time: number;
}

interface Write {
  /** Which device made it. */
  readonly by: number;
  readonly key: string;
  /** Undefined if it was a deletion. */
  readonly bytes?: Uint8Array;
}

const known = new Map<string, Promise<Opening>>();

/** Brings a story's people together: an owner, an admin, and editors, some with a phone. */
export async function open(stage: Stage): Promise<void> {
  const { story, storage, world, ledger } = stage;
  const actors: Actor[] = [];
  for (let index = 0; index < story.devices; index++) actors.push(await newPerson(stage));
  for (const { person } of [actors.at(-1), actors.at(0)].slice(0, story.phones ?? 0) as Actor[]) {
    actors.push(await furtherDevice(stage, person));
  }
  const { writes, indexes, time } = await openingOf(actors, { story, settled: storage.settled });
  for (const { by, key, bytes } of writes) {
    const store = actors[by]?.device.store;
    await (bytes ? store?.put(key, bytes) : store?.delete(key));
  }
  world.clock.time = time;
  const [founder, admin] = actors;
  for (const [index, actor] of actors.entries()) {
    world.restoreFrom(actor.device, indexes[index] ?? new Uint8Array());
    actor.hasJoined = true;
    const by = actors.find(({ person }) => person === actor.person);
    if (founder && actor !== founder) ledger.admit(actor, by && by !== actor ? by : founder);
  }
  for (const actor of [founder, admin]) if (actor) ledger.admins.add(actor.person);
}

function openingOf(
  actors: readonly Actor[],
  { story, settled }: { readonly story: Story; readonly settled: boolean },
): Promise<Opening> {
  const id = `${keySetOf(story.seed)} ${story.devices} ${story.phones ?? 0} ${settled}`;
  const draw = drawFrom(hash(id));
  const opening = known.get(id) ?? withSeededPlatform(draw, () => makeOpening(actors, { draw, settled }));
  known.set(id, opening);
  return opening;
}

async function makeOpening(
  actors: readonly Actor[],
  { draw, settled }: { readonly draw: (below: number) => number; readonly settled: boolean },
): Promise<Opening> {
  const world = new World({ crypto: seededCrypto(draw), store: memoryStore({ settled }) });
  const writes: Write[] = [];
  try {
    const devices: Device[] = [];
    const firsts = new Map<Person, Device>();
    for (const [by, { device, person }] of actors.entries()) {
      const own = await world.device(device.name, device);
      devices.push(Object.assign(own, { store: noting(world.store, (write) => writes.push({ by, ...write })) }));
      const first = firsts.get(person);
      if (by === 0) await world.found(own, { settled });
      else if (first) await world.admitFurther(first, own);
      else await world.admit(devices[0] as Device, own, by === 1 ? "admin" : "editor");
      if (!first) firsts.set(person, own);
    }
    const indexes = devices.map((device) => readFileSync(world.backUp(device)));
    return { writes, indexes, time: world.clock.time };
  } finally {
    world.close();
  }
}

/** A store that notes each write. */
function noting(store: ObjectStore, note: (write: Omit<Write, "by">) => void): ObjectStore {
  return {
    traits: store.traits,
    get: (key, options) => store.get(key, options),
    list: (folder, options) => store.list(folder, options),
    async put(key, bytes, options) {
      note({ key, bytes: bytes.slice() });
      await store.put(key, bytes, options);
    },
    async delete(key, options) {
      note({ key });
      return store.delete(key, options);
    },
  };
}
