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
  SHARES_NEEDED_MIN,
  verifyingKeyOf,
} from "@conclave/core";
import { openDatabase, openGroupStore, processRuns, replacePrivateFile } from "@conclave/node";
import { Advice } from "../advice.ts";
import { defineCommand } from "../command.ts";
import { usage } from "../command-error.ts";
import type { Context } from "../context.ts";
import { inEachGroup } from "../identity/own-groups.ts";
import { ownCard, type Person, withPerson } from "../identity/person.ts";
import { readKitFiles } from "../kit/kit-file.ts";
import { onceShown, showWords, writeKit } from "../kit/kit-output.ts";
import { joinShares, parseSplit, type Split, writeShares } from "../kit/kit-shares.ts";
import type { KitGroup, KitSheet } from "../kit/kit-text.ts";
import { kitTried, noteKitTried } from "../kit/kit-tried.ts";
import { noteTrustees, type Roll, trusteesCalled } from "../kit/trustees.ts";
import { reencryptShown } from "../reencryption.ts";
import type { Lines } from "../terminal/output.ts";
import { isoTime } from "../terminal/units.ts";

export const kit = defineCommand({
  examples: [
    "conclave kit",
    "conclave kit --test kit.html",
    "conclave kit --new --file kit.html",
    "conclave kit --new --split 2/3 --file share.html --for Bob,Carol",
    "conclave kit --test share-1.txt share-3.txt",
  ],
  args: ["share-file?..."],
  options: {
    new: { summary: "make a new kit; the old one opens nothing new from then on" },
    test: { value: "KIT-FILE", summary: "try a kit: whether it is the right one, and opens each of your groups" },
    file: { value: "FILE", summary: "with --new: write it to FILE: text, or a page to print if FILE ends in .html" },
    split: {
      value: "K/N",
      summary: "with --new: write no kit but N shares, share.html as share-1.html and so on; any K give it",
    },
    for: {
      value: "NAMES",
      summary: "with --split: members who get the shares, in their order; groups and status say when one of them goes",
    },
    join: { value: "KIT-FILE", summary: "write the kit that the shares in SHARE-FILE... give, for stock tools" },
  },
  notes: [
    "The words of a kit are kept nowhere on this device: a kit that is lost is replaced with --new, not printed again. A kit is",
    "split when it is made, and whoever holds fewer shares than it takes knows nothing of it. After --test and --join, and for",
    '"conclave recover", name as many files with shares as it takes.',
  ].join("\n"),

  run: async (context, { "share-file": shares, new: isNew, test, file, split, for: holders, join }) => {
    if ([isNew, test !== undefined, join !== undefined].filter(Boolean).length > 1)
      throw usage("--new, --test and --join do not go together");
    if ((file ?? split ?? holders) !== undefined && !isNew)
      throw usage("--file, --split and --for need --new: the words of the old kit are kept nowhere");
    if (shares.length > 0 && test === undefined && join === undefined)
      throw usage("files with shares go with --test or --join");
    if (join !== undefined && shares.length < SHARES_NEEDED_MIN)
      throw usage(
        "--join takes the file to write, and behind it the files with shares",
        "conclave kit --join KIT-FILE SHARE-FILE SHARE-FILE...",
      );
    const parts = split === undefined ? undefined : parseSplit(split);
    if (split === undefined && holders !== undefined) throw usage("--for needs --split");
    if (parts !== undefined && listed(holders).length > parts.count) throw usage("--for names more people than shares");
    if (split !== undefined && file === undefined)
      throw usage("--split needs --file: each share goes to somebody else");
    if (join !== undefined) return joinShares(context, { shares, file: join });
    return withPerson(context, async (person) => {
      if (isNew) return renew(context, { person, file, split: parts, holders: listed(holders) });
      if (test !== undefined) return tryKit(context, { person, files: [test, ...shares] });
      return show(context, person);
    });
  },
});

function listed(names: string | undefined): readonly string[] {
  return names?.split(",").map((name) => name.trim()) ?? [];
}

