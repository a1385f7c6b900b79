import { newDevice } from "@conclave/core";
import { createIdentity, identityState, nodeCrypto } from "@conclave/node";
import type { Context } from "../context.ts";
import { deviceLabel } from "./device-label.ts";
import { homeOf } from "./person.ts";

/** Draws the keys of a device that comes to a person who is in groups already, unless this home has keys. */
export async function makeKeys(
  context: Context,
  options: { readonly noPassphrase: boolean; readonly label: string | undefined },
): Promise<void> {
  const { noPassphrase } = options;
  const home = homeOf(context);
  if ((await identityState(home)) !== "absent") return;
  const label = deviceLabel(context, options.label);
  const crypto = nodeCrypto();
  const passphrase = noPassphrase ? undefined : await context.prompts.newPassphrase();
  const device = await newDevice(crypto, { label });
  await createIdentity(crypto, { home, device, ...(passphrase === undefined ? {} : { passphrase }) });
  if (noPassphrase) context.warn("without a passphrase, whoever can read this home can act as you");
}
