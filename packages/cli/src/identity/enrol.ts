/** `init --device CODE`: this home becomes a further device of somebody who has groups already. */
import {
  askForDevice,
  type CodeGroup,
  ConclaveError,
  type DeviceCode,
  encodeCardFile,
  fingerprint,
  makeCard,
  type PublicKeys,
  parseDeviceCode,
  StoreError,
  verifyingKeyOf,
} from "@conclave/core";
import {
  joinKnownGroup,
  type KnownGroup,
  listGroups,
  openGroupStore,
  replacePrivateFile,
  resolvePlace,
  type StorePlace,
} from "@conclave/node";
import { Advice } from "../advice.ts";
import { usage } from "../command-error.ts";
import type { Context } from "../context.ts";
import { freeGroupName } from "../parsing/group-name.ts";
import { pause } from "../terminal/pause.ts";
import { withKnownGroup } from "../with-group.ts";
import { codePlaces } from "./code-places.ts";
import { tellKeptLabel } from "./device-label.ts";
import { makeKeys } from "./make-keys.ts";
import { homeOf, type Person, withPerson } from "./person.ts";

const LOOK_EVERY_MS = 3000;

/** Makes this device's keys if there are none, asks in each group of the code, and comes in where it was admitted. */
export async function enrol(
  context: Context,
  options: {
    readonly code: string;
    readonly name: string | undefined;
    readonly kit: string | undefined;
    readonly noPassphrase: boolean;
    readonly label: string | undefined;
    /** `GROUP=STORE`, as they were typed. */
    readonly stores: readonly string[];
    readonly account: string | undefined;
  },
): Promise<undefined> {
  if (options.name !== undefined || options.kit !== undefined) {
    throw usage("--device takes name and recovery kit from your other device", "leave out --name and --kit");
  }
  // A mistyped character is found before anything is asked or made.
  const code = parseDeviceCode(options.code);
  if (code.expires <= context.clock.now()) throw expired();
  await refuseOwnCode(context, code);
  const places = codePlaces(options.stores, { groups: code.groups, folder: context.cwd });
  await makeKeys(context, options);
  await withPerson(context, async (person) => {
    tellKeptLabel(context, { label: person.device.label, given: options.label });
    await askAndEnter(context, { person, code, places, account: options.account });
  });
}

function expired(): Advice {
  const error = new ConclaveError("this code has expired", { code: "malformed" });
  return new Advice(error, 'run "conclave device add" on your other device again');
}

/** A device that is in all of these groups already is the one that made the code, or has used it. */
async function refuseOwnCode(context: Context, code: DeviceCode): Promise<void> {
  const known = new Set((await listGroups(homeOf(context))).map(({ id }) => id));
  if (code.groups.some(({ address }) => !known.has(address.group))) return;
  const error = new ConclaveError("this device is in all groups of that code already", { code: "exists" });
  throw new Advice(error, "the code is for another device of yours");
}

interface Enrolling {
  readonly person: Person;
  readonly code: DeviceCode;
  /** Where this machine reaches each group's storage. */
  readonly places: ReadonlyMap<CodeGroup, string>;
  /** The account that reaches those that lie in a cloud. */
  readonly account: string | undefined;
}

async function askAndEnter(context: Context, options: Enrolling): Promise<void> {
  const { person, code } = options;
  const { label, signingKey } = person.device;
  const shown = fingerprint(verifyingKeyOf(signingKey));
  context.note(`this device is called "${label}"; its fingerprint is ${shown}`);
  for (;;) {
    const { waiting, failed } = await enterAll(context, options);
    if (failed) throw unreached(failed);
    if (waiting.length === 0) break;
    if (!context.out.isTerminal || context.clock.now() > code.expires) throw stillWaiting(waiting, shown);
    await pause(LOOK_EVERY_MS, context.signal);
  }
  const groups = (await listGroups(person.home)).map(({ name }) => name);
  context.out.result({ fingerprint: shown, device: label, home: person.home.folder, groups }, ({ line }) =>
    line(`this is a device of yours now, in ${groups.join(", ")}`),
  );
}

