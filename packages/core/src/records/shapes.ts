/** Shapes that several records share. */
import { hex, integer, type Shape, text } from "../encoding/strict.ts";

/** SHA-256 of a record's line, in hexadecimal: what the record *is*. */
export type RecordDigest = string;
/** A device's Ed25519 verifying key, in hexadecimal. Devices are named by nothing shorter. */
export type DeviceKey = string;
/** A member: the SHA-256 of the line of the card that they were admitted with, in hexadecimal. */
export type MemberId = string;
/** A writer: 128 random bits drawn with a state folder, in hexadecimal. */
export type WriterId = string;
/** An epoch: the SHA-256 of its `.recipient` file, in hexadecimal. */
export type EpochId = string;

export const digest: Shape<string> = hex(32);
export const writerId: Shape<WriterId> = hex(16);
export const deviceKey: Shape<DeviceKey> = hex(32);
/** Claimed time, in milliseconds since 1970; orders nothing. */
export const time: Shape<number> = integer();
/** A record's place in its writer's chain, from 1. */
export const number: Shape<number> = integer({ min: 1 });

/** Longest recipient that is looked at: a hybrid one has 1,959 characters. */
const RECIPIENT_BYTES_MAX = 2200;
export const hybridRecipient: Shape<string> = text({ max: RECIPIENT_BYTES_MAX, accept: /^age1pq1[02-9ac-hj-np-z]+$/ });
export const classicRecipient: Shape<string> = text({ max: 100, accept: /^age1[02-9ac-hj-np-z]{58}$/ });
export const anyRecipient: Shape<string> = text({
  max: RECIPIENT_BYTES_MAX,
  accept: /^age1(?:pq1)?[02-9ac-hj-np-z]+$/,
});

/** Longest name of a person or device, in bytes. */
const LABEL_BYTES_MAX = 256;
export const label: Shape<string> = text({ min: 1, max: LABEL_BYTES_MAX });
