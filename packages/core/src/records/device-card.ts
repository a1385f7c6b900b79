import { integer, object, oneOf, type Shape, type Shaped } from "../encoding/strict.ts";
import { type PublicKeys, publicKeys } from "./card.ts";
import { digest, type MemberId } from "./shapes.ts";

/** A further device of a member, or a new recovery kit, as it presents itself; signed by its own key. SPEC.md §5. */
export const deviceCard: Shape<{
  readonly type: "conclave/v1/device";
  readonly member: MemberId;
  readonly kind: "device" | "kit";
  readonly keys: PublicKeys;
  readonly time: number;
}> = object({
  type: oneOf("conclave/v1/device"),
  member: digest,
  kind: oneOf("device", "kit"),
  keys: publicKeys,
  time: integer(),
});
export type DeviceCard = Shaped<typeof deviceCard>;
