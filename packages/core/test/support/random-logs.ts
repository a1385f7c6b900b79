/**
 * Random logs: people with several devices and kits, invitations, removals that cross, and much that nobody should have
 * signed. All keys are the same in each run, so a log follows from what is drawn.
 */
import { recipientOf } from "../../src/age/suite.ts";
import { encodeBase64 } from "../../src/encoding/strict.ts";
import { invitationKey, signInvited } from "../../src/group/invitation.ts";
import { makeCard, type SignedCard } from "../../src/identity/card.ts";
import { type DeviceSecrets, publicKeysOf, verifyingKeyOf } from "../../src/identity/device.ts";
import { makeDeviceCard } from "../../src/identity/device-card.ts";
import { kitDevice } from "../../src/identity/kit.ts";
import { type Act, type Cut, type Entry, type Found, ROLES } from "../../src/records/entry.ts";
import { type SignedLine, signLine } from "../../src/records/signed-line.ts";
import { crypto } from "../group/people.ts";

/** Draws whole numbers from 0 up to, not including, `below`. */
export type Draw = (below: number) => number;

export function oneOf<Value>(draw: Draw, values: readonly Value[]): Value {
  if (values.length === 0) throw new Error("nothing to choose from");
  return values[draw(values.length)] as Value;
}

/** A device or a kit. */
interface Key {
  readonly device: string;
  readonly secrets: DeviceSecrets;
}

interface Actor {
  readonly devices: readonly Key[];
  readonly kits: readonly Key[];
  /** The person's card; then others that claim its keys: with another salt, and with somebody else's kit. */
  readonly cards: readonly SignedCard[];
}

/** Everybody, and keys to be used up. */
export interface Cast {
  readonly actors: readonly Actor[];
  readonly recipients: readonly string[];
  readonly secrets: readonly Uint8Array[];
  /** Those made so far, by what they say. */
  readonly deviceCards: Map<string, SignedLine>;
}

const NAMES = ["ann", "ben", "cleo", "dan", "eli", "fay"];
const RECIPIENTS = 60;
const INVITATIONS = 8;

function bytesOf(word: string, length: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length }, (_, index) => word.charCodeAt(index % word.length) + index);
}

function keyOf(word: string): Key {
  const secrets = kitDevice(bytesOf(word, 32));
  return { device: verifyingKeyOf(secrets.signingKey), secrets };
}

export async function newCast(): Promise<Cast> {
  const bare = NAMES.map((name) => ({
    name,
    devices: ["laptop", "phone", "tablet"].map((what) => keyOf(`${name}'s ${what}`)),
    kits: ["first", "second", "third"].map((what) => keyOf(`${name}'s ${what} kit`)),
  }));
  const identities = Array.from({ length: RECIPIENTS }, (_, index) => keyOf(`epoch ${index}`).secrets.classicIdentity);
  const fresh = await Promise.all(identities.map(recipientOf));
  return {
    actors: await Promise.all(bare.map((each, index) => newActor(each, bare[(index + 1) % bare.length]?.kits[0]))),
    recipients: [...fresh, `${fresh[0]?.slice(0, -1)}q`],
    secrets: Array.from({ length: INVITATIONS }, (_, index) => bytesOf(`invitation ${index}`, 16)),
    deviceCards: new Map(),
  };
}

async function newActor(
  { name, devices, kits }: Pick<Actor, "devices" | "kits"> & { readonly name: string },
  foreign: Key | undefined,
): Promise<Actor> {
  const device = devices[0]?.secrets as DeviceSecrets;
  const cardWith = async (kit: Key | undefined, salt: string) =>
    makeCard(
      { ...crypto, randomBytes: (length) => bytesOf(salt, length) },
      { name, device, kit: await publicKeysOf(kit?.secrets as DeviceSecrets), time: 1 },
    );
  const cards = [await cardWith(kits[0], "salt"), await cardWith(kits[0], "pepper"), await cardWith(foreign, "theft")];
  return { devices, kits, cards };
}

/** Who is listed after an entry, as far as it helps to draw what is likely to count. */
export interface Crowd {
  readonly members: ReadonlyMap<string, { readonly devices: readonly string[]; readonly kit: string | undefined }>;
}

interface Tip {
  readonly digest: string;
  readonly crowd: Crowd | undefined;
}

/** Signs random entries upon random ones. */
export class Forest {
  readonly lines: SignedLine[] = [];
  private readonly cast: Cast;
  private readonly draw: Draw;
  private readonly take: (line: SignedLine) => Crowd | undefined;
  private readonly tips: Tip[] = [];
  private readonly keys: readonly Key[];

  /** @param options.take - Told each entry; says who is there after it, if it counts. */
  constructor(cast: Cast, options: { readonly draw: Draw; readonly take: (line: SignedLine) => Crowd | undefined }) {
    this.cast = cast;
    this.draw = options.draw;
    this.take = options.take;
    this.keys = cast.actors.flatMap(({ devices, kits }) => [...devices, ...kits]);
  }

