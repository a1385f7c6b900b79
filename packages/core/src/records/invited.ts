import { object, oneOf, type Shape } from "../encoding/strict.ts";
import { type DeviceKey, deviceKey, digest, type MemberId, type RecordDigest } from "./shapes.ts";

/**
 * What whoever was given an invitation's secret signs with the key drawn from it: this card is meant, in this group. It
 * travels beside the card in a join request, and its signature stays in the entry that admits. SPEC.md §7.
 */
export interface Invited {
  readonly type: "conclave/v1/invited";
  readonly group: RecordDigest;
  /** The invitation's verifying key. */
  readonly invitation: DeviceKey;
  /** The digest of the card's line. */
  readonly card: MemberId;
}

export const invited: Shape<Invited> = object({
  type: oneOf("conclave/v1/invited"),
  group: digest,
  invitation: deviceKey,
  card: digest,
});
