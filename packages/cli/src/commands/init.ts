import {
  ConclaveError,
  encodeCardFile,
  fingerprint,
  kitDevice,
  kitWords,
  makeCard,
  newDevice,
  newKitSecret,
  publicKeysOf,
} from "@conclave/core";
import { createIdentity, identityState, nodeCrypto, replacePrivateFile, withHomeLock } from "@conclave/node";
import { Advice } from "../advice.ts";
import { defineCommand } from "../command.ts";
import { usage } from "../command-error.ts";
import { deviceLabel, LABEL_OPTION } from "../identity/device-label.ts";
import { enrol } from "../identity/enrol.ts";
import { homeOf } from "../identity/person.ts";
import { showWords, writeKit } from "../kit/kit-output.ts";
import type { KitSheet } from "../kit/kit-text.ts";

export const init = defineCommand({
  examples: [
    'conclave init --name "Alice Example" --kit kit.html',
    "conclave init --device conclave-device1... --label phone --store family=~/Dropbox/family",
  ],
  args: [],
  options: {
    name: { value: "NAME", summary: "your name, as the others will see it" },
    label: LABEL_OPTION,
    "no-passphrase": { summary: "keep the keys readable for whoever may read this home" },
    device: { value: "CODE", summary: 'become a further device of somebody who ran "conclave device add"' },
    store: {
      value: "GROUP=STORE",
      several: true,
      summary: "with --device: where this machine reaches that group's storage, if elsewhere than the other device",
    },
    account: {
      value: "EMAIL",
      summary: "with --device: the cloud account that reaches those groups, if there are several here",
    },
    kit: { value: "FILE", summary: "write the recovery kit to FILE: text, or a page to print if FILE ends in .html" },
  },
  notes: [
    "The recovery kit is 24 words from which your keys to every group can be made again. Print it, or write it down, and",
    "keep it away from this computer. With --kit FILE the words are not shown on the screen.",
  ].join("\n"),

  async run(context, { name, "no-passphrase": noPassphrase, kit, device: code, label: given, store: stores, account }) {
    if (code !== undefined) return enrol(context, { code, name, kit, noPassphrase, label: given, stores, account });
    if (stores.length > 0 || account !== undefined) {
      const flag = stores.length > 0 ? "--store" : "--account";
      throw usage(`${flag} goes with --device`, "a group gets its storage with conclave create or join");
    }
    const home = homeOf(context);
    const label = deviceLabel(context, given);
    const crypto = nodeCrypto();
    if ((await identityState(home)) !== "absent") throw existing(home.folder);
    const known = (name ?? (await context.prompts.ask("Your name:", { flag: "--name NAME" }))).trim();
    if (/[\p{Cc}\p{Zl}\p{Zp}]/u.test(known)) throw usage("a name stands on one line", 'such as --name "Alice Example"');
    const passphrase = noPassphrase ? undefined : await context.prompts.newPassphrase();
    const device = await newDevice(crypto, { label });
    const secret = newKitSecret(crypto);
    const kitKeys = kitDevice(secret);
    const time = context.clock.now();
    const card = await makeCard(crypto, { name: known, device, kit: await publicKeysOf(kitKeys), time });
    const shown = fingerprint(card.member);
    const sheet: KitSheet = { name: card.card.name, fingerprint: shown, words: kitWords(secret), kit: kitKeys, time };
    await withHomeLock(home, async () => {
      if ((await identityState(home)) !== "absent") throw existing(home.folder);
      const path = kit === undefined ? undefined : await writeKit(context, kit, sheet);
      // The identity comes last: until it is there, nothing was made.
      await replacePrivateFile(home.card, encodeCardFile(card.signed));
      await createIdentity(crypto, { home, device, ...(passphrase === undefined ? {} : { passphrase }) });
      return path;
    });
    const { words } = sheet;
    context.out.result(
      {
        name: card.card.name,
        fingerprint: shown,
        device: label,
        home: home.folder,
        kit: kit === undefined ? { words } : { file: kit },
      },
      ({ line }) => {
        line(`name         ${card.card.name}`);
        line(`fingerprint  ${shown}`);
        line(`device       ${label}`);
        if (kit === undefined) showWords(line, words);
        else line(`recovery kit ${kit}`);
      },
    );
    if (noPassphrase) context.warn("without a passphrase, whoever can read this home can act as you");
    context.note(
      kit === undefined
        ? "write the 24 words down now and keep them away from this computer: they are not shown again"
        : "print the recovery kit or copy it away, then delete it from this computer",
    );
    context.note("next: conclave create GROUP FOLDER founds a group, conclave join CODE enters one");
    return undefined;
  },
});

function existing(folder: string): Advice {
  const error = new ConclaveError(`there is an identity in ${folder} already`, { code: "exists" });
  return new Advice(error, "use it, or make a second one with --profile NAME");
}
