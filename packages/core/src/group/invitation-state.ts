/** An invitation as a group's state holds it. Plain data. SPEC.md §6. */
import type { Role } from "../records/entry.ts";
import type { DeviceKey, MemberId, RecordDigest } from "../records/shapes.ts";

/** How an invitation came to stand for nobody any more. */
export type InvitationEnd =
  | { readonly how: "used"; readonly card: MemberId }
  /** `cards`: those that used it at once, if that is why. */
  | { readonly how: "withdrawn"; readonly cards: readonly MemberId[] }
  /** Its maker is out, or may not admit to its role any more. */
  | { readonly how: "maker" }
  /** A new epoch began: all that was prepared in the one before has ended with it. */
  | { readonly how: "epoch" };

/** A place in the group that waits for whoever holds a secret. */
export interface Invitation {
  /** Verifying key drawn from its secret: names it. */
  readonly invitation: DeviceKey;
  /** What its maker calls whoever it is for; from others, never shown unescaped. */
  readonly name: string;
  readonly role: Role;
  readonly account: string | null;
  /** When the stay ends of whoever comes in by it, milliseconds since 1970; null for never. */
  readonly until: number | null;
  /** From when on no device admits by it, milliseconds since 1970. Each judges that by its own clock. */
  readonly expires: number;
  readonly maker: MemberId;
  /** The entry that made it, and its claimed time. */
  readonly entry: RecordDigest;
  readonly time: number;
  /** How many entries lie before that one. */
  readonly height: number;
  readonly end: (InvitationEnd & { readonly entry: RecordDigest; readonly by: MemberId }) | null;
}
