/** People with real keys, and entries with real signatures, for tests of the group. */
import { newEpochIdentity } from "../../src/age/epoch-identity.ts";
import { webCrypto } from "../../src/age/web-crypto.ts";
import { encodeBase64 } from "../../src/encoding/strict.ts";
import type { Choice } from "../../src/group/branch.ts";
import { entryOf, foundOf } from "../../src/group/draft.ts";
import { invitationKey, signInvited } from "../../src/group/invitation.ts";
import { emptyLog, extendLog, type Log } from "../../src/group/log.ts";
import type { GroupState } from "../../src/group/state.ts";
import { type VerifiedEntry, verifyEntry } from "../../src/group/verified-entry.ts";
import type { Word } from "../../src/group/words.ts";
import { makeCard, type SignedCard } from "../../src/identity/card.ts";
import { type DeviceSecrets, newDevice, publicKeysOf, verifyingKeyOf } from "../../src/identity/device.ts";
import { makeDeviceCard, type SignedDeviceCard } from "../../src/identity/device-card.ts";
import { kitDevice, newKitSecret } from "../../src/identity/kit.ts";
import type { Act, Cut, Role, Suite } from "../../src/records/entry.ts";
import { signLine } from "../../src/records/signed-line.ts";

export const crypto = webCrypto();

export interface Person {
  readonly name: string;
  readonly device: DeviceSecrets;
  readonly kit: DeviceSecrets;
  readonly card: SignedCard;
  /** Verifying key of the device. */
  readonly key: string;
  /** Member id. */
  readonly id: string;
}

/** A new person, with a device and a kit. */
export async function person(name: string): Promise<Person> {
  const device = await newDevice(crypto, { label: `${name}'s laptop` });
  const kit = kitDevice(newKitSecret(crypto));
  const card = await makeCard(crypto, { name, device, kit: await publicKeysOf(kit), time: 1 });
  return { name, device, kit, card, key: verifyingKeyOf(device.signingKey), id: card.member };
}

export async function people<const Names extends readonly string[]>(
  ...names: Names
): Promise<{ readonly [Name in Names[number]]: Person }> {
  const all = await Promise.all(names.map(person));
  return Object.fromEntries(all.map((each) => [each.name, each])) as never;
}

/** A further device of somebody, not listed anywhere yet: it signs as that person. */
export async function deviceOf(owner: Person, label = "phone"): Promise<Person> {
  const device = await newDevice(crypto, { label: `${owner.name}'s ${label}` });
  return { ...owner, device, key: verifyingKeyOf(device.signingKey) };
}

/** Somebody with another kit than that of the card. */
export function withNewKit(owner: Person): Person {
  return { ...owner, kit: kitDevice(newKitSecret(crypto)) };
}

/** The device card of a person's device or kit, for that person or for another member. */
export async function deviceCard(
  owner: Person,
  kind: "device" | "kit",
  member: string = owner.id,
): Promise<SignedDeviceCard> {
  return makeDeviceCard(crypto, { keys: owner[kind], member, kind, time: 1 });
}

function carried({ signed }: SignedDeviceCard): { readonly line: string; readonly signature: string } {
  return {
    line: new TextDecoder().decode(signed.line),
    signature: btoa(String.fromCharCode(...signed.signature)),
  };
}

const NO_WRITER = "00".repeat(16);
let clock = 1;

/** A recipient that nobody has used. */
export async function freshRecipient(suite: Suite = "classic"): Promise<string> {
  return (await newEpochIdentity(suite)).recipient;
}

/** The first entry of a new group. Classic unless told otherwise, because that is quicker. */
export async function found(
  founder: Person,
  options: { suite?: Suite; recipient?: string } = {},
): Promise<VerifiedEntry> {
  const suite = options.suite ?? "classic";
  const recipient = options.recipient ?? (await freshRecipient(suite));
  const place = { card: founder.card, writer: NO_WRITER, settled: true, lagSeconds: null, time: clock++ };
  return verifyEntry(
    crypto,
    await signLine(crypto, { value: foundOf({ ...place, suite, recipient }), signingKey: founder.device.signingKey }),
  );
}

/** Signs any act as an entry after this state, also one that nobody should. */
export async function sign(
  state: GroupState,
  options: { readonly by: Person; readonly act: Act; readonly withKit?: boolean; readonly time?: number },
): Promise<VerifiedEntry> {
  const { by, act, withKit = false, time = clock++ } = options;
  const { signingKey } = withKit ? by.kit : by.device;
  const place = { device: verifyingKeyOf(signingKey), writer: NO_WRITER, number: 1, previous: null };
  return verifyEntry(crypto, await signLine(crypto, { value: entryOf(state, { place, act, time }), signingKey }));
}

