import type { Clock, DeviceSecrets } from "@conclave/core";
import type { NodeCrypto } from "./crypto.ts";
import type { Home } from "./home.ts";
import type { GoogleEndpoints } from "./sign-in/google.ts";

/** This person on this machine, unlocked. */
export interface Unlocked {
  readonly home: Home;
  readonly crypto: NodeCrypto;
  readonly device: DeviceSecrets;
  readonly clock: Clock;
  /** Where Google is, if not where it always is: an emulator. */
  readonly google?: GoogleEndpoints;
  /** Told true when a cloud has been silent for some seconds while it is waited for, and false when it answers. */
  readonly onSilence?: (isSilent: boolean) => void;
  /** Calls off whatever a cloud is asked, and every wait for it. */
  readonly signal?: AbortSignal;
}
