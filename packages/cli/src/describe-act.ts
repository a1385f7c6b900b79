/** What an entry of the group's log did, in words for a person. */
import { everybodyIn, namesInLog, type OpenFork, type Session } from "@conclave/core";

type SignedEntry = OpenFork["histories"][number]["acts"][number];

/** Who did what. Both may hold names from others: escape them where they are shown. */
export function describeAct(session: Session, signed: SignedEntry): { readonly by: string; readonly did: string } {
  const { entry, card } = signed;
  const by = namesInLog(session.view.log)(entry.device) ?? card?.card.name ?? "somebody unknown";
  return { by, did: describe(session, { entry, card: card?.card.name }) };
}

function describe(
  session: Session,
  { entry, card }: { readonly entry: SignedEntry["entry"]; readonly card: string | undefined },
): string {
  if (entry.type === "conclave/v1/found") return "founded the group";
  const { act } = entry;
  switch (act.act) {
    case "add":
      return `added ${card ?? "somebody"} as ${act.role}`;
    case "role":
      return `made ${nameOfMember(session, act.member)} ${act.role}`;
    case "remove":
      return `removed ${nameOfMember(session, act.member)} and changed the key`;
    case "leave":
      return "left";
    case "rotate":
      return "changed the key";
  }
}

function nameOfMember({ view }: Session, id: string): string {
  return everybodyIn(view.log).find((member) => member.id === id)?.name ?? `somebody (${id.slice(0, 16)})`;
}
