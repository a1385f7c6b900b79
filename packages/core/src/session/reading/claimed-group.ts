import { CONCLAVE_JSON_BYTES_MAX, CONCLAVE_JSON_KEY, claimedGroup } from "../../group/conclave-json.ts";
import { getIfThere, type ObjectStore } from "../../ports/store.ts";
import type { RecordDigest } from "../../records/shapes.ts";

/** The group that the storage says it holds, for error messages alone; undefined if it says none. */
export async function claimedAt(store: ObjectStore): Promise<RecordDigest | undefined> {
  const bytes = await getIfThere(store, CONCLAVE_JSON_KEY, { length: CONCLAVE_JSON_BYTES_MAX + 1 });
  return bytes && claimedGroup(bytes);
}
