import {
  type Address,
  ConclaveError,
  catchUp,
  encodeCardFile,
  fingerprint,
  kitDevice,
  kitWords,
  makeCard,
  newKitSecret,
  openWithKit,
  parseAddress,
  publicKeysOf,
  recover as recoverIn,
  type SeenByKit,
  unconfirmedSince,
} from "@conclave/core";
import {
  isDrive,
  joinKnownGroup,
  type KnownGroup,
  listGroups,
  openDatabase,
  openGroupStore,
  processRuns,
  replacePrivateFile,
  resolvePlace,
  type StorePlace,
} from "@conclave/node";
import { parseStoreAddress } from "@conclave/stores";
import { defineCommand } from "../command.ts";
import type { Context } from "../context.ts";
import { advisingOnDrive } from "../drive-advice.ts";
import { LABEL_OPTION, tellKeptLabel } from "../identity/device-label.ts";
import { makeKeys } from "../identity/make-keys.ts";
import { homeOf, type Person, withPerson } from "../identity/person.ts";
import { readKitFiles } from "../kit/kit-file.ts";
import { onceShown, showWords, writeKit } from "../kit/kit-output.ts";
import { defaultGroupName } from "../parsing/group-name.ts";
import { parseGroupName } from "../parsing/place.ts";
import type { Lines } from "../terminal/output.ts";
import { isoTime } from "../terminal/units.ts";
import { withKnownGroup } from "../with-group.ts";

export const recover = defineCommand({
  examples: [
    "conclave recover kit.html conclave:v1/... --kit new-kit.html",
    "conclave recover share-1.txt share-3.txt conclave:v1/...",
  ],
  args: ["kit-file...", "address"],
  options: {
    as: { value: "GROUP", summary: "the group's name on this machine" },
    store: { value: "STORE", summary: "where this machine reaches the same storage" },
    account: { value: "EMAIL", summary: "the cloud account to reach it with, if there are several here" },
    kit: { value: "FILE", summary: "write the new kit, which replaces the used one, to FILE" },
    label: LABEL_OPTION,
    "no-passphrase": { summary: "keep the keys readable for whoever may read this home" },
  },
  notes: [
    "In place of a kit, name as many files with its shares as it takes (conclave kit --split).",
    "A kit is good for one recovery: it lists this machine as your device, makes a new kit and changes the key. What the",
    'storage shows may be old: this device reads only, until "conclave join ADDRESS" with a member\'s newer address confirms it.',
  ].join("\n"),

  async run(
    context,
    { "kit-file": files, address: text, as, store, account, kit, label, "no-passphrase": noPassphrase },
  ) {
    const keys = await readKitFiles(context, files);
    const address = parseAddress(text);
    const wanted = as === undefined ? undefined : parseGroupName(as);
    const url = parseStoreAddress(store ?? address.store, { folder: context.cwd });
    const home = homeOf(context);
    const groups = await listGroups(home);
    if (groups.some(({ id }) => id === address.group)) {
      throw new ConclaveError("this device knows that group already", { code: "exists" });
    }
    const name = wanted ?? defaultGroupName(url, groups);
    await makeKeys(context, { noPassphrase, label });
    return withPerson(context, async (person) => {
      tellKeptLabel(context, { label: person.device.label, given: label });
      const wantedPlace = { store: url, account };
      const place = await resolvePlace(person, wantedPlace, { create: false, signal: context.signal });
      const at = { person, address, place, name };
      const work = async (): Promise<number | undefined> => {
        // A recovery that was broken off after it counted: this device is listed already.
        const before = await entered(context, at);
        if (!before) await useKit(context, { ...at, keys, kit });
        return show(context, { ...at, hadCounted: before !== undefined });
      };
      return isDrive(url) ? advisingOnDrive({ account: place.account }, work) : work();
    });
  },
});

interface At {
  readonly person: Person;
  readonly address: Address;
  readonly place: StorePlace;
  readonly name: string;
}