/** Acts as plain data, without asking any rule. */
export const acts = {
  add(who: Person, role: Role = "editor"): Act {
    const line = new TextDecoder().decode(who.card.signed.line);
    return {
      act: "add",
      card: line,
      signature: btoa(String.fromCharCode(...who.card.signed.signature)),
      role,
      account: null,
      until: null,
    };
  },
  role(who: Person, role: Role, cut: Cut = []): Act {
    return { act: "role", member: who.id, role, cut };
  },
  async remove(who: Person, options: { cut?: Cut; owed?: string | null; recipient?: string } = {}): Promise<Act> {
    const recipient = options.recipient ?? (await freshRecipient());
    return {
      act: "remove",
      member: who.id,
      cut: options.cut ?? [],
      recipient,
      contents: "now",
      owed: options.owed ?? null,
    };
  },
  invite(
    secret: Uint8Array,
    options: { role?: Role; name?: string; until?: number | null; expires?: number } = {},
  ): Act {
    const { role = "editor", name = "somebody", until = null, expires = 1 } = options;
    const { invitation } = invitationKey(secret);
    return { act: "invite", invitation, name, role, account: null, until, expires };
  },
  withdraw(secret: Uint8Array): Act {
    return { act: "withdraw", invitation: invitationKey(secret).invitation, cards: [] };
  },
  /** Admits by the secret itself, as its holder has signed for `signedFor` in `group`. */
  async admit(who: Person, secret: Uint8Array, options: { group: string; signedFor?: Person }): Promise<Act> {
    const { group, signedFor = who } = options;
    const proof = await signInvited(crypto, { group, card: signedFor.id, secret });
    return {
      act: "admit",
      card: new TextDecoder().decode(who.card.signed.line),
      signature: encodeBase64(who.card.signed.signature),
      invitation: invitationKey(secret).invitation,
      proof: encodeBase64(proof.signature),
    };
  },
  until(who: Person, until: number | null): Act {
    return { act: "until", member: who.id, until };
  },
  leave(): Act {
    return { act: "leave" };
  },
  async rotate(options: { cut?: Cut; recipient?: string } = {}): Promise<Act> {
    return {
      act: "rotate",
      cut: options.cut ?? [],
      recipient: options.recipient ?? (await freshRecipient()),
      contents: "now",
    };
  },
  async admitDevice(device: Person, card?: SignedDeviceCard): Promise<Act> {
    const { line, signature } = carried(card ?? (await deviceCard(device, "device")));
    return { act: "admit-device", device: line, signature };
  },
  async removeDevice(
    devices: readonly Person[],
    options: { cut?: Cut; owed?: string | null; recipient?: string } = {},
  ): Promise<Act> {
    const { cut = [], owed = null, recipient = await freshRecipient() } = options;
    const keys = devices.map(({ key }) => key).sort();
    return { act: "remove-device", devices: keys, cut, recipient, contents: "now", owed };
  },
  async kit(who: Person, card?: SignedDeviceCard): Promise<Act> {
    const { line, signature } = carried(card ?? (await deviceCard(who, "kit")));
    return { act: "kit", kit: line, signature, cut: [], recipient: await freshRecipient(), contents: "now" };
  },
  /** Back on `device`, whose owner has a new kit. */
  async recover(device: Person, cards?: readonly [SignedDeviceCard, SignedDeviceCard]): Promise<Act> {
    const [first, second] = cards ?? [await deviceCard(device, "device"), await deviceCard(device, "kit")];
    const [listed, kit] = [carried(first), carried(second)];
    return {
      act: "recover",
      device: listed.line,
      deviceSignature: listed.signature,
      kit: kit.line,
      kitSignature: kit.signature,
      cut: [],
      recipient: await freshRecipient(),
      contents: "now",
    };
  },
};

/** Grows a tree of entries, each named by its maker, for stories about forks. */
export class Tree {
  readonly entries: VerifiedEntry[] = [];
  readonly words: Word[] = [];
  log: Log;

  constructor(first: VerifiedEntry) {
    this.log = emptyLog(first.digest);
    this.take(first);
  }

  static async foundedBy(founder: Person): Promise<Tree> {
    return new Tree(await found(founder));
  }

  take(entry: VerifiedEntry): void {
    this.entries.push(entry);
    this.log = extendLog(this.log, [entry]);
  }

  get root(): string {
    return this.log.group;
  }

  state(entry: string): GroupState {
    const state = this.log.nodes.get(entry)?.state;
    if (!state) throw new Error(`entry ${entry} does not count: ${this.log.refused.get(entry)?.refusal.reason}`);
    return state;
  }

  /** Signs an act after `parent`; gives the entry's digest. */
  async grow(parent: string, by: Person, act: Act | Promise<Act>): Promise<string> {
    const entry = await sign(this.state(parent), { by, act: await act });
    this.take(entry);
    return entry.digest;
  }

  /** Adds people one after the other; gives the last entry. */
  async addAll(parent: string, by: Person, added: readonly (readonly [Person, Role])[]): Promise<string> {
    let head = parent;
    for (const [who, role] of added) head = await this.grow(head, by, acts.add(who, role));
    return head;
  }

  /** Somebody writes a record that names this entry as newest. */
  say(by: Person, entry: string): void {
    this.words.push({ device: by.key, entry });
  }
}

/** Why a child of a fork is not followed, by the child's digest. */
export function fallOf(choice: Choice | undefined, child: string): string | undefined {
  const found = choice?.forks.flatMap((fork) => fork.children).find((each) => each.digest === child);
  return found?.fall?.rule;
}
