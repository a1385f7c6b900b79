import type { MemberId } from "../records/shapes.ts";

/** How many hexadecimal characters people compare: 128 bits. SPEC.md §5. */
const FINGERPRINT_LENGTH = 32;

/** A member id as people compare it: its first 128 bits in 8 groups of 4 hexadecimal digits. */
export function fingerprint(member: MemberId): string {
  return (member.slice(0, FINGERPRINT_LENGTH).match(/.{4}/g) ?? []).join(" ");
}

/**
 * Whether what somebody typed, or pasted, is this member's fingerprint. Spaces, dashes, colons and case do not matter; all
 * 128 bits do. A part of a fingerprint is none.
 */
export function matchesFingerprint(member: MemberId, typed: string): boolean {
  const digits = typed.replaceAll(/[\s\-:\u2010-\u2015]/g, "").toLowerCase();
  return digits === member.slice(0, FINGERPRINT_LENGTH); // check: digest
}
