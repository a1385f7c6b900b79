/** The person at work: home, card, and the device's keys once they are unlocked. */
import { readFile } from "node:fs/promises";
import { ConclaveError, decodeCardFile, type SignedCard } from "@conclave/core";
import { type Home, nodeCrypto, openHome, readIdentity, type Unlocked } from "@conclave/node";
import { Advice } from "./advice.ts";
import type { Context } from "./context.ts";

/** What others see of the machine: no host name, which may say more than its owner wants. */
export const DEVICE_LABEL = "computer";

const NO_IDENTITY_HINT = 'make one first with "conclave init --name NAME"';

/** This person, unlocked, with what unlocked it: a background process is given the same. */
export interface Person extends Unlocked {
  readonly passphrase: string | undefined;
}

/** The home that this run is about. */
export function homeOf(context: Pick<Context, "env" | "options">): Home {
  const { profile } = context.options;
  return openHome({ env: context.env, ...(profile === undefined ? {} : { profile }) });
}

/** The person's own card. */
export async function ownCard(unlocked: Pick<Unlocked, "home" | "crypto">): Promise<SignedCard> {
  let bytes: Uint8Array<ArrayBuffer>;
  try {
    bytes = new Uint8Array(await readFile(unlocked.home.card));
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== "ENOENT") throw cause;
    const error = new ConclaveError(`there is no identity in ${unlocked.home.folder}`, { code: "not-found", cause });
    throw new Advice(error, NO_IDENTITY_HINT);
  }
  return decodeCardFile(unlocked.crypto, bytes);
}

/** Unlocks this person's keys, does the work, and lets go of the threads that cryptography started. */
export async function withPerson<Result>(context: Context, work: (person: Person) => Promise<Result>): Promise<Result> {
  const home = homeOf(context);
  const crypto = nodeCrypto();
  try {
    const { device, passphrase } = await unlock(context, { home, crypto });
    return await work({ home, crypto, device, passphrase, clock: context.clock });
  } finally {
    await crypto.close();
  }
}

async function unlock(context: Context, { home, crypto }: Pick<Unlocked, "home" | "crypto">) {
  let given: string | undefined;
  try {
    const device = await readIdentity(crypto, {
      home,
      passphrase: async () => {
        given = await context.prompts.passphrase();
        return given;
      },
    });
    return { device, passphrase: given };
  } catch (error) {
    if (error instanceof ConclaveError && error.code === "not-found") throw new Advice(error, NO_IDENTITY_HINT);
    throw error;
  }
}
