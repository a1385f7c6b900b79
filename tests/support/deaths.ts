/** Deaths of a process at each step of its work, for sweeps over all of them. */
import type { Problem, Session } from "@conclave/core";
import { Crash, onCall } from "@conclave/stores/testing";
import type { Device, World } from "./world.ts";

/**
 * Whether a problem tells of what a death has left behind, until its device comes back: an object that no record names yet, or
 * the recipient of an epoch that never began.
 */
export function isLeftOver({ code, key = "" }: Pick<Problem, "code" | "key">): boolean {
  return code === "foreign" && /\/objects\/|^epochs\/[0-9a-f]{64}\.recipient$/.test(key);
}

/** Where the process dies. */
export type Death =
  | { readonly at: "call"; readonly when: "before" | "after" }
  | { readonly at: "transaction"; readonly when: "before" | "after" };

export const DEATHS: readonly Death[] = [
  { at: "call", when: "before" },
  { at: "call", when: "after" },
  { at: "transaction", when: "before" },
  { at: "transaction", when: "after" },
];

/** Does work of a device that dies at its n-th step, counted from the ports that the work opens; true if it died. */
export async function diesIn(
  device: Device,
  options: { readonly death: Death; readonly step: number },
  work: () => Promise<unknown>,
): Promise<boolean> {
  const { death, step } = options;
  device.hooks = death.at === "call" ? { fault: onCall(step, { when: death.when, error: new Crash("here") }) } : {};
  device.disk = death.at === "transaction" ? { transaction: step, when: death.when } : undefined;
  try {
    return await endsInDeath(work);
  } finally {
    device.hooks = {};
    device.disk = undefined;
  }
}

/** Whether the process died at its work; any other error is passed on. */
export async function endsInDeath(work: () => Promise<unknown>): Promise<boolean> {
  try {
    await work();
    return false;
  } catch (error) {
    if (error instanceof Crash) return true;
    throw error;
  }
}

/** Starts a device again so that it dies at the n-th step, and works; true if it died. */
export function dies(
  world: World,
  device: Device,
  options: { death: Death; step: number; work: (session: Session) => Promise<unknown> },
): Promise<boolean> {
  return diesIn(device, options, async () => options.work(world.restart(device)));
}
