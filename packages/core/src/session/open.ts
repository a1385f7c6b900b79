import { ConclaveError } from "../errors.ts";
import { verifyingKeyOf } from "../identity/device.ts";
import { readMeta, writeMeta } from "../index/meta.ts";
import { drawWriter, readWriter } from "../index/writer.ts";
import { prepareIndex, type Session, type SessionPorts } from "./session.ts";
import { look } from "./view.ts";

/**
 * Opens a session on a group whose log this index holds already.
 *
 * @param options.acceptRollback - Go on although the storage shows less than this device has seen. Default false.
 * @param options.deviceKey - The device's verifying key, where the caller has a quicker way to compute it.
 * @throws ConclaveError `no-index` if it holds none: nothing is read from the storage in its place, which may show what is old.
 */
export function openSession(
  ports: SessionPorts,
  options: { readonly acceptRollback?: boolean; readonly deviceKey?: string } = {},
): Session {
  prepareIndex(ports.index);
  const group = readMeta<string>(ports.index, "group");
  if (group === undefined) {
    throw new ConclaveError("what this device had seen of the group is gone from this machine", { code: "no-index" }); // check: rollback
  }
  if (readWriter(ports.index).writer === "") drawWriter(ports);
  const deviceKey = options.deviceKey ?? verifyingKeyOf(ports.device.signingKey);
  const { index, device } = ports;
  const view = look({ index, group, deviceKey, signingKey: device.signingKey });
  return { ...ports, group, deviceKey, acceptRollback: options.acceptRollback ?? false, view };
}

/** Makes an index one of this group. */
export function bindIndex(ports: Pick<SessionPorts, "index">, group: string): void {
  prepareIndex(ports.index);
  writeMeta(ports.index, "group", group);
}
