/** A look at a group without any key: what the local index says of it in clear. */
import { emptyLog } from "../group/log.ts";
import { currentEpoch, type GroupState, memberOfDevice } from "../group/state.ts";
import { readMeta } from "../index/meta.ts";
import type { SqlDatabase } from "../ports/sql.ts";
import type { Role } from "../records/entry.ts";
import type { DeviceKey, EpochId } from "../records/shapes.ts";
import { prepareIndex } from "./session.ts";
import { chooseFrom } from "./view.ts";

/** A group as this device last saw it. */
export interface Glance {
  readonly epoch: EpochId;
  readonly state: GroupState;
  /** This device's person's; undefined if it is not listed any more. */
  readonly role: Role | undefined;
  /** Objects that older epochs still hold. */
  readonly oldObjects: number;
  /** Files that wait to be put. */
  readonly outbox: number;
}

/**
 * Reads an index that holds a group already; asks neither the storage nor the device's keys.
 *
 * @param options.device - This device's verifying key.
 */
export function glanceAt(index: SqlDatabase, options: { readonly device: DeviceKey }): Glance | undefined {
  prepareIndex(index);
  const group = readMeta<string>(index, "group");
  if (group === undefined || group === "") return undefined;
  const { choice } = chooseFrom(index, emptyLog(group));
  if (!choice) return undefined;
  const { epoch } = currentEpoch(choice.state);
  const count = (sql: string, ...values: readonly string[]) => index.get<{ n: number }>(sql, ...values)?.n ?? 0;
  return {
    epoch,
    state: choice.state,
    role: memberOfDevice(choice.state, options.device)?.role,
    oldObjects: count("SELECT count(DISTINCT object) AS n FROM locations WHERE gone = 0 AND epoch <> ?", epoch),
    outbox: count("SELECT count(*) AS n FROM outbox"),
  };
}
