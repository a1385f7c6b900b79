/** What the small duties did, or saw, that somebody should be told: for whoever runs the command, as it happens. */
import type { Role } from "../records/entry.ts";
import type { DeviceKey, MemberId } from "../records/shapes.ts";

/** Names are from others: never shown unescaped. */
export type News =
  /** This device admitted whoever was invited. */
  | {
      readonly kind: "admitted";
      readonly name: string;
      readonly card: MemberId;
      readonly role: Role;
      readonly invitation: DeviceKey;
      /** What the invitation's maker calls them. */
      readonly invited: string;
    }
  /** An invitation that this person made was used; said once on each of their devices. */
  | {
      readonly kind: "used";
      readonly name: string;
      readonly card: MemberId;
      readonly role: Role;
      readonly invitation: DeviceKey;
      readonly invited: string;
    }
  /** Several used one invitation at once, so that nobody can say whom it was for: it is void. */
  | {
      readonly kind: "used-twice";
      readonly cards: readonly MemberId[];
      readonly invitation: DeviceKey;
      readonly invited: string;
    }
  /** This device removed somebody: a guest whose stay has ended, or one of two who came by one invitation. */
  | { readonly kind: "removed"; readonly name: string; readonly card: MemberId; readonly why: "until" | "used-twice" };

/** How the duties report. */
export interface Reporting {
  readonly onNews?: (news: News) => void;
}
