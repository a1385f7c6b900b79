import { integer, list, object, oneOf, type Shape, variant } from "../encoding/strict.ts";
import { deviceKey, digest, time } from "./shapes.ts";

/** Most changes that a listing names as the newest it knows: as many as a change has parents. */
const COVERS_MAX = 256;

/** The first line of a listing's part: which tree it shows. SPEC.md §11. */
export interface ListingStart {
  readonly type: "conclave/v1/listing";
  readonly group: string;
  readonly device: string;
  readonly epoch: string;
  readonly number: number;
  /** From 1. */
  readonly part: number;
  /** The newest changes that it knows. */
  readonly covers: readonly string[];
  readonly time: number;
}

export const listingStart: Shape<ListingStart> = variant("type", {
  "conclave/v1/listing": object({
    type: oneOf("conclave/v1/listing"),
    group: digest,
    device: deviceKey,
    epoch: digest,
    number: integer({ min: 1 }),
    part: integer({ min: 1 }),
    covers: list(digest, COVERS_MAX),
    time,
  }),
});
