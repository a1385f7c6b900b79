/**
 * Ordinary use of several people with several devices: laptops sleep, a slow storage shows each device what the others did
 * late and in no order, clocks are wrong by years, devices and kits come and go. Nobody is ever told that the storage lies.
 * `CONCLAVE_SEED` chooses the story.
 */
import {
  catchUp,
  confirmBy,
  makeDeviceCard,
  type ProblemCode,
  problemsOf,
  readAll,
  recover,
  reencrypt,
  removeDevices,
  removePath,
  replaceKit,
  rotate,
  verify,
} from "@conclave/core";
import { type LaggingStorage, laggingStorage, memoryStore } from "@conclave/stores/testing";
import { expect, it, onTestFinished } from "vitest";
import { comeTogether, stateOf } from "./support/attacked.ts";
import { type Draw, drawFrom } from "./support/seeded.ts";
import { budget, type Device, live, paths, put, texts, World } from "./support/world.ts";

const SEED = Number(process.env.CONCLAVE_SEED ?? 1);
const STEPS = 30;
const YEAR_MS = 365 * 24 * 3600 * 1000;
const SKEWS_MS = [0, 3 * YEAR_MS, -2 * YEAR_MS, 24 * 3600 * 1000, -5 * YEAR_MS, YEAR_MS, -YEAR_MS];
const LAGS = [0, 3, 9, 15, 1, 6, 12];
/** Nothing takes longer to arrive. */
const LAG_TICKS = 20;
/** Longer than anything takes to arrive, and than anything is waited for that might have been lost. */
const LONG = 60;
const TICK_MS = 2 * 60 * 1000;

/** What a person would take for an attack, or a fault of the storage's or of somebody's. What has not arrived yet is none. */
const ALARMS: ReadonlySet<ProblemCode> = new Set<ProblemCode>([
  "rollback",
  "altered",
  "missing",
  "unreadable",
  "foreign",
  "duplicate",
  "fork",
  "contested",
  "late",
  "void",
  "unsupported",
  "hidden-key",
  "long-log",
]);

function alarms(device: Device): string[] {
  return problemsOf(live(device)).flatMap(({ code, detail }) =>
    ALARMS.has(code) ? [`${device.name}: ${code}: ${detail}`] : [],
  );
}

/** The devices of a story, each with its own way to the storage and its own clock. */
class Story {
  readonly world: World;
  readonly awake: Device[] = [];
  readonly #storage: LaggingStorage;
  readonly #draw: Draw;
  #files = 0;

  constructor(draw: Draw) {
    const store = memoryStore({ settled: true, lagSeconds: (LAG_TICKS * TICK_MS) / 1000 });
    this.#draw = draw;
    this.#storage = laggingStorage(store);
    this.world = new World({ store });
    onTestFinished(() => this.world.close());
  }

