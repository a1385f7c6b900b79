/** Whoever is out opens nothing: each device and each kit, with every key that it ever had, by real decryption. */
import { createHash } from "node:crypto";
import { isAtLeast, remaining, type Session } from "@conclave/core";
import { deviceRing, isSecret, keysRing, opensAnything, type Ring } from "../support/key-ring.ts";
import { keyOf } from "../support/world.ts";
import type { Actor } from "./actor.ts";
import { Broken } from "./broken.ts";
import { uploadTo } from "./file-acts.ts";
import { isListed, type Put, putWithout } from "./out.ts";
import type { Rest } from "./rest.ts";
import { type Stage, sessionOf } from "./stage.ts";

/** Keys that count for nothing in the group any more. */
interface Outsider {
  readonly name: string;
  /** Its verifying key. */
  readonly key: string;
  readonly ring: Ring;
}

/**
 * It opens nothing that lies there now, nothing that is put from now on, and of all that was ever put and may have been
 * deleted again: nothing in an epoch that began without it, and nothing of a device that knew.
 */
export async function judgeOutsiders(stage: Stage, { inside, outside }: Rest): Promise<void> {
  const [insider] = inside as [Actor];
  const { storage, world, ledger } = stage;
  const outsiders = outsidersOf(stage, sessionOf(insider));
  if (outside.some(({ key }) => !outsiders.some((each) => each.key === key))) throw new Error("an outsider is missed");
  if (outsiders.length === 0) return;
  const mark = storage.everStored.length;
  for (const actor of inside) {
    const role = sessionOf(actor).view.me?.role ?? "viewer";
    if (isAtLeast(role, "editor")) await uploadTo(stage, actor, `after-${actor.number}`);
  }
  const lying = await lyingNow(stage, inside);
  // Keys that open nothing at all would prove nothing.
  if (!(await opensAnything(deviceRing(insider.device, world.crypto), lying))) {
    throw new Broken("not even a member's keys open anything");
  }
  const ever = storage.everStored.filter(({ key }) => isSecret(key));
  const since = storage.everStored.slice(mark).filter(({ key }) => isSecret(key));
  for (const { name, key, ring } of outsiders) {
    const without = putWithout(sessionOf(insider).view, { out: key, ever });
    const known = ledger.putSince.get(key) ?? [];
    const opened = await opensAnything(ring, distinct([...lying, ...since, ...without, ...known]));
    if (opened !== undefined) throw new Broken(`${name}, who is out, opens ${opened}`);
  }
}

/** Devices and kits off the list, also such as never came on it. */
function outsidersOf({ actors, people, world }: Stage, { view }: Session): Outsider[] {
  const devices = actors.map(({ device, key }) => ({
    name: device.name,
    key,
    ring: () => (device.session ? deviceRing(device, world.crypto) : keysRing(device.secrets, world.crypto)),
  }));
  const kits = people.flatMap(({ name, kits }) =>
    kits.map((kit, index) => ({
      name: `kit ${index} of ${name}`,
      key: keyOf(kit),
      ring: () => keysRing(kit, world.crypto),
    })),
  );
  return [...devices, ...kits]
    .filter(({ key }) => !isListed(view.state, key))
    .map(({ name, key, ring }) => ({ name, key, ring: ring() }));
}

/** Secret files that lie on the storage, as far as the re-encryption has come. */
async function lyingNow({ storage }: Stage, inside: readonly Actor[]): Promise<Put[]> {
  const [insider] = inside as [Actor];
  const claimed = new Set(inside.flatMap((actor) => claimedObjects(sessionOf(actor))));
  const isFinished = isReencrypted(inside);
  const { epoch } = sessionOf(insider).view.current;
  const lying: Put[] = [];
  for await (const { key } of storage.whole.list("")) {
    const isAsked = isSecret(key) && (isFinished || key.includes(epoch));
    if (isAsked && (!key.includes("/objects/") || claimed.has(key)))
      lying.push({ key, bytes: await storage.whole.get(key) });
  }
  return lying;
}

/** Whether nothing is left in older epochs: what may yet count is kept there, and status says so. */
export function isReencrypted(actors: readonly Actor[]): boolean {
  return actors.every((actor) => remaining(sessionOf(actor)).objects === 0);
}

function claimedObjects({ index }: Session): string[] {
  return index
    .all<{ epoch: string; object: string }>("SELECT epoch, object FROM locations")
    .map(({ epoch, object }) => `${epoch}/objects/${object}.age`);
}

/** Each file once: what does not open does not open the second time. */
function distinct(puts: readonly Put[]): Put[] {
  const idOf = ({ key, bytes }: Put) => `${key} ${createHash("sha256").update(bytes).digest("hex")}`;
  return [...new Map(puts.map((put) => [idOf(put), put])).values()];
}