const HALF_REPLACED =
  "keep both kits: the new one counts in the groups that were done, the old one in the others; running the command again " +
  "makes another kit, which replaces both";

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
  options: {
    readonly person: Person;
    readonly file: string | undefined;
    readonly split: Split | undefined;
    readonly holders: readonly string[];
  },
): Promise<number | undefined> {
  const { person, file, split, holders } = options;
  const { crypto, home, device } = person;
  const secret = newKitSecret(crypto);
  const keys = kitDevice(secret);
  const time = context.clock.now();
  const before = await ownCard(person);
  const { name } = before.card;
  const card = await makeCard(crypto, { name, device, kit: await publicKeysOf(keys), time });
  const words = kitWords(secret);
  // The kit is in its person's hands before the old one is retired anywhere.
  const { groups, rolls } = await groupsOf(context, person);
  const trustees = trusteesCalled(holders, rolls);
  const sheet: KitSheet = { name, fingerprint: fingerprint(card.member), words, kit: keys, time, groups };
  const files =
    file !== undefined && split
      ? await writeShares(context, { crypto, file, split, kitSecret: secret, kit: { name, time, groups, holders } })
      : file !== undefined
        ? [file]
        : undefined;
  if (file !== undefined && !split) await writeKit(context, file, sheet);
  const value = {
    fingerprint: shownKey(verifyingKeyOf(keys.signingKey)),
    kit: files === undefined ? { words } : split ? { shares: files } : { file },
  };
  const show = ({ line }: Lines): void => {
    line(`recovery kit ${value.fingerprint}`);
    if (files === undefined) showWords(line, words);
    else line(`written to   ${files.join(", ")}`);
  };
  const option = files === undefined ? "--file" : undefined;
  const undone = await onceShown(context, { value, show, option, interrupted: HALF_REPLACED }, async () => {
    await noteTrustees(home, { kit: verifyingKeyOf(keys.signingKey), trustees });
    await replacePrivateFile(home.card, encodeCardFile(card.signed));
    return inEachGroup(context, {
      person,
      work: async ({ session }) => {
        const { me } = session.view;
        if (!me) return;
        const listed = await makeDeviceCard(crypto, { keys, member: me.id, kind: "kit", time });
        await replaceKit(session, { kit: listed, contents: "now", signal: context.signal });
        if (isAtLeast(me.role, "editor")) await reencryptShown(context, { session, settled: false });
      },
    });
  });
  context.out.result({ undone }, () => undefined);
  if (undone.length > 0)
    context.warn(
      "in the groups named above the old kit still counts: run the command again, with another file, when they can be reached",
    );
  for (const [index, holder] of holders.entries()) context.note(`${files?.[index]} is for ${holder}`);
  if (split) context.note("give each share to its holder, and delete it from this computer");
  context.note('destroy the old kit; try the new one with "conclave kit --test"');
  return undone.length > 0 ? 1 : undefined;
}

/** This person's groups: their addresses as they are now, for the page, and who is in them. */
async function groupsOf(
  context: Context,
  person: Person,
): Promise<{ readonly groups: readonly KitGroup[]; readonly rolls: readonly Roll[] }> {
  const groups: KitGroup[] = [];
  const rolls: Roll[] = [];
  await inEachGroup(context, {
    person,
    work: async ({ session, group }) => {
      const { state, current } = session.view;
      const address = { group: session.group, entry: state.head, epoch: current.epoch, store: group.store };
      groups.push({ name: group.name, address });
      rolls.push({ group: session.group, members: state.members });
    },
  });
  return { groups, rolls };
}

/** Opens each group with the kit alone, as after a loss, and changes nothing. */
async function tryKit(
  context: Context,
  { person, files }: { readonly person: Person; readonly files: readonly string[] },
): Promise<number | undefined> {
  const keys = await readKitFiles(context, files);
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
  const own = await ownCard(person);
  const isNowhere = opened.length === 0 && undone.length === 0;
  if (isNowhere && own.card.kit.verifyingKey !== key) {
    const error = new ConclaveError(NOT_YOURS, { code: "fingerprint-mismatch" }); // check: key
    throw new Advice(error, '"conclave kit" shows the fingerprint of yours');
  }
  if (undone.length === 0) await noteKitTried(person.home, { key, time: context.clock.now() });
  const value = { fingerprint: shownKey(key), ok: undone.length === 0, opens: opened, undone };
  context.out.result(value, ({ line }) => {
    line(`recovery kit ${value.fingerprint}`);
    for (const name of opened) line(`opens ${name}`);
    if (isNowhere) line("it is yours; you have no groups yet that it could open");
  });
  return undone.length > 0 ? 1 : undefined;
}
