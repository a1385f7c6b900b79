import { hex, integer, object, oneOf, type Shape, type Shaped } from "../encoding/strict.ts";
import { classicRecipient, deviceKey, hybridRecipient, label } from "./shapes.ts";

/** The public halves of one device's or kit's keys, one of each kind; a group uses those of its suite. */
export const publicKeys: Shape<{
  readonly label: string;
  readonly verifyingKey: string;
  readonly hybrid: string;
  readonly classic: string;
}> = object({ label, verifyingKey: deviceKey, hybrid: hybridRecipient, classic: classicRecipient });
export type PublicKeys = Shaped<typeof publicKeys>;

/** A person's public card, signed by the key of its device. SPEC.md §5. */
export const card: Shape<{
  readonly type: "conclave/v1/card";
  readonly name: string;
  readonly device: PublicKeys;
  readonly kit: PublicKeys;
  readonly salt: string;
  readonly time: number;
}> = object({
  type: oneOf("conclave/v1/card"),
  name: label,
  device: publicKeys,
  kit: publicKeys,
  salt: hex(16),
  time: integer(),
});
export type Card = Shaped<typeof card>;
