import {
  base64,
  integer,
  list,
  nullable,
  object,
  oneOf,
  type Shape,
  type Shaped,
  text,
  truth,
  tuple,
  variant,
} from "../encoding/strict.ts";
import { anyRecipient, deviceKey, digest, label, number, time, writerId } from "./shapes.ts";

/** What a member may do. Each includes what the ones before it may. DESIGN: viewer, editor, admin, owner. */
export type Role = "viewer" | "editor" | "admin" | "owner";
export const ROLES: readonly Role[] = ["viewer", "editor", "admin", "owner"];

/** Which keys a group uses: hybrid ML-KEM-768 + X25519, or X25519 alone. */
export type Suite = "hybrid" | "classic";

/** When a removal's contents are re-encrypted. */
export type ContentsMode = "now" | "background" | "on-change";

const role: Shape<Role> = oneOf("viewer", "editor", "admin", "owner");
/** The line of a card, as text inside the entry, so that its bytes and signature travel unchanged. */
const cardLine = text({ max: 16 * 1024 });

/** Most devices that one entry removes. */
const REMOVED_DEVICES_MAX = 256;
/** Most writers that one cut names: entries stay in the log for ever. What there is more of, its author builds on first. */
export const CUT_MAX = 256;

/**
 * The newest record of each of the target's writers that the author of a removal has seen. What the target signed that
 * is not among these, their ancestors, or what the author's own records build on, is void. SPEC.md §7.
 */
export const cut: Shape<readonly (readonly [writer: string, head: string])[]> = list(tuple(writerId, digest), CUT_MAX);
export type Cut = Shaped<typeof cut>;

const contents: Shape<ContentsMode> = oneOf("now", "background", "on-change");

/** An account at the provider, to share the folder with. */
const account: Shape<string | null> = nullable(text({ max: 320 }));
/** A guest's end, in milliseconds since 1970; null for whoever stays. SPEC.md §6. */
const until: Shape<number | null> = nullable(time);

/** Most cards that a withdrawal names as having used its invitation at once. */
const WITHDRAW_CARDS_MAX = 16;

/** What an entry does to the group. SPEC.md §6. */
export const act = variant("act", {
  add: object({
    act: oneOf("add"),
    card: cardLine,
    signature: base64(64),
    role,
    account,
    until,
  }),
  invite: object({ act: oneOf("invite"), invitation: deviceKey, name: label, role, account, until, expires: time }),
  withdraw: object({ act: oneOf("withdraw"), invitation: deviceKey, cards: list(digest, WITHDRAW_CARDS_MAX) }),
  admit: object({
    act: oneOf("admit"),
    card: cardLine,
    signature: base64(64),
    invitation: deviceKey,
    proof: base64(64),
  }),
  until: object({ act: oneOf("until"), member: digest, until }),
  role: object({ act: oneOf("role"), member: digest, role, cut }),
  remove: object({
    act: oneOf("remove"),
    member: digest,
    cut,
    recipient: anyRecipient,
    contents,
    owed: nullable(digest),
  }),
  leave: object({ act: oneOf("leave") }),
  rotate: object({ act: oneOf("rotate"), cut, recipient: anyRecipient, contents }),
  "admit-device": object({ act: oneOf("admit-device"), device: cardLine, signature: base64(64) }),
  "remove-device": object({
    act: oneOf("remove-device"),
    devices: list(deviceKey, REMOVED_DEVICES_MAX),
    cut,
    recipient: anyRecipient,
    contents,
    owed: nullable(digest),
  }),
  kit: object({ act: oneOf("kit"), kit: cardLine, signature: base64(64), cut, recipient: anyRecipient, contents }),
  recover: object({
    act: oneOf("recover"),
    device: cardLine,
    deviceSignature: base64(64),
    kit: cardLine,
    kitSignature: base64(64),
    cut,
    recipient: anyRecipient,
    contents,
  }),
});
export type Act = Shaped<typeof act>;

/** The first entry of a log. Its digest is the group's id. SPEC.md §6. */
export const found = object({
  type: oneOf("conclave/v1/found"),
  device: deviceKey,
  writer: writerId,
  number,
  previous: nullable(digest),
  suite: oneOf("hybrid", "classic"),
  settled: truth(),
  lagSeconds: nullable(integer({ max: 366 * 24 * 3600 })),
  card: cardLine,
  signature: base64(64),
  recipient: anyRecipient,
  time,
});
export type Found = Shaped<typeof found>;

/** Every further entry of a log. SPEC.md §6. */
export const entry = object({
  type: oneOf("conclave/v1/entry"),
  group: digest,
  device: deviceKey,
  writer: writerId,
  number,
  previous: nullable(digest),
  parent: digest,
  act,
  time,
});
export type Entry = Shaped<typeof entry>;

/** Any line of a log. */
export type LogEntry = Found | Entry;
