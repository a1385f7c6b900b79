import {
  ConclaveError,
  encodeCardFile,
  fingerprint,
  isAtLeast,
  kitDevice,
  kitWords,
  makeCard,
  makeDeviceCard,
  newKitSecret,
  openWithKit,
  publicKeysOf,
  replaceKit,
  verifyingKeyOf,
} from "@conclave/core";
import { openDatabase, openGroupStore, processRuns, replacePrivateFile } from "@conclave/node";
import { defineCommand } from "../command.ts";
import { usage } from "../command-error.ts";
import type { Context } from "../context.ts";
import { inEachGroup } from "../identity/own-groups.ts";
import { ownCard, type Person, withPerson } from "../identity/person.ts";
import { readKitFile } from "../kit/kit-file.ts";
import { showWords, writeKit } from "../kit/kit-output.ts";
import type { KitGroup, KitSheet } from "../kit/kit-text.ts";
import { kitTried, noteKitTried } from "../kit/kit-tried.ts";
import { reencryptShown } from "../reencryption.ts";
import { isoTime } from "../terminal/units.ts";

export const kit = defineCommand({
  examples: ["conclave kit", "conclave kit --test kit.html", "conclave kit --new --file kit.html"],
  args: [],
  options: {
    new: { summary: "make a new kit; the old one opens nothing new from then on" },
    test: { value: "KIT-FILE", summary: "try a kit: whether it is the right one, and opens each of your groups" },
    file: { value: "FILE", summary: "with --new: write it to FILE: text, or a page to print if FILE ends in .html" },
  },
  notes:
    "The words of a kit are kept nowhere on this device: a kit that is lost is replaced with --new, not printed again.",

  run: (context, { new: isNew, test, file }) => {
    if (isNew && test !== undefined) throw usage("--new and --test do not go together");
    if (file !== undefined && !isNew) throw usage("--file needs --new: the words of the old kit are kept nowhere");
    return withPerson(context, async (person) => {
      if (isNew) return renew(context, { person, file });
      if (test !== undefined) return tryKit(context, { person, file: test });
      return show(context, person);
    });
  },
});

const NOT_YOURS = "that is another member's recovery kit";

/** A kit's own fingerprint, from its verifying key: no secret. */
const shownKey = (key: string): string => fingerprint(key);

async function show(context: Context, person: Person): Promise<undefined> {
  const { card } = await ownCard(person);
  const tried = await kitTried(person.home, card.kit.verifyingKey);
  const value = { fingerprint: shownKey(card.kit.verifyingKey), tried: tried === undefined ? null : isoTime(tried) };
  context.out.result(value, ({ line }) => {
    line(`recovery kit ${value.fingerprint}`);
    line(tried === undefined ? "never tried: conclave kit --test KIT-FILE" : `tried        ${isoTime(tried)}`);
  });
}

async function renew(
  context: Context,
  { person, file }: { readonly person: Person; readonly file: string | undefined },
): Promise<number | undefined> {
  const { crypto, home, device } = person;
  const secret = newKitSecret(crypto);
  const keys = kitDevice(secret);
  const time = context.clock.now();
  const before = await ownCard(person);
  const { name } = before.card;
  const card = await makeCard(crypto, { name, device, kit: await publicKeysOf(keys), time });
  const words = kitWords(secret);
  // The kit is in its person's hands before the old one is retired anywhere.
  const groups = await groupsOf(context, person);
  const sheet: KitSheet = { name, fingerprint: fingerprint(card.member), words, kit: keys, time, groups };
  if (file !== undefined) await writeKit(context, file, sheet);
  await replacePrivateFile(home.card, encodeCardFile(card.signed));
  const undone = await inEachGroup(context, {
    person,
    work: async ({ session }) => {
      const { me } = session.view;
      if (!me) return;
      const listed = await makeDeviceCard(crypto, { keys, member: me.id, kind: "kit", time });
      await replaceKit(session, { kit: listed, contents: "now", signal: context.signal });
      if (isAtLeast(me.role, "editor")) await reencryptShown(context, { session, settled: false });
    },
  });
  const value = {
    fingerprint: shownKey(verifyingKeyOf(keys.signingKey)),
    kit: file === undefined ? { words } : { file },
    undone,
  };
  context.out.result(value, ({ line }) => {
    line(`recovery kit ${value.fingerprint}`);
    if (file === undefined) showWords(line, words);
    else line(`written to   ${file}`);
  });
  if (undone.length > 0)
    context.warn(
      "in the groups named above the old kit still counts: run the same command again when they can be reached",
    );
  context.note('destroy the old kit; try the new one with "conclave kit --test"');
  return undone.length > 0 ? 1 : undefined;
}

/** This person's groups, with their addresses as they are now, for the page. */
async function groupsOf(context: Context, person: Person): Promise<readonly KitGroup[]> {
  const groups: KitGroup[] = [];
  await inEachGroup(context, {
    person,
    work: async ({ session, group }) => {
      const { state, current } = session.view;
      const address = { group: session.group, entry: state.head, epoch: current.epoch, store: group.store };
      groups.push({ name: group.name, address });
    },
  });
  return groups;
}

/** Opens each group with the kit alone, as after a loss, and changes nothing. */
async function tryKit(
  context: Context,
  { person, file }: { readonly person: Person; readonly file: string },
): Promise<number | undefined> {
  const keys = await readKitFile(context, file);
  const key = verifyingKeyOf(keys.signingKey);
  const opened: string[] = [];
  const undone = await inEachGroup(context, {
    person,
    work: async ({ session, group }) => {
      using store = await openGroupStore(person, group, { settled: false });
      const index = openDatabase(":memory:");
      try {
        const { state, current } = session.view;
        const address = { group: session.group, entry: state.head, epoch: current.epoch, store: group.store };
        const { crypto, clock } = person;
        const ports = { store, index, crypto, clock, runs: processRuns(), device: keys };
        const { member } = await openWithKit(ports, { address, signal: context.signal });
        if (member.id !== session.view.me?.id) throw new ConclaveError(NOT_YOURS, { code: "fingerprint-mismatch" }); // check: key
        opened.push(group.name);
      } finally {
        index.close();
      }
    },
  });
  if (undone.length === 0) await noteKitTried(person.home, { key, time: context.clock.now() });
  const value = { fingerprint: shownKey(key), ok: undone.length === 0, opens: opened, undone };
  context.out.result(value, ({ line }) => {
    line(`recovery kit ${value.fingerprint}`);
    for (const name of opened) line(`opens ${name}`);
  });
  return undone.length > 0 ? 1 : undefined;
}
