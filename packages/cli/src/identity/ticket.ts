/** What somebody was given to join with: an address, or the code of an invitation, which holds one. */
import { type Address, ConclaveError, isCode, parseAddress, parseInvitationCode } from "@conclave/core";
import { Advice } from "../advice.ts";
import type { Context } from "../context.ts";
import { isoTime } from "../terminal/units.ts";

export interface Ticket {
  readonly address: Address;
  /** Of an invitation alone. */
  readonly invitation?: { readonly secret: Uint8Array; readonly expires: number };
}

/** Reads either; a mistyped code is found here, before anything is asked of a storage. */
export function parseTicket(text: string): Ticket {
  if (!isCode("conclave-invite", text)) return { address: parseAddress(text) };
  const { address, secret, expires } = parseInvitationCode(text);
  return { address, invitation: { secret, expires } };
}

/** A code that is too old lets nobody in: said before a request is left. */
export function requireFresh(context: Context, { invitation }: Ticket): void {
  const now = context.clock.now();
  if (!invitation || now < invitation.expires) return;
  const error = new ConclaveError(
    `this invitation's code was good until ${isoTime(invitation.expires)}, and it is ${isoTime(now)} by this machine's clock`,
    { code: "expired" },
  );
  throw new Advice(error, "ask whoever invited you for a new code; or set this machine's clock, if that is wrong"); // check: role
}
