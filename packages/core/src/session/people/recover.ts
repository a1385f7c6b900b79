/** Coming back with a recovery kit, after all devices are gone. SPEC.md §6. */
import { ConclaveError } from "../../errors.ts";
import type { Address } from "../../group/address.ts";
import { draftRecover } from "../../group/draft.ts";
import { listedDevice, type Member } from "../../group/state.ts";
import type { DeviceSecrets } from "../../identity/device.ts";
import { makeDeviceCard } from "../../identity/device-card.ts";
import { readAll } from "../reading/refresh.ts";
import type { Session, SessionPorts } from "../session.ts";
import { joinGroup } from "./join.ts";
import { type NewEpoch, startEpoch } from "./membership.ts";

/** A group as a recovery kit sees it. */
export interface SeenByKit {
  /** The kit's own, to be used for {@link recover} alone. */
  readonly session: Session;
  /** Whose kit it is. */
  readonly member: Member;
  /** The newest entry that the storage shows, and when its author says that it was made; unconfirmed. */
  readonly newest: { readonly entry: string; readonly time: number };
}

/**
 * Opens a group with a recovery kit. Changes nothing.
 *
 * @param ports.device - The kit's keys, in an index that is thrown away.
 * @throws ConclaveError `not-a-member` if the kit opens nothing there, `removed` if it was replaced, used, or its member is
 *   out; else as `joinGroup`.
 */
export async function openWithKit(
  ports: SessionPorts,
  options: { readonly address: Address; readonly signal?: AbortSignal },
): Promise<SeenByKit> {
  const session = await joinGroup(ports, { ...options, anyAudience: true }).catch(explain);
  if (!session) {
    throw new ConclaveError("this recovery kit opens nothing there: it is of nobody in this group, or was replaced", {
      code: "not-a-member",
    });
  }
  await readAll(session, options.signal);
  const { state, log } = session.view;
  const listed = listedDevice(state, session.deviceKey);
  if (listed?.device.kind !== "kit") throw new ConclaveError(whyUnlisted(session), { code: "removed" }); // check: role
  const time = log.nodes.get(state.head)?.verified.entry.time ?? 0;
  return { session, member: listed.member, newest: { entry: state.head, time } };
}

/** A kit opens what was there while it counted: an address from after that tells the two apart no better. */
function explain(error: unknown): never {
  if (!(error instanceof ConclaveError) || error.code !== "rollback") throw error;
  throw new ConclaveError(
    "what this kit opens ends before the address's entry: the kit was used or replaced since, or the storage was put back",
    { code: "rollback", cause: error },
  ); // check: rollback
}

function whyUnlisted({ view, deviceKey }: Session): string {
  const retired = view.state.retired.find(({ device }) => device.verifyingKey === deviceKey);
  if (retired) return "this recovery kit was used, or replaced by a newer one";
  return "whose recovery kit this is was removed from the group, or has left it";
}

/**
 * Uses the kit up: lists a new device and a new kit in its place, and starts a new epoch.
 *
 * @param options.device - Keys of the new device; secret.
 * @param options.kit - Keys of the new kit, which its person has in hand already; secret.
 */
export async function recover(
  { session, member }: SeenByKit,
  options: { readonly device: DeviceSecrets; readonly kit: DeviceSecrets; readonly signal?: AbortSignal },
): Promise<NewEpoch> {
  const cardOf = (keys: DeviceSecrets, kind: "device" | "kit") =>
    makeDeviceCard(session.crypto, { keys, member: member.id, kind, time: session.clock.now() });
  const [admitted, kit] = [await cardOf(options.device, "device"), await cardOf(options.kit, "kit")];
  const contents = "on-change";
  return startEpoch(session, options, (state, given) => draftRecover(state, { ...given, admitted, kit, contents }));
}