  /** Gives a device its clock and its view of the storage. */
  equip(device: Device): Device {
    const number = this.awake.length;
    device.clockSkewMs = SKEWS_MS[number % SKEWS_MS.length] ?? 0;
    const lag = LAGS[number % LAGS.length] ?? 0;
    device.store = this.#storage.client((key) =>
      lag === 0 ? 0 : lag + ((Number.parseInt(key.at(-8) ?? "0", 16) || 0) % 5),
    );
    this.awake.push(device);
    return device;
  }

  async look(device: Device): Promise<void> {
    await catchUp(live(device));
    expect(alarms(device)).toEqual([]);
  }

  /** Everybody works for a while; about half of them sleep through it. */
  async days(): Promise<void> {
    const present = this.awake.filter(() => this.#draw(2) === 0);
    for (let step = 0; present.length > 0 && step < STEPS; step++) {
      this.#pass(1);
      const device = present[this.#draw(present.length)] as Device;
      if (this.#draw(6) === 0) this.world.restart(device);
      await this.look(device);
      await this.#work(device);
    }
    await this.#settle();
  }

  #pass(ticks: number): void {
    this.#storage.advance(ticks);
    this.world.clock.time += ticks * TICK_MS;
  }

  async #work(device: Device): Promise<void> {
    const known = paths(live(device)).filter((path) => !path.includes("conflict"));
    const path = known[this.#draw(known.length)];
    const chance = this.#draw(4);
    if (chance === 0) return;
    if (chance === 1 && path !== undefined) await removePath(live(device), path);
    else
      await put(live(device), {
        [chance === 2 && path ? path : `${this.#files++}.txt`]: `${device.name} ${this.#files}`,
      });
  }

  /** All that was put has arrived everywhere, and everybody looks. */
  async #settle(): Promise<void> {
    this.#pass(LONG);
    for (const device of this.awake) await this.look(device);
    this.#pass(LONG);
    await comeTogether(...this.awake);
    for (const device of this.awake) expect(alarms(device)).toEqual([]);
  }

  async act(device: Device, work: (session: ReturnType<typeof live>) => Promise<unknown>): Promise<void> {
    await this.look(device);
    await work(live(device));
    await reencrypt(live(device), { budget: budget() });
    await this.#settle();
  }
}

it(`raises no alarm on any device (seed ${SEED})`, { timeout: 300_000 }, async () => {
  const story = new Story(drawFrom(SEED));
  const { world } = story;
  const [alice, bob, carol] = [await world.device("alice"), await world.device("bob"), await world.device("carol")];
  for (const device of [alice, bob, carol]) story.equip(device);
  await world.found(alice);
  for (const device of [bob, carol]) await world.admit(alice, Object.assign(device, { store: undefined }));
  story.awake.length = 0;
  for (const device of [alice, bob, carol]) world.restart(story.equip(device));
  const [phone, tablet] = [await world.further(alice), await world.further(bob, "tablet")];
  for (const [owner, device] of [
    [alice, phone],
    [bob, tablet],
  ] as const) {
    await world.admitFurther(owner, device);
    world.restart(story.equip(device));
    await story.act(alice, async () => undefined);
  }
  await story.days();
  await story.act(alice, (session) => rotate(session, { contents: "now" }));
  await story.days();

  const kit = (await world.device("bob's next kit")).kit;
  await story.act(bob, async (session) => {
    const member = session.view.me?.id ?? "";
    const card = await makeDeviceCard(world.crypto, { keys: kit, member, kind: "kit", time: bob.clockSkewMs });
    await replaceKit(session, { kit: card, contents: "now" });
  });
  await story.days();

  // Bob's tablet is lost: his laptop takes it off the list, and it is not there any more.
  story.awake.splice(story.awake.indexOf(tablet), 1);
  await story.act(bob, (session) => removeDevices(session, { devices: [live(tablet).deviceKey], contents: "now" }));
  await story.days();

  // Carol's laptop is gone too. She comes back by her kit, and a member's address confirms what she sees.
  story.awake.splice(story.awake.indexOf(carol), 1);
  const [desk, next] = [await world.further(carol, "desk"), (await world.device("carol's next kit")).kit];
  const seen = await world.withKit(carol, world.address(live(alice)));
  await recover(seen, { device: desk.secrets, kit: next });
  await story.act(alice, async () => undefined);
  await world.join(desk, world.address(live(alice)));
  confirmBy(world.restart(story.equip(desk)), live(alice).view.state.head);
  await story.days();

  for (const device of story.awake) {
    const report = await verify(live(device), { budget: budget(), shown: await readAll(live(device)), full: true });
    expect(report).toMatchObject({ ok: true, problems: [] });
    expect(stateOf(live(device))).toEqual(stateOf(live(alice)));
    expect(await texts(live(device))).toEqual(await texts(live(alice)));
  }
  expect(Object.keys(await texts(live(alice))).length).toBeGreaterThan(5);
});
