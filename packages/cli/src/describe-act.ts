/** What an entry of the group's log did, in words for a person. */
import { everybodyIn, invitationId, namesInLog, type OpenFork, type Session } from "@conclave/core";
import { isoTime } from "./terminal/units.ts";

type SignedEntry = OpenFork["histories"][number]["acts"][number];

/** Who did what. Both may hold names from others: escape them where they are shown. */
export function describeAct(session: Session, signed: SignedEntry): { readonly by: string; readonly did: string } {
  const { entry, card, devices } = signed;
  const by = namesInLog(session.view.log)(entry.device) ?? card?.card.name ?? "somebody unknown";
  return { by, did: describe(session, { entry, card: card?.card.name, device: devices[0]?.card.keys.label }) };
}

function describe(
  session: Session,
  { entry, card, device = "a device" }: Named & { readonly entry: SignedEntry["entry"] },
): string {
  if (entry.type === "conclave/v1/found") return "founded the group";
  const { act } = entry;
  switch (act.act) {
    case "add":
      return `added ${card ?? "somebody"} as ${act.role}`;
    case "admit":
      return `admitted ${card ?? "somebody"} by invitation ${invitationId(act.invitation)}`;
    case "invite":
      return `invited ${act.name} as ${act.role}, until ${isoTime(act.expires)} (${invitationId(act.invitation)})`;
    case "withdraw":
      return `withdrew invitation ${invitationId(act.invitation)}${act.cards.length > 0 ? ", which several used at once" : ""}`;
    case "until":
      return `let ${nameOfMember(session, act.member)} stay ${act.until === null ? "without an end" : `until ${isoTime(act.until)}`}`;
    case "role":
      return `made ${nameOfMember(session, act.member)} ${act.role}`;
    case "remove":
      return `removed ${nameOfMember(session, act.member)} and changed the key`;
    case "leave":
      return "left";
    case "rotate":
      return "changed the key";
    case "admit-device":
      return `admitted ${device} as a device of their own`;
    case "remove-device":
      return `removed ${describeDevices(session, act.devices)} and changed the key`;
    case "kit":
      return "replaced their recovery kit and changed the key";
    case "recover":
      return `came back by the recovery kit, on ${device}, and changed the key`;
  }
}

/** Whom an act lets in. */
interface Named {
  /** The name on the card. */
  readonly card: string | undefined;
  /** What its owner calls the device. */
  readonly device?: string | undefined;
}

/** Devices with whose they are: by what their owner calls them, and the beginning of their keys. */
function describeDevices({ view }: Session, keys: readonly string[]): string {
  const owner = keys.map(namesInLog(view.log)).find((name) => name !== undefined) ?? "somebody";
  const labels = new Map(
    everybodyIn(view.log).flatMap(({ devices }) => devices.map(({ verifyingKey, label }) => [verifyingKey, label])),
  );
  return `${owner}'s ${keys.map((key) => `${labels.get(key) ?? "device"} (${key.slice(0, 8)})`).join(", ")}`;
}

function nameOfMember({ view }: Session, id: string): string {
  return everybodyIn(view.log).find((member) => member.id === id)?.name ?? `somebody (${id.slice(0, 16)})`;
}
