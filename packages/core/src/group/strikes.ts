/**
 * Who hits whom among the children of a fork. Whether one child hits another depends on the other's signer alone, and signers are
 * few where children may be thousands: any member can sign those in an old place, and must not make every look slow for good.
 */
import type { DeviceKey, RecordDigest } from "../records/shapes.ts";
import type { Blow } from "./blows.ts";
import type { ForkCase } from "./fork-case.ts";

/** By the device that is hit, and the device that hits: the first child of the latter that does. */
type Hits = ReadonlyMap<DeviceKey, ReadonlyMap<DeviceKey, RecordDigest>>;

/** The hits of all children of one fork, worked out once. */
export class Strikes {
  readonly #fork: ForkCase;
  /** The devices whose children each child hits, and with which blow; nothing of children that hit nobody. */
  readonly #aims: ReadonlyMap<RecordDigest, ReadonlyMap<DeviceKey, Blow>>;

  constructor(fork: ForkCase) {
    this.#fork = fork;
    const signers = [...new Set(fork.deviceOf.values())];
    this.#aims = new Map(
      fork.children.flatMap((child) => {
        const aims = aimsOf(fork, { child, signers });
        return aims.size > 0 ? [[child, aims]] : [];
      }),
    );
  }

  /** The hits of these children, in their order. */
  hitsOf(children: readonly RecordDigest[]): Hits {
    const hits = new Map<DeviceKey, Map<DeviceKey, RecordDigest>>();
    for (const child of children) {
      const by = this.#signer(child);
      for (const target of this.#aims.get(child)?.keys() ?? []) {
        const hitters = hits.get(target) ?? new Map<DeviceKey, RecordDigest>();
        if (!hitters.has(by)) hits.set(target, hitters.set(by, child));
      }
    }
    return hits;
  }

  /** The blow by which the first of some children strikes another, if one does: hits it, and is not hit back. */
  strikeOn(child: RecordDigest, hits: Hits): Blow | undefined {
    const own = this.#aims.get(child);
    const target = this.#signer(child);
    for (const [by, striker] of hits.get(target) ?? []) {
      if (!own?.has(by)) return this.#aims.get(striker)?.get(target);
    }
    return undefined;
  }

  #signer(child: RecordDigest): DeviceKey {
    return this.#fork.deviceOf.get(child) ?? "";
  }
}

/** Whether two of them hit each other. */
export function hasMutual(hits: Hits): boolean {
  return [...hits].some(([target, by]) => [...by.keys()].some((striker) => hits.get(striker)?.has(target)));
}

/** Entries in or under a child, by its own author, against other devices that have signed children, or whose these are. */
function aimsOf(
  { authorOf, deviceOf, ownBlows, memberOfSigner }: ForkCase,
  { child, signers }: { readonly child: RecordDigest; readonly signers: readonly DeviceKey[] },
): Map<DeviceKey, Blow> {
  const [atMembers, atDevices] = [new Map<string, Blow>(), new Map<DeviceKey, Blow>()];
  for (const blow of ownBlows.get(child)?.toReversed() ?? []) {
    if (blow.target !== undefined) atMembers.set(blow.target, blow);
    for (const device of blow.devices ?? []) atDevices.set(device, blow);
  }
  const aims = new Map<DeviceKey, Blow>();
  if (atMembers.size + atDevices.size === 0) return aims;
  const author = authorOf.get(child);
  for (const signer of signers) {
    if (signer === deviceOf.get(child)) continue;
    const owner = memberOfSigner.get(signer) ?? "";
    const blow = atDevices.get(signer) ?? (owner === author ? undefined : atMembers.get(owner));
    if (blow) aims.set(signer, blow);
  }
  return aims;
}
