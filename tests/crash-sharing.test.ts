/**
 * Letting somebody into a group and its folder on Google Drive, and shutting somebody out, killed before and after every
 * single request: another admin's device finishes it, and the folder's access ends up following the log.
 */
import { accessGaps, addMember, catchUp, removeMember, type Session, settleFolderAccess } from "@conclave/core";
import { type EmulatedGoogle, startGoogle, virtualClock } from "@conclave/emulators";
import { openDatabase } from "@conclave/node";
import { findDriveFolder, openDriveStore } from "@conclave/stores";
import { Crash } from "@conclave/stores/testing";
import { afterEach, expect, it } from "vitest";
import { endsInDeath } from "./support/deaths.ts";
import { openWorld } from "./support/open-world.ts";
import { type Device, findMember, live, type World } from "./support/world.ts";

const NAMES = ["alice", "bob", "carol", "dave"] as const;
const emailOf = (name: string): string => `${name}@example.org`;

interface Scene {
  readonly world: World;
  readonly google: EmulatedGoogle;
  readonly alice: Device;
  readonly carol: Device;
  readonly dave: Device;
  /** Alice's device anew, as a process that dies at the n-th request from when it is told that it is mortal. */
  mortal(step: number, when: "before" | "after"): { readonly session: Session; begin(): void };
  /** The same as a process that lives. */
  again(): Session;
  /** Who reaches the folder, and how. */
  access(): Record<string, string>;
}

let google: EmulatedGoogle | undefined;
afterEach(() => google?.close());

/** Alice's folder, which carol, another admin, and bob share. */
async function scene(): Promise<Scene> {
  const clock = virtualClock(1_700_000_000_000);
  await google?.close();
  const emulated = await startGoogle({ clock, users: NAMES.map((name) => ({ email: emailOf(name) })) });
  google = emulated;
  const timing = { now: clock.now, random: () => 1, pause: (milliseconds: number) => clock.sleep(milliseconds) };
  const accessOf = (name: string) => {
    const { accessToken } = emulated.signIn(emailOf(name));
    const auth = { token: async () => accessToken, renew: async () => accessToken };
    return { auth, endpoints: { api: emulated.url, writesPerSecond: 10_000 }, timing };
  };
  const folder = await findDriveFolder(accessOf("alice"), { name: "Group", create: true });
  const caches = new Map(NAMES.map((name) => [name, openDatabase(":memory:")] as const));
  const storeOf = (
    name: (typeof NAMES)[number],
    death: { readonly fetch?: typeof fetch; readonly signal?: AbortSignal } = {},
  ) => {
    const cache = caches.get(name) ?? openDatabase(":memory:");
    return openDriveStore({ ...accessOf(name), ...death, folder, cache, freshMs: 0, now: clock.now });
  };
  const world = openWorld();
  const [alice, bob, carol, dave] = [
    await world.device("alice"),
    await world.device("bob"),
    await world.device("carol"),
    await world.device("dave"),
  ];
  for (const device of [alice, bob, carol, dave]) device.store = storeOf(device.name as (typeof NAMES)[number]);
  await world.found(alice);
  for (const [device, role] of [
    [carol, "admin"],
    [bob, "editor"],
  ] as const) {
    await addMember(live(alice), { card: device.card, role, account: emailOf(device.name) });
    await settleFolderAccess(live(alice));
    await world.join(device, world.address(live(alice)));
  }
  return {
    world,
    google: emulated,
    alice,
    carol,
    dave,
    mortal(step, when) {
      const life = new AbortController();
      let requests = Number.NEGATIVE_INFINITY;
      const dying: typeof fetch = async (input, init) => {
        const isLast = ++requests === step;
        if (isLast && when === "before") life.abort(new Crash("the process died"));
        const answer = life.signal.aborted ? undefined : await fetch(input, init);
        if (isLast) life.abort(new Crash("the process died"));
        if (answer === undefined) throw life.signal.reason;
        return answer;
      };
      alice.store = storeOf("alice", { fetch: dying, signal: life.signal });
      const begin = (): void => {
        requests = 0;
      };
      return { session: world.restart(alice), begin };
    },
    again() {
      alice.store = storeOf("alice");
      return world.restart(alice);
    },
    access() {
      const { permissions } = emulated.cloud.items.get(folder) ?? { permissions: new Map() };
      const held = [...permissions.values()].map(({ userId, role }) => [
        emulated.cloud.users.get(userId ?? "")?.email,
        role,
      ]);
      return Object.fromEntries(held);
    },
  };
}

interface Act {
  readonly name: string;
  work(session: Session, scene: Scene): Promise<unknown>;
  isDone(session: Session): boolean;
  /** Who reaches the folder in the end. */
  readonly access: Readonly<Record<string, string>>;
}

const ACTS: readonly Act[] = [
  {
    name: "letting dave in",
    work: (session, { dave }) => addMember(session, { card: dave.card, role: "viewer", account: emailOf("dave") }),
    isDone: ({ view }) => view.state.members.some(({ name }) => name === "dave"),
    access: {
      "alice@example.org": "owner",
      "carol@example.org": "writer",
      "bob@example.org": "writer",
      "dave@example.org": "reader",
    },
  },
  {
    name: "shutting bob out",
    work: (session) => removeMember(session, { member: findMember(session.view.state, "bob"), contents: "on-change" }),
    isDone: ({ view }) => !view.state.members.some(({ name }) => name === "bob"),
    access: { "alice@example.org": "owner", "carol@example.org": "writer" },
  },
];

it.each(ACTS.flatMap((act) => (["before", "after"] as const).map((when) => ({ ...act, when }))))(
  "$name, dead $when each request: another admin finishes, and the folder follows the log",
  { timeout: 300_000 },
  async (act) => {
    const left = new Set<string>();
    for (let step = 1; ; step++) {
      const stage = await scene();
      const { world, carol } = stage;
      const hasDied = await endsInDeath(async () => {
        const { session, begin } = stage.mortal(step, act.when);
        await catchUp(session);
        begin();
        await act.work(session, stage);
        await settleFolderAccess(session);
      });
      left.add(JSON.stringify(stage.access()));
      await catchUp(live(carol));
      if (!act.isDone(live(carol))) {
        // What was signed and had not gone out goes out with the next command; else it is given again.
        const again = stage.again();
        await catchUp(again);
        if (!act.isDone(again)) await act.work(again, stage);
        await catchUp(live(carol));
      }
      expect(act.isDone(live(carol))).toBe(true);
      expect(stage.access()).toEqual(act.access);
      expect(accessGaps(live(carol))).toEqual([]);
      world.close();
      if (!hasDied) {
        // A sweep that never killed anything would prove nothing.
        expect(step).toBeGreaterThan(4);
        break;
      }
    }
    // Deaths on both sides of the provider's half.
    expect(left.size).toBe(2);
  },
);