  private get group(): string {
    return this.tips[0]?.digest ?? "";
  }

  private oneOf<Value>(values: readonly Value[]): Value {
    return oneOf(this.draw, values);
  }

  /** A founder who admits three others, one of whom admits a fourth, and then whatever comes. */
  async grow(size: number): Promise<SignedLine[]> {
    await this.found();
    for (const [index, role] of (["owner", "admin", "editor"] as const).entries())
      await this.sign(this.newest(), this.founder(), this.add(this.cast.actors[index + 1]?.cards[0], role));
    const [, , admin, , last] = this.cast.actors;
    await this.sign(this.newest(), admin?.devices[0] as Key, this.add(last?.cards[0], "editor"));
    while (this.lines.length < size) {
      const tip = this.anyTip();
      const isQuarrel = this.draw(5) === 0;
      for (let times = isQuarrel ? 2 + this.draw(4) : 1; times > 0; times--)
        await this.sign(tip, ...(await this.anything(tip, isQuarrel ? BLOWS : KINDS)));
    }
    return this.lines;
  }

  private founder(): Key {
    return this.cast.actors[0]?.devices[0] as Key;
  }

  private newest(): Tip {
    return this.tips.at(-1) as Tip;
  }

  /** Often where the one before stands, or on it: so branches fork, and grow. */
  private anyTip(): Tip {
    const usual = [this.newest(), this.newest(), this.oneOf(this.tips.slice(-6)), this.oneOf(this.tips.slice(3))];
    const tip = this.oneOf(usual);
    return tip.crowd || this.draw(10) === 0 ? tip : this.oneOf(this.tips.filter(({ crowd }) => crowd));
  }

  private async found(): Promise<void> {
    const [{ cards }] = this.cast.actors as [Actor];
    const [card] = cards as [SignedCard];
    const value: Found = {
      ...{
        type: "conclave/v1/found",
        ...this.place(this.founder()),
        suite: "classic",
        settled: true,
        lagSeconds: null,
      },
      ...{ ...carried(card.signed, "card", "signature"), recipient: this.cast.recipients[0] ?? "", time: 1 },
    };
    await this.plant(value, this.founder());
  }

  private async sign(on: Tip, by: Key, act: Act): Promise<void> {
    const { device, ...chain } = this.place(by);
    const start = { type: "conclave/v1/entry", group: this.group, device, ...chain } as const;
    await this.plant({ ...start, parent: on.digest, act, time: this.lines.length }, by);
  }

  private place({ device }: Key): Pick<Entry, "device" | "writer" | "number" | "previous"> {
    return { device, writer: "00".repeat(16), number: 1, previous: null };
  }

  private async plant(value: Found | Entry, { secrets: { signingKey } }: Key): Promise<void> {
    const line = await signLine(crypto, { value, signingKey });
    this.lines.push(line);
    this.tips.push({ digest: line.digest, crowd: this.take(line) });
  }

  private async anything({ crowd }: Tip, kinds: readonly Act["act"][]): Promise<[Key, Act]> {
    const members = [...(crowd?.members ?? [])];
    const listed = this.keys.filter(({ device }) => members.some(([, { devices }]) => devices.includes(device)));
    const kits = this.keys.filter(({ device }) => members.some(([, { kit }]) => kit === device));
    const name = this.oneOf(kinds);
    const likely = name === "recover" ? kits : listed;
    const by = this.oneOf(likely.length > 0 && this.draw(12) > 0 ? likely : this.keys);
    return [by, await this.act(name, { by, crowd })];
  }

  private async act(
    name: Act["act"],
    { by, crowd }: { readonly by: Key; readonly crowd: Crowd | undefined },
  ): Promise<Act> {
    const cut = this.cut();
    const recipient = this.recipient();
    const contents = "now";
    const role = this.oneOf(ROLES);
    const member = this.member(crowd);
    const secret = this.oneOf(this.cast.secrets);
    const { invitation } = invitationKey(secret);
    switch (name) {
      case "add":
        return this.add(this.card(), role);
      case "invite":
        return { act: name, invitation, name: "somebody", role, ...this.terms(), expires: 1 };
      case "withdraw":
        return { act: name, invitation, cards: [] };
      case "admit": {
        const card = this.card();
        const named = this.draw(10) > 0 ? card : this.card();
        const { signature } = await signInvited(crypto, { group: this.group, card: named.member, secret });
        const proof = encodeBase64(signature);
        return { act: name, ...carried(card.signed, "card", "signature"), invitation, proof };
      }
      case "until":
        return { act: name, member, until: this.terms().until };
      case "role":
        return { act: name, member, role, cut };
      case "remove":
        return { act: name, member, cut, recipient, contents, owed: this.owed() };
      case "leave":
        return { act: name };
      case "rotate":
        return { act: name, cut, recipient, contents };
      case "admit-device":
        return { act: name, ...(await this.deviceCard(by, "device", ["device", "signature"])) };
      case "remove-device":
        return { act: name, devices: this.devices(crowd, member), cut, recipient, contents, owed: this.owed() };
      case "kit":
        return { act: name, ...(await this.deviceCard(by, "kit", ["kit", "signature"])), cut, recipient, contents };
      case "recover": {
        const device = await this.deviceCard(by, "device", ["device", "deviceSignature"]);
        const kit = await this.deviceCard(by, "kit", ["kit", "kitSignature"]);
        return { act: name, ...device, ...kit, cut, recipient, contents };
      }
    }
  }

