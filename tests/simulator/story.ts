/** The shape of a story: plain data, so that a failing one is run again, made shorter, and told. */

export const FAULTS = ["none", "removals", "all"] as const;
/** What may happen in a story: only work on files; also changes of the group; also everything that goes wrong. */
export type Faults = (typeof FAULTS)[number];

export const FILE_ACTS = [
  "upload",
  "replace",
  "touch",
  "move",
  "copy",
  "delete",
  "restore",
  "purge",
  "mkdir",
  "look",
] as const;
export const MEMBER_ACTS = [
  "admit",
  "invite",
  "until",
  "remove",
  "role",
  "leave",
  "rotate",
  "reencrypt",
  "settle",
] as const;
/** On a member's own devices and recovery kit; an admin may remove a device, too. */
export const DEVICE_ACTS = ["device", "remove-device", "kit", "recover"] as const;

export type Act = (typeof FILE_ACTS)[number] | (typeof MEMBER_ACTS)[number] | (typeof DEVICE_ACTS)[number];

/** What one device is told to do; numbers are taken modulo what there is to choose from when it comes to it. */
export interface Command {
  readonly who: number;
  readonly act: Act;
  readonly a: number;
  readonly b: number;
  /** Whether it works on what it knew, without looking at the storage first. */
  readonly blind?: boolean;
  /** It dies at this storage call or transaction. */
  readonly crash?: { readonly at: "call" | "transaction"; readonly number: number; readonly when: "before" | "after" };
}

/** What befalls a device, or everybody. */
export interface Happening {
  readonly happens: "restart" | "lag" | "see" | "cut" | "join" | "backup" | "restore" | "clock" | "hours";
  readonly who: number;
  readonly a: number;
}

/** Commands of several devices that run into each other, in an order drawn from the seed. */
export interface Together {
  readonly together: readonly Command[];
  readonly seed: number;
}

export type Step = Command | Together | Happening;

export interface Story {
  readonly seed: number;
  /** People who are there at its beginning, each at a first device. */
  readonly devices: number;
  /** How many of them have a second device by then; the last one before the first one. Default none. */
  readonly phones?: number;
  readonly steps: readonly Step[];
  /** Whether an owner deletes the group in the end, while somebody else still works. */
  readonly isDeleted?: boolean;
}
