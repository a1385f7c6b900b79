/** A kit that is listed opens the group; one that was used or replaced, or whose person is out, is refused. */
import { ConclaveError, type DeviceSecrets, openWithKit, type Session } from "@conclave/core";
import { keyOf } from "../support/world.ts";
import type { Actor, Person } from "./actor.ts";
import { Broken } from "./broken.ts";
import { isListed } from "./out.ts";
import type { Rest } from "./rest.ts";
import { type Stage, sessionOf } from "./stage.ts";

export async function judgeKits(stage: Stage, { inside }: Rest): Promise<void> {
  const [first] = inside as [Actor];
  const session = sessionOf(first);
  for (const person of stage.people) {
    // One that came with a card, and was never touched, is worth the time only now and then.
    if (person.kits.length < 2 && stage.draw(8) !== 0) continue;
    for (const kit of person.kits) await judgeKit(stage, { session, person, kit });
  }
}

async function judgeKit(
  { world }: Stage,
  { session, person, kit }: { readonly session: Session; readonly person: Person; readonly kit: DeviceSecrets },
): Promise<void> {
  const isGood = isListed(session.view.state, keyOf(kit));
  const reader = await world.device(`${person.name} by a kit`, { card: person.card, secrets: kit, kit });
  try {
    await openWithKit(world.ports(reader), { address: world.address(session) });
  } catch (error) {
    if (!(error instanceof ConclaveError) || isGood) throw error;
    return;
  }
  if (!isGood) throw new Broken(`a kit of ${person.name} still opens the group, and is not listed`);
}