  private add(card: SignedCard | undefined, role: (typeof ROLES)[number]): Act {
    return { act: "add", ...carried((card ?? this.card()).signed, "card", "signature"), role, ...this.terms() };
  }

  private terms(): { readonly account: string | null; readonly until: number | null } {
    return { account: this.oneOf([null, "somebody@example"]), until: this.oneOf([null, this.draw(100)]) };
  }

  /** Mostly the person's own; sometimes with a signature that is not. */
  private card(): SignedCard {
    const { cards } = this.oneOf(this.cast.actors);
    const card = cards[Math.max(0, this.draw(8) - 5)] as SignedCard;
    if (this.draw(30) > 0) return card;
    return {
      ...card,
      signed: {
        ...card.signed,
        signature: this.oneOf(this.cast.actors).cards[0]?.signed.signature ?? card.signed.signature,
      },
    };
  }

  private member(crowd: Crowd | undefined): string {
    const there = [...(crowd?.members.keys() ?? [])];
    return there.length > 0 && this.draw(10) > 0
      ? this.oneOf(there)
      : (this.oneOf(this.cast.actors).cards[0]?.member ?? "");
  }

  /** Some of a member's, the kit now and then, and seldom somebody else's, or not in order. */
  private devices(crowd: Crowd | undefined, member: string): string[] {
    const { devices = [], kit = "" } = crowd?.members.get(member) ?? {};
    const own = kit && this.draw(3) === 0 ? [...devices, kit] : devices;
    const some = own.filter(() => this.draw(2) > 0);
    if (some.length === 0 || this.draw(12) === 0) some.push(this.oneOf(this.keys).device);
    const sorted = [...new Set(some)].sort();
    return this.draw(20) > 0 ? sorted : sorted.reverse();
  }

  private recipient(): string {
    const { hybrid = "", classic = "" } = this.draw(25) > 0 ? {} : (this.card().card.kit ?? {});
    return this.draw(2) > 0 && classic ? classic : hybrid || this.oneOf(this.cast.recipients);
  }

  private cut(): Cut {
    return this.draw(4) > 0 ? [] : [["11".repeat(16), "22".repeat(32)]];
  }

  private owed(): string | null {
    return this.draw(4) > 0 ? null : (this.oneOf(this.lines).digest ?? null);
  }

  /** Mostly of a further device or kit of whoever signs. */
  private async deviceCard<Line extends string, Signature extends string>(
    by: Key,
    usual: "device" | "kit",
    names: readonly [Line, Signature],
  ) {
    const own = this.cast.actors.find(({ devices, kits }) => devices.includes(by) || kits.includes(by));
    const actor = own && this.draw(20) > 0 ? own : this.oneOf(this.cast.actors);
    const kind = this.draw(20) > 0 ? usual : this.oneOf(["device", "kit"] as const);
    const { secrets } = this.oneOf(usual === "kit" ? actor.kits : actor.devices);
    const member = this.oneOf(this.draw(20) > 0 ? [own ?? actor] : this.cast.actors).cards[0]?.member ?? "";
    const id = `${member} ${kind} ${verifyingKeyOf(secrets.signingKey)}`;
    const card =
      this.cast.deviceCards.get(id) ?? (await makeDeviceCard(crypto, { keys: secrets, member, kind, time: 1 })).signed;
    this.cast.deviceCards.set(id, card);
    return carried(card, ...names);
  }
}

/** What a forest is made of; twice what makes branches differ most. */
const KINDS: readonly Act["act"][] = [
  ...(["add", "add", "role", "role", "remove", "remove", "remove", "remove", "leave", "rotate", "until"] as const),
  ...(["invite", "invite", "withdraw", "admit", "admit", "admit-device", "admit-device", "admit-device"] as const),
  ...(["remove-device", "remove-device", "kit", "recover", "recover"] as const),
];

/** What people do to each other at one time. */
const BLOWS: readonly Act["act"][] = ["remove", "remove", "remove", "remove-device", "role", "kit"];

function carried<Line extends string, Signature extends string>(
  { line, signature }: SignedLine,
  ...[lineName, signatureName]: readonly [Line, Signature]
): { readonly [Name in Line | Signature]: string } {
  return { [lineName]: new TextDecoder().decode(line), [signatureName]: encodeBase64(signature) } as never;
}
