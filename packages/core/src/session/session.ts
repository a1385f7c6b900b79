/**
 * One device at work on one group: what every piece of work is given.
 *
 * Everything that lasts lies in the index; `view` is what follows from it, computed anew by `look` after each change.
 */

import { toUtf8 } from "../encoding/bytes.ts";
import { sha256Hex } from "../encoding/digest.ts";
import { ConclaveError } from "../errors.ts";
import { HISTORY_SCHEMA } from "../history/schema.ts";
import type { DeviceSecrets } from "../identity/device.ts";
import { INDEX_SCHEMA } from "../index/schema.ts";
import type { Clock, Runs } from "../ports/clock.ts";
import type { Crypto } from "../ports/crypto.ts";
import type { SqlDatabase } from "../ports/sql.ts";
import type { ObjectStore } from "../ports/store.ts";
import type { DeviceKey } from "../records/shapes.ts";
import { TREE_SCHEMA } from "../tree/schema.ts";
import type { View } from "./view.ts";

/** What a session works with: the ports, and this device's keys. */
export interface SessionPorts {
  readonly store: ObjectStore;
  readonly index: SqlDatabase;
  readonly crypto: Crypto;
  readonly clock: Clock;
  readonly runs: Runs;
  readonly device: DeviceSecrets;
}

export interface Session extends SessionPorts {
  readonly group: string;
  /** This device's verifying key, as records name it. */
  readonly deviceKey: DeviceKey;
  /** Whether the person goes on from what the storage shows although it lacks what this device has seen. */
  readonly acceptRollback: boolean;
  view: View;
}

const SCHEMAS = [INDEX_SCHEMA, HISTORY_SCHEMA, TREE_SCHEMA];

/**
 * Makes the tables of an index, if it is new: each command opens one, and nearly always they are there.
 *
 * @throws ConclaveError `other-index` for one that was made by another version, with other tables.
 */
export function prepareIndex(index: SqlDatabase): void {
  const version = schemaVersion();
  const hasOurs = () => index.get<{ user_version: number }>("PRAGMA user_version")?.user_version === version;
  if (hasOurs()) return;
  index.transaction(() => {
    if (hasOurs()) return;
    if (index.get("SELECT 1 FROM sqlite_schema LIMIT 1") !== undefined) {
      throw new ConclaveError("what this device knows of the group was kept by another version of conclave", {
        code: "other-index",
      });
    }
    for (const schema of SCHEMAS) index.script(schema);
    index.script(`PRAGMA user_version = ${version}`);
  });
}

/** Follows from the schema's text, so that no change of it can be forgotten here. */
function schemaVersion(): number {
  return Number.parseInt(sha256Hex(toUtf8(SCHEMAS.join("\n"))).slice(0, 7), 16);
}
