import { hex, integer, object, oneOf, type Shaped } from "../encoding/strict.ts";
import { STORED_BYTES_MAX } from "../ports/store.ts";
import { deviceKey, digest, time } from "./shapes.ts";

/** Where a blob lies: signed, but unnumbered and never sealed anew. SPEC.md §9. */
export const location = object({
  type: oneOf("conclave/v1/location"),
  group: digest,
  device: deviceKey,
  head: digest,
  epoch: digest,
  blob: digest,
  /** The digest in the object's name, 128 bits. */
  object: hex(16),
  /** Length of the sealed object in bytes. */
  length: integer({ min: 1, max: STORED_BYTES_MAX }),
  time,
});
export type Location = Shaped<typeof location>;
