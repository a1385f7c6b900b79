import { newDevice } from "@conclave/core";
import { createIdentity, identityState, nodeCrypto } from "@conclave/node";
import type { Context } from "../context.ts";
import { DEVICE_LABEL, homeOf } from "./person.ts";

/** Draws the keys of a device that comes to a person who is in groups already, unless this home has keys. */
export async function makeKeys(context: Context, noPassphrase: boolean): Promise<void> {
  const home = homeOf(context);
  if ((await identityState(home)) !== "absent") return;
  const crypto = nodeCrypto();
  const passphrase = noPassphrase ? undefined : await context.prompts.newPassphrase();
  const device = await newDevice(crypto, { label: DEVICE_LABEL });
  await createIdentity(crypto, { home, device, ...(passphrase === undefined ? {} : { passphrase }) });
  if (noPassphrase) context.warn("without a passphrase, whoever can read this home can act as you");
}