async function entered(context: Context, { person, address, place, name }: At): Promise<KnownGroup | undefined> {
  using store = await openGroupStore(person, place, { settled: false });
  return await joinKnownGroup(person, { name, place, store, address, signal: context.signal });
}

const HALF_RECOVERED =
  "keep the kit that you used and the new one; running the same command again goes on, and if it makes another new kit, that " +
  "one is to be kept";

/** Shows what the kit sees and the kit to come, uses it up, and comes in with this device. */
async function useKit(
  context: Context,
  options: At & { readonly keys: ReturnType<typeof kitDevice>; readonly kit: string | undefined },
): Promise<void> {
  const { person, address, place, keys, kit } = options;
  const { crypto, clock, device } = person;
  const index = openDatabase(":memory:");
  try {
    using store = await openGroupStore(person, place, { settled: false });
    const ports = { store, index, crypto, clock, runs: processRuns(), device: keys };
    const seen = await openWithKit(ports, { address, signal: context.signal });
    sayNewest(context, seen);
    const { words, newKeys, card } = await drawKit(context, { person, name: seen.member.name, kit });
    const value = { kit: kit === undefined ? { words } : { file: kit } };
    const show = ({ line }: Lines): void =>
      kit === undefined ? showWords((each) => line(each), words) : line(`recovery kit ${kit}`);
    const option = kit === undefined ? "--kit" : undefined;
    await onceShown(context, { value, show, option, interrupted: HALF_RECOVERED }, async () => {
      await replacePrivateFile(person.home.card, card);
      await recoverIn(seen, { device, kit: newKeys, signal: context.signal });
      const { state, current } = seen.session.view;
      const reached = { ...address, entry: state.head, epoch: current.epoch };
      await entered(context, { ...options, address: reached });
    });
  } finally {
    index.close();
  }
}

function sayNewest(context: Context, { member, newest }: SeenByKit): void {
  const what = `${newest.entry.slice(0, 16)}, of ${isoTime(newest.time)} as its author says`;
  context.note(`the kit is ${member.name}'s; the newest entry that the storage shows: ${what} (unconfirmed)`);
}

/** Draws the kit that replaces the used one, and writes it to its file if there is to be one. */
async function drawKit(
  context: Context,
  { person, name, kit }: { readonly person: Person; readonly name: string; readonly kit: string | undefined },
) {
  const { crypto, device } = person;
  const secret = newKitSecret(crypto);
  const newKeys = kitDevice(secret);
  const time = context.clock.now();
  const card = await makeCard(crypto, { name, device, kit: await publicKeysOf(newKeys), time });
  const words = kitWords(secret);
  if (kit !== undefined) {
    await writeKit(context, kit, { name, fingerprint: fingerprint(card.member), words, kit: newKeys, time });
  }
  return { words, newKeys, card: encodeCardFile(card.signed) };
}

async function show(context: Context, options: At & { readonly hadCounted: boolean }): Promise<number | undefined> {
  const { person, address, hadCounted } = options;
  const group = (await listGroups(person.home)).find(({ id }) => id === address.group);
  if (!group) throw new ConclaveError("the storage does not show yet what was put on it", { code: "stale-epoch" });
  return withKnownGroup(context, {
    person,
    group,
    refresh: catchUp,
    work: async ({ session }) => {
      const isConfirmed = unconfirmedSince(session) === undefined;
      const value = {
        name: group.name,
        id: group.id,
        role: session.view.me?.role,
        confirmed: isConfirmed,
        ...(hadCounted ? { kit: null } : {}),
      };
      context.out.result(value, ({ line }) => {
        line(`back in ${group.name} as ${session.view.me?.role}`);
      });
      if (!hadCounted) context.note("the kit that you used is spent: destroy it, and keep the new one");
      else context.note('this recovery had counted before; if you do not have its new kit, run "conclave kit --new"');
      if (!isConfirmed)
        context.note(`reading only, until "conclave join" with a member's newer address confirms what you see`);
      context.note('remove devices that are lost with "conclave device remove"');
      return undefined;
    },
  });
}
