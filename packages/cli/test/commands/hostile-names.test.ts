/** Attack 43 on every command that shows anything of others: in lists, bars, warnings, errors and JSON nothing reaches the terminal raw. */
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  encodeCardFile,
  kitDevice,
  makeCard,
  newDevice,
  newKitSecret,
  publicKeysOf,
  writeIdentityFile,
} from "@conclave/core";
import { nodeCrypto } from "@conclave/node";
import { expect, it } from "vitest";
import { REGISTRY } from "../../src/registry.ts";
import { family, filesBelow, newStage, type Person, type Stage } from "../support/stage.ts";

/** A colour, a title, a screen wiped by one byte, a forged line, and a text turned round. */
const HOSTILE = "E\u001b[31m\u001b]0;owned\u0007\u009b2J\nerror: forged\u202eve";
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for.
const RAW = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069]|^error: forged/mu;
/** What this program itself sends to a terminal: the start of a line, and the rest of it taken away. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: as above.
const OWN = /\r|\u001b\[(?:2?K|J)/g;

/** Eve's own name, her device's, her files', and what somebody calls a newcomer are all hostile. */
async function scene(): Promise<Stage & { readonly alice: Person; readonly eve: Person }> {
  const stage = newStage();
  const { alice } = await family(stage);
  const eve = await named(stage);
  const { fingerprint } = await eve.json<{ fingerprint: string }>("id", "--card", "eve.card");
  await alice.json("add", "family", "eve.card", "--role", "admin", "--fingerprint", fingerprint);
  const { address } = await alice.json<{ address: string }>("address", "family");
  await eve.json("join", address, "--as", "family");
  stage.files(`nasty/${HOSTILE}`, { [HOSTILE]: "one", [`${HOSTILE} gone`]: "two", [`${HOSTILE} purged`]: "three" });
  await eve.json("upload", `nasty/${HOSTILE}`, "family:/");
  await eve.json("invite", "family", HOSTILE);
  await eve.json("rm", `family:${HOSTILE}/${HOSTILE} gone`);
  await eve.json("rm", "--permanent", `family:${HOSTILE}/${HOSTILE} purged`);
  return { ...stage, alice, eve };
}

/** Somebody with names that no honest program takes at `init`. */
async function named(stage: Stage): Promise<Person> {
  const crypto = nodeCrypto({ workers: 0 });
  const device = await newDevice(crypto, { label: HOSTILE });
  const kit = await publicKeysOf(kitDevice(newKitSecret(crypto)));
  const card = await makeCard(crypto, { name: HOSTILE, device, kit, time: Date.now() });
  const eve = stage.visitor("eve");
  mkdirSync(eve.home, { mode: 0o700 });
  writeFileSync(join(eve.home, "identity.txt"), writeIdentityFile(device), { mode: 0o600 });
  writeFileSync(join(eve.home, "card.txt"), encodeCardFile(card.signed), { mode: 0o600 });
  return eve;
}

const FILE = `family:${HOSTILE}/${HOSTILE}`;
/** In the order in which they are run: the last ones leave less and less. */
const LINES: readonly (readonly string[])[] = [
  ["groups"],
  ["members", "family"],
  ["log", "family"],
  ["status", "family"],
  ["requests", "family"],
  ["invitations", "family"],
  ["device"],
  ["ls", "-l", "-R", "family:"],
  ["find", "family:", "forged"],
  ["versions", FILE],
  ["trash", "family"],
  ["trash", "family", "--purged"],
  ["cat", `${FILE} of nobody`],
  ["download", "family:/", "out"],
  ["download", FILE, `${HOSTILE}/none/of/these`],
  ["upload", `none of these ${HOSTILE}`, "family:/"],
  ["upload", `nasty/${HOSTILE}`, "family:/"],
  ["mkdir", FILE],
  ["mv", FILE, `family:${HOSTILE}/${HOSTILE} gone`],
  ["cp", `family:${HOSTILE}`, `family:${HOSTILE} again`],
  ["restore", `family:${HOSTILE}/${HOSTILE} gone`],
  ["role", "family", `${HOSTILE}!`, "viewer"],
  ["role", "family", HOSTILE, "owner"],
  ["rm", `${FILE} of nobody`],
  ["settle", "family", HOSTILE],
  ["verify", "family", "--full"],
  ["remove", "family", HOSTILE, "--dry-run"],
  ["remove", "family", HOSTILE],
  ["log", "family"],
  ["status", "family"],
];

it.each<[string, readonly string[]]>([
  ["for people, in a file", ["--verbose"]],
  ["as JSON", ["--json", "--verbose"]],
  ["with stacks", ["--debug"]],
])("shows nothing raw %s", { timeout: 120_000 }, async (_, options) => {
  const { alice, eve, folder } = await scene();
  const said = async (person: Person, words: readonly string[]) => {
    const { out, err } = await person(...words, ...options);
    expect([words, RAW.exec(`${out}\n${err}`)?.[0]]).toEqual([words, undefined]);
    return out + err;
  };
  let all = "";
  for (const words of LINES) all += await said(alice, words);
  all += await said(eve, ["ls", "family:"]);
  for (const shown of ["forged", options.includes("--json") ? "\\u001b" : "\\u{1b}"]) expect(all).toContain(shown);
  // What is altered on the storage is named by whose it is.
  for (const path of filesBelow(join(folder, "store")).filter((each) => each.includes("/objects/"))) {
    rmSync(join(folder, "store", path));
    writeFileSync(join(folder, "store", path), "altered");
  }
  for (const words of [
    ["verify", "family", "--full"],
    ["download", "family:/", "other"],
    ["cat", FILE],
  ])
    await said(alice, words);
});

it("shows nothing raw on a terminal, in bars and questions", { timeout: 120_000 }, async () => {
  const stage = await scene();
  const alice = stage.visitor("Alice", { typed: ["n", "n", "n", "n", "n", "n", "n", "n"] });
  for (const words of [...LINES, ["add", "family", "eve.card"], ["delete", "family"]]) {
    const { out, err } = await alice(...words);
    expect([words, RAW.exec(`${out}\n${err}`.replaceAll(OWN, ""))?.[0]]).toEqual([words, undefined]);
  }
});

it("looks at commands that there are", () => {
  const names = REGISTRY.map(({ name }) => name);
  for (const [name = ""] of LINES) expect(names).toContain(name);
});