function stillWaiting(waiting: readonly string[], shown: string): Advice {
  const error = new ConclaveError(`not admitted yet in ${waiting.join(", ")}`, { code: "waiting" });
  const hint = `any command on the other device admits this one; it shows the fingerprint ${shown}; then run the same command again`;
  return new Advice(error, hint);
}

/** A group that could not be opened or asked. */
interface Failed {
  readonly group: string;
  readonly error: StoreError | ConclaveError;
}

function unreached({ group, error }: Failed): Advice {
  if (error.code === "gone") {
    return new Advice(
      error,
      "--account EMAIL names the account that reaches the folder, if several are signed in here; then run the same command again: it goes on from there",
    );
  }
  return new Advice(
    error,
    `--store ${group}=STORE says where this machine reaches the storage of ${group}; then run the same command again: it goes on from there`,
  );
}

/** Comes in wherever this device is listed by now, and asks elsewhere; gives the names of those, and what went wrong first. */
async function enterAll(
  context: Context,
  { person, code, places, account }: Enrolling,
): Promise<{ readonly waiting: readonly string[]; readonly failed: Failed | undefined }> {
  const waiting: string[] = [];
  let failed: Failed | undefined;
  for (const group of code.groups) {
    const known = await listGroups(person.home);
    if (known.some(({ id }) => id === group.address.group)) continue;
    try {
      const at = { store: places.get(group) ?? group.address.store, account };
      const place = await resolvePlace(person, at, { create: false, signal: context.signal });
      if (await enter(context, { person, group, place, known })) continue;
      await ask(context, { person, group, place, secret: code.secret });
      waiting.push(group.name);
    } catch (error) {
      if (!(error instanceof StoreError) && !(error instanceof ConclaveError)) throw error;
      context.signal.throwIfAborted();
      context.warn(`${group.name}: ${error.message}`);
      failed ??= { group: group.name, error };
    }
  }
  return { waiting, failed };
}

async function ask(
  context: Context,
  options: {
    readonly person: Person;
    readonly group: CodeGroup;
    readonly place: StorePlace;
    readonly secret: Uint8Array;
  },
): Promise<void> {
  const { person, group, place, secret } = options;
  using store = await openGroupStore(person, place, { settled: false });
  await askForDevice({ ...person, store }, { group, secret, signal: context.signal });
}

async function enter(
  context: Context,
  options: {
    readonly person: Person;
    readonly group: CodeGroup;
    readonly place: StorePlace;
    readonly known: readonly KnownGroup[];
  },
): Promise<boolean> {
  const { person, group, place, known } = options;
  const { address } = group;
  using store = await openGroupStore(person, place, { settled: false });
  const name = freeGroupName(group.name, known);
  const joined = await joinKnownGroup(person, { name, place, store, address, signal: context.signal });
  if (!joined) return false;
  await withKnownGroup(context, {
    person,
    group: joined,
    work: async ({ session }) => {
      const { me } = session.view;
      // Nobody can list this device as another member's: its own signature names its member.
      if (me?.id !== group.member) return undefined;
      const kit = me.devices.find(({ kind }) => kind === "kit") ?? me.admitted.card.kit;
      await writeCard(context, { person, name: me.name, kit });
      return undefined;
    },
  });
  return true;
}

/** This device's own card: it is what it asks with in further groups. */
async function writeCard(
  context: Context,
  { person, name, kit }: { readonly person: Person; readonly name: string; readonly kit: PublicKeys },
): Promise<void> {
  const { crypto, device, home } = person;
  const card = await makeCard(crypto, { name, device, kit, time: context.clock.now() });
  await replacePrivateFile(home.card, encodeCardFile(card.signed));
}
