import { integer, object, oneOf, type Shape, type Shaped } from "../encoding/strict.ts";
import { type DeviceKey, deviceKey, digest, type RecordDigest } from "./shapes.ts";

/** That whoever has a code asks for this device in this group; signed by the code's key. SPEC.md §7. */
export const deviceRequest: Shape<{
  readonly type: "conclave/v1/device-request";
  readonly group: RecordDigest;
  /** The digest of the device card that stands before it. */
  readonly device: RecordDigest;
  readonly code: DeviceKey;
  readonly time: number;
}> = object({
  type: oneOf("conclave/v1/device-request"),
  group: digest,
  device: digest,
  code: deviceKey,
  time: integer(),
});
export type DeviceRequest = Shaped<typeof deviceRequest>;
