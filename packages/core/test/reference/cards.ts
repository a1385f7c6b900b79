/** Signatures, and the cards that entries carry: SPEC.md §4, §5, and what §6 asks of their keys. */
import { createHash, createPublicKey, type KeyObject, verify } from "node:crypto";
import { readLine, type Shape } from "../../src/encoding/strict.ts";
import { card as cardShape, type PublicKeys } from "../../src/records/card.ts";
import { deviceCard as deviceCardShape } from "../../src/records/device-card.ts";
import { type Group, must, type Signer, type Terms, Void } from "./group.ts";

/** What is asked of keys by themselves (§4, §5): none of this folder's business. */
export interface Keys {
  isAdmissible(verifyingKey: string): boolean;
  isSealable(recipient: string): boolean;
}

export function digestOf(line: string | Uint8Array): string {
  return createHash("sha256").update(line).digest("hex");
}

/** Something signed as `type || 0x00 || line`. */
interface Signed {
  readonly line: string | Uint8Array;
  readonly signature: string | Uint8Array;
  readonly type: string;
  readonly device: string;
}

/** Asks once: the same lines come again in many logs. */
export function once<Answer>(ask: (text: string) => Answer): (text: string) => Answer {
  const answers = new Map<string, Answer>();
  return (text) => {
    const answer = answers.get(text) ?? ask(text);
    answers.set(text, answer);
    return answer;
  };
}

const verdicts = new Map<string, boolean>();

export function isSigned({ line, signature, type, device }: Signed): boolean {
  const bytes = typeof signature === "string" ? Buffer.from(signature, "base64") : signature;
  const message = Buffer.concat([Buffer.from(`${type}\0`), Buffer.from(line)]);
  const id = [digestOf(message), digestOf(bytes), device].join();
  const verdict = verdicts.get(id) ?? verify(null, message, keyObject(device), bytes);
  verdicts.set(id, verdict);
  return verdict;
}

const SPKI_START = "302a300506032b6570032100";

function keyObject(device: string): KeyObject {
  return createPublicKey({ key: Buffer.from(SPKI_START + device, "hex"), format: "der", type: "spki" });
}

interface Carried {
  readonly line: string;
  readonly signature: string;
}

/** Lists the device and kit of a person's card; returns the device's key. */
export function listCard(group: Group, { line, signature }: Carried, terms: Terms, keys: Keys): string {
  const { device, kit, type } = readCard(line);
  const id = digestOf(line);
  must(isSigned({ line, signature, type, device: device.verifyingKey }));
  must(areUsable(device, keys) && areUsable(kit, keys) && areDistinct(device, kit) && !group.members.has(id));
  for (const key of [device, kit].flatMap(allKeys)) {
    must((group.listed.get(key) ?? id) === id);
    must(!group.takenOff.has(key) && !group.recipients.has(key));
    group.listed.set(key, id);
  }
  const { role, account, until } = terms;
  group.members.set(id, { role, account, until, devices: [], kit: kit.verifyingKey });
  group.listDevice(id, device.verifyingKey);
  return device.verifyingKey;
}

/** Notes the keys of a device card that is for this member; returns its verifying key. */
export function listDeviceCard(
  group: Group,
  { line, signature, kind }: Carried & { readonly kind: "device" | "kit" },
  by: Signer,
  keys: Keys,
): string {
  const card = readDeviceCard(line);
  must(isSigned({ line, signature, type: card.type, device: card.keys.verifyingKey }));
  must(areUsable(card.keys, keys) && card.kind === kind && card.member === by.id);
  for (const key of allKeys(card.keys)) {
    must(!group.listed.has(key) && !group.recipients.has(key));
    group.listed.set(key, digestOf(line));
  }
  return card.keys.verifyingKey;
}

const readCard = once((line) => read(line, cardShape));
const readDeviceCard = once((line) => read(line, deviceCardShape));

function read<Value>(line: string, shape: Shape<Value>): Value {
  try {
    return readLine(new TextEncoder().encode(line), shape);
  } catch {
    throw new Void();
  }
}

function allKeys({ verifyingKey, hybrid, classic }: PublicKeys): string[] {
  return [verifyingKey, hybrid, classic];
}

function areDistinct(one: PublicKeys, other: PublicKeys): boolean {
  return allKeys(one).every((key) => !allKeys(other).includes(key));
}

function areUsable({ verifyingKey, hybrid, classic }: PublicKeys, keys: Keys): boolean {
  return keys.isAdmissible(verifyingKey) && keys.isSealable(hybrid) && keys.isSealable(classic);
}
