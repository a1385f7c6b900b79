/** Somebody who came back by a kit asks the others whether what the storage shows is what they see. */
import { ConclaveError, confirmBy, unconfirmedSince } from "@conclave/core";
import type { Actor } from "./actor.ts";
import { type Stage, sessionOf } from "./stage.ts";

/** Takes the address of anybody who has seen this device come back. */
export function confirmByOthers(stage: Stage, actor: Actor): void {
  const session = sessionOf(actor);
  for (const other of stage.actors) {
    if (unconfirmedSince(session) === undefined) return;
    if (other.person === actor.person || !other.device.session?.view.me) continue;
    try {
      confirmBy(session, other.device.session.view.state.head);
    } catch (error) {
      if (!(error instanceof ConclaveError)) throw error;
    }
  }
}
