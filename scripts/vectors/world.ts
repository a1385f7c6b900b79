/** The people, epochs and the one small group that the vectors tell of. All keys are public by being here. */
import { type EpochIdentity, epochIdentity } from "../../packages/core/src/age/epoch-identity.ts";
import { webCrypto } from "../../packages/core/src/age/web-crypto.ts";
import { concatBytes, toUtf8 } from "../../packages/core/src/encoding/bytes.ts";
import { sha256Hex } from "../../packages/core/src/encoding/digest.ts";
import { encodeBase64, writeLine } from "../../packages/core/src/encoding/strict.ts";
import { type DeviceSecrets, publicKeysOf, verifyingKeyOf } from "../../packages/core/src/identity/device.ts";
import { kitDevice } from "../../packages/core/src/identity/kit.ts";
import type { Card, PublicKeys } from "../../packages/core/src/records/card.ts";
import type { DeviceCard } from "../../packages/core/src/records/device-card.ts";
import type { Act, Entry, Found, Suite } from "../../packages/core/src/records/entry.ts";
import type { OpenEpoch } from "../../packages/core/src/records/records-file.ts";
import { type RecordType, type SignedLine, signedLine } from "../../packages/core/src/records/signed-line.ts";
import { seeded, seededHex } from "./seeded.ts";

export const crypto = webCrypto();

/** Claimed times of everything in the vectors: a fixed day. */
export const TIME = 1_750_000_000_000;

/** Signs any bytes as a record of any type, also bytes that nobody should sign. */
export async function signBytes(
  line: Uint8Array<ArrayBuffer>,
  options: { readonly type: string; readonly signingKey: Uint8Array },
): Promise<SignedLine> {
  const message = concatBytes(toUtf8(options.type), new Uint8Array(1), line);
  return signedLine(line, encodeBase64(await crypto.sign({ signingKey: options.signingKey, message })));
}

export function signValue(value: { readonly type: RecordType }, signingKey: Uint8Array): Promise<SignedLine> {
  return signBytes(writeLine(value), { type: value.type, signingKey });
}

export interface Person {
  readonly device: DeviceSecrets;
  readonly keys: PublicKeys;
  readonly kit: DeviceSecrets;
  readonly key: string;
  readonly card: Card;
  readonly signed: SignedLine;
}

async function person(name: string): Promise<Person> {
  const device = { ...kitDevice(seeded(`${name}'s device`)), label: `${name}'s laptop` };
  const kit = kitDevice(seeded(`${name}'s kit`));
  const keys = await publicKeysOf(device);
  const salt = seededHex(`${name}'s salt`).slice(0, 32);
  const card: Card = { type: "conclave/v1/card", name, device: keys, kit: await publicKeysOf(kit), salt, time: TIME };
  const signed = await signValue(card, device.signingKey);
  return { device, kit, keys, key: verifyingKeyOf(device.signingKey), card, signed };
}

/** A card as entries carry it. */
export function inside({ signed }: Pick<Person, "signed">): { readonly card: string; readonly signature: string } {
  return { card: new TextDecoder().decode(signed.line), signature: encodeBase64(signed.signature) };
}

async function epoch(label: string, suite: Suite): Promise<OpenEpoch> {
  const { hybridIdentity, classicIdentity } = kitDevice(seeded(label));
  const own: EpochIdentity = await epochIdentity(suite === "hybrid" ? hybridIdentity : classicIdentity);
  return { ...own, suite };
}

export interface World {
  readonly alice: Person;
  readonly bob: Person;
  readonly carol: Person;
  /** Alice's writer, and Bob's. */
  readonly writer: string;
  readonly bobsWriter: string;
  /** A classic group: its first epoch, the one that Bob's removal starts, one of nobody's, and one of the other suite. */
  readonly first: OpenEpoch;
  readonly second: OpenEpoch;
  readonly stray: OpenEpoch;
  readonly hybrid: OpenEpoch;
  readonly found: Found;
  readonly group: string;
  /** Cards of a further device of Alice's, with its keys, and of a new kit of hers. */
  readonly furtherDevice: SignedLine;
  readonly furtherKeys: DeviceSecrets;
  readonly newKit: SignedLine;
  /** The log: found by Alice, Bob added, Bob removed. */
  readonly log: readonly SignedLine[];
}

export async function makeWorld(): Promise<World> {
  const [alice, bob, carol] = [await person("Alice"), await person("Bob"), await person("Carol")];
  const [first, second] = [await epoch("first epoch", "classic"), await epoch("second epoch", "classic")];
  const writer = seededHex("Alice's writer").slice(0, 32);
  const found = foundBy(alice, { writer, recipient: first.recipient, suite: "classic" });
  const founding = await signValue(found, alice.device.signingKey);
  const group = founding.digest;
  const next = entriesOf({ group, device: alice.key, writer });
  const adding = await signValue(next(founding, 2, addOf(bob)), alice.device.signingKey);
  const removing = await signValue(next(adding, 3, removeOf(bob, second)), alice.device.signingKey);
  return {
    ...{ alice, bob, carol, writer, bobsWriter: seededHex("Bob's writer").slice(0, 32), first, second },
    stray: await epoch("an epoch of nobody's", "classic"),
    hybrid: await epoch("hybrid epoch", "hybrid"),
    ...(await moreOf(alice)),
    ...{ found, group, log: [founding, adding, removing] },
  };
}

async function moreOf(owner: Person): Promise<Pick<World, "furtherDevice" | "furtherKeys" | "newKit">> {
  const furtherKeys = { ...kitDevice(seeded("Alice's phone")), label: "Alice's phone" };
  const newKit = kitDevice(seeded("Alice's new kit"));
  const cardOf = async (keys: DeviceSecrets, kind: DeviceCard["kind"]): Promise<SignedLine> => {
    const card = {
      type: "conclave/v1/device",
      member: owner.signed.digest,
      kind,
      keys: await publicKeysOf(keys),
    } as const;
    return signValue({ ...card, time: TIME } as DeviceCard, keys.signingKey);
  };
  return { furtherKeys, furtherDevice: await cardOf(furtherKeys, "device"), newKit: await cardOf(newKit, "kit") };
}

export function foundBy(
  founder: Person,
  options: { readonly writer: string; readonly recipient: string; readonly suite: Suite },
): Found {
  const { writer, recipient, suite } = options;
  const place = { device: founder.key, writer, number: 1, previous: null } as const;
  const rules = { suite, settled: true, lagSeconds: null };
  return { type: "conclave/v1/found", ...place, ...rules, ...inside(founder), recipient, time: TIME };
}

/** Entries that each follow the one before, as a record and in the log. */
export function entriesOf(place: { readonly group: string; readonly device: string; readonly writer: string }) {
  return ({ digest }: SignedLine, number: number, act: Act): Entry => ({
    ...{ type: "conclave/v1/entry", ...place, number, previous: digest, parent: digest, act, time: TIME + number },
  });
}

export function addOf(who: Person): Act {
  return { act: "add", ...inside(who), role: "editor", account: null, until: null };
}

export function removeOf(who: Person, { recipient }: OpenEpoch): Act {
  return { act: "remove", member: who.signed.digest, cut: [], recipient, contents: "now", owed: null };
}

/** A made-up digest. */
export function digestOf(label: string): string {
  return sha256Hex(toUtf8(label));
}
