/** The person at work: home, card, and the device's keys once they are unlocked. */
import { readFile } from "node:fs/promises";
import { ConclaveError, type DeviceSecrets, decodeCardFile, type SignedCard } from "@conclave/core";
import {
  googleEndpoints,
  type Home,
  homeExposures,
  keepUnlocked,
  nodeCrypto,
  openHome,
  readIdentity,
  type Unlocked,
} from "@conclave/node";
import { Advice } from "../advice.ts";
import type { Context } from "../context.ts";

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
    const google = googleEndpoints(context.env);
    const { clock, signal } = context;
    const onSilence = (isSilent: boolean): void => context.waiting("Google Drive", isSilent);
    return await work({ home, crypto, device, passphrase, clock, google, signal, onSilence });
  } finally {
    await crypto.close();
  }
}

async function unlock(context: Context, { home, crypto }: Pick<Unlocked, "home" | "crypto">) {
  const known = context.unlocked?.get(home.folder);
  if (known) return known;
  for (const { what, remedy } of await homeExposures(home)) context.warn(`${what}; ${remedy}`);
  let passphrase: string | undefined;
  try {
    const device = await readIdentity(crypto, {
      home,
      keychain: context.keychain,
      passphrase: async () => {
        passphrase = await context.prompts.passphrase();
        return passphrase;
      },
    });
    if (passphrase !== undefined && !isGiven(context)) await keep(context, { device, home });
    context.unlocked?.set(home.folder, { device, passphrase });
    return { device, passphrase };
  } catch (error) {
    if (error instanceof ConclaveError && error.code === "not-found") throw new Advice(error, NO_IDENTITY_HINT);
    throw error;
  }
}

/** Whether the passphrase comes from a file: whoever keeps it there needs no keychain. */
function isGiven({ options, env }: Context): boolean {
  return (options.passphraseFile ?? env.CONCLAVE_PASSPHRASE_FILE ?? "") !== "";
}

async function keep(
  context: Context,
  { device, home }: { readonly device: DeviceSecrets; readonly home: Home },
): Promise<void> {
  const keychain = await context.keychain();
  if (!keychain || !(await keepUnlocked(device, { home, keychain }))) return;
  context.note('your keys stay unlocked in the system\'s keychain until "conclave lock"');
}
