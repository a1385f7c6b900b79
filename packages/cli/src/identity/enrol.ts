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
import { joinKnownGroup, type KnownGroup, listGroups, openGroupStore, replacePrivateFile } from "@conclave/node";
import { Advice } from "../advice.ts";
import { usage } from "../command-error.ts";
import type { Context } from "../context.ts";
import { freeGroupName } from "../parsing/group-name.ts";
import { escapeText } from "../terminal/escape.ts";
import { pause } from "../terminal/pause.ts";
import { withKnownGroup } from "../with-group.ts";
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
  },
): Promise<undefined> {
  if (options.name !== undefined || options.kit !== undefined) {
    throw usage("--device takes name and recovery kit from your other device", "leave out --name and --kit");
  }
  // A mistyped character is found before anything is asked or made.
  const code = parseDeviceCode(options.code);
  if (code.expires <= context.clock.now()) throw expired();
  await refuseOwnCode(context, code);
  await makeKeys(context, options.noPassphrase);
  await withPerson(context, (person) => askAndEnter(context, { person, code }));
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
}

async function askAndEnter(context: Context, { person, code }: Enrolling): Promise<void> {
  const shown = fingerprint(verifyingKeyOf(person.device.signingKey));
  context.note(`this device's fingerprint: ${shown}`);
  for (;;) {
    const waiting = await enterAll(context, { person, code });
    if (waiting.length === 0) break;
    if (!context.out.isTerminal || context.clock.now() > code.expires) throw stillWaiting(waiting, shown);
    await pause(LOOK_EVERY_MS, context.signal);
  }
  const groups = await listGroups(person.home);
  context.out.result(
    { fingerprint: shown, home: person.home.folder, groups: groups.map(({ name }) => name) },
    ({ line }) => line(`this is a device of yours now, in ${groups.map(({ name }) => name).join(", ")}`),
  );
}

function stillWaiting(waiting: readonly string[], shown: string): Advice {
  const error = new ConclaveError(`not admitted yet in ${waiting.map(escapeText).join(", ")}`, { code: "waiting" });
  const hint = `any command on the other device admits this one; it shows the fingerprint ${shown}; then run the same command again`;
  return new Advice(error, hint);
}

/** Comes in wherever this device is listed by now, and asks elsewhere; gives the names of those. */
async function enterAll(context: Context, { person, code }: Enrolling): Promise<readonly string[]> {
  const waiting: string[] = [];
  for (const group of code.groups) {
    const known = await listGroups(person.home);
    if (known.some(({ id }) => id === group.address.group)) continue;
    try {
      if (!(await enter(context, { person, group, known }))) {
        await ask(context, { person, group, secret: code.secret });
        waiting.push(group.name);
      }
    } catch (error) {
      if (!(error instanceof StoreError) && !(error instanceof ConclaveError)) throw error;
      context.signal.throwIfAborted();
      context.warn(`${escapeText(group.name)}: ${escapeText(error.message)}`);
      waiting.push(group.name);
    }
  }
  return waiting;
}

async function ask(
  context: Context,
  { person, group, secret }: { readonly person: Person; readonly group: CodeGroup; readonly secret: Uint8Array },
): Promise<void> {
  using store = await openGroupStore(person, { store: group.address.store }, { settled: false });
  await askForDevice({ ...person, store }, { group, secret, signal: context.signal });
}

async function enter(
  context: Context,
  options: { readonly person: Person; readonly group: CodeGroup; readonly known: readonly KnownGroup[] },
): Promise<boolean> {
  const { person, group, known } = options;
  const { address } = group;
  const place = { store: address.store };
  using store = await openGroupStore(person, place, { settled: false });
  const name = freeGroupName(group.name, known);
  const joined = await joinKnownGroup(person, { name, place, store, address, signal: context.signal });
  if (!joined) return false;
  await withKnownGroup(context, {
    person,
    group: joined,
    work: async ({ session }) => {
      const { me } = session.view;
      const kit = me?.devices.find(({ kind }) => kind === "kit");
      // Nobody can list this device as another member's: its own signature names its member.
      if (me?.id === group.member && kit) await writeCard(context, { person, name: me.name, kit });
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
