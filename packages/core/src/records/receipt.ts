import { hex, integer, list, nullable, object, oneOf, type Shaped } from "../encoding/strict.ts";
import { deviceKey, digest, number, time, writerId } from "./shapes.ts";

const amount = object({ objects: integer(), bytes: integer() });

/** What a re-encryption did, as its device saw it. SPEC.md §10. */
export const receipt = object({
  type: oneOf("conclave/v1/receipt"),
  group: digest,
  device: deviceKey,
  writer: writerId,
  number,
  previous: nullable(digest),
  head: digest,
  epoch: digest,
  reencrypted: amount,
  remaining: amount,
  unclaimed: integer(),
  /** Digests of old objects that the provider still keeps. */
  kept: list(hex(16), 10_000),
  time,
});
export type Receipt = Shaped<typeof receipt>;
