/** Who acts in a story. */
import type { DeviceSecrets, SignedCard } from "@conclave/core";
import type { Device } from "../support/world.ts";

export interface Person {
  readonly name: string;
  readonly number: number;
  readonly card: SignedCard;
  /** Every recovery kit that this person ever had in hand, oldest first. */
  readonly kits: DeviceSecrets[];
  /** The account does not reach the folder. */
  isWithdrawn: boolean;
}

/** A device, and its person at work on it. */
export interface Actor {
  readonly person: Person;
  readonly number: number;
  readonly device: Device;
  /** Its verifying key, as the log names it. */
  readonly key: string;
  /** Ticks that it sees; Infinity if it sees all. */
  horizon: number;
  isCut: boolean;
  backup: string | undefined;
  /** How often its clock went forward by more than it should. */
  jumps: number;
  hasJoined: boolean;
}
