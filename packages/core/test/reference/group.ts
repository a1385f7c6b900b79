/**
 * The state of a group as SPEC.md §6 tells it.
 *
 * Everything in this folder was written from SPEC.md alone, for its words and not for speed, and takes nothing from the
 * product but the shapes of records. Where page, product and this do not say the same, one of them is wrong.
 */
import { ROLES, type Role, type Suite } from "../../src/records/entry.ts";

/** What somebody comes in with. */
export interface Terms {
  readonly role: Role;
  readonly account: string | null;
  readonly until: number | null;
}

/** A member. Devices and kits are named by their verifying keys. */
export interface Member extends Terms {
  readonly devices: readonly string[];
  /** None where a removal of devices took it off the list. */
  readonly kit: string | undefined;
}

export interface Invitation extends Terms {
  readonly maker: string;
  readonly isOpen: boolean;
}

/** A member's devices, and its kit. */
export function keysOf({ devices, kit }: Member): string[] {
  return kit === undefined ? [...devices] : [...devices, kit];
}

/** A member as the owner of one key. */
export interface Signer extends Member {
  readonly id: string;
  readonly isKit: boolean;
}

/** The group at one entry. A copy is changed, and then stands. */
export class Group {
  readonly id: string;
  readonly suite: Suite;
  readonly members: Map<string, Member>;
  /** All that ever were, by their keys. */
  readonly invitations: Map<string, Invitation>;
  /** The epochs', oldest first. */
  readonly recipients: Set<string>;
  /** Every key and recipient that was ever listed, with the card that it was listed by. */
  readonly listed: Map<string, string>;
  /** Devices and kits that were taken off the list by themselves. */
  readonly takenOff: Set<string>;
  /** Every device that each member ever had. */
  readonly devices: Map<string, readonly string[]>;
  /** How everybody went who ever did, the last time. */
  readonly departures: Map<string, "removed" | "left">;
  /** Who left, while no admin's or owner's new epoch has come after. */
  readonly unbound: Set<string>;
  /** What the entries so far weigh. */
  total: number;
  /** The entry that began the stay of each who is in. */
  readonly stays: Map<string, string>;
  /** What the members of all stays that ever were put on their accounts. */
  readonly accounts: Map<string, number>;
  /** By stay: the one that sponsors it. */
  readonly sponsors: Map<string, string>;

  constructor(from: Pick<Group, "id" | "suite"> & Partial<Group>) {
    this.id = from.id;
    this.suite = from.suite;
    this.members = new Map(from.members);
    this.invitations = new Map(from.invitations);
    this.recipients = new Set(from.recipients);
    this.listed = new Map(from.listed);
    this.takenOff = new Set(from.takenOff);
    this.devices = new Map(from.devices);
    this.departures = new Map(from.departures);
    this.unbound = new Set(from.unbound);
    this.total = from.total ?? 0;
    this.stays = new Map(from.stays);
    this.accounts = new Map(from.accounts);
    this.sponsors = new Map(from.sponsors);
  }

  /** Whose device or kit this is. */
  signer(key: string): Signer | undefined {
    for (const [id, member] of this.members)
      if (member.kit === key || member.devices.includes(key)) return { ...member, id, isKit: member.kit === key };
    return undefined;
  }

  /** Whose device this is, which no kit is. */
  holder(device: string): Signer | undefined {
    const signer = this.signer(device);
    return signer?.isKit ? undefined : signer;
  }

  roleOf(member: string): Role | undefined {
    return this.members.get(member)?.role;
  }

  update(id: string, changed: Partial<Member>): void {
    const member = this.members.get(id);
    must(member !== undefined);
    this.members.set(id, { ...member, ...changed });
  }

  listDevice(id: string, device: string): void {
    this.update(id, { devices: [...(this.members.get(id)?.devices ?? []), device] });
    this.devices.set(id, [...(this.devices.get(id) ?? []), device]);
  }

  /** Begins the stay of whoever was just listed. */
  beginStay(entry: string, sponsor: string | undefined): void {
    for (const id of this.members.keys()) {
      if (this.stays.has(id)) continue;
      this.stays.set(id, entry);
      if (sponsor !== undefined) this.sponsors.set(entry, sponsor);
    }
  }

  charge(stay: string, weight: number): void {
    this.accounts.set(stay, (this.accounts.get(stay) ?? 0) + weight);
  }

  accountOf(stay: string): number {
    const sponsored = [...this.sponsors].filter(([, by]) => by === stay).map(([each]) => each);
    return [stay, ...sponsored].reduce((sum, each) => sum + (this.accounts.get(each) ?? 0), 0);
  }

  depart(id: string, how: "removed" | "left"): void {
    this.members.delete(id);
    this.stays.delete(id);
    this.departures.set(id, how);
    if (how === "left") this.unbound.add(id);
  }

  endInvitations(ends: (invitation: Invitation, key: string) => boolean): void {
    for (const [key, invitation] of this.invitations)
      if (invitation.isOpen && ends(invitation, key)) this.invitations.set(key, { ...invitation, isOpen: false });
  }
}

/** Why an entry does not count. */
export class Void extends Error {}

export function must(holds: boolean): asserts holds {
  if (!holds) throw new Void();
}

/** The role's place in the order; less than a viewer's for nobody. */
export function rank(role: Role | undefined): number {
  return role === undefined ? -1 : ROLES.indexOf(role);
}

export function isAdmin(role: Role | undefined): boolean {
  return rank(role) >= rank("admin");
}

/** "An admin, for viewers and editors; an owner, for all." */
export function mayManage(by: Role | undefined, role: Role | undefined): boolean {
  return role !== undefined && (by === "owner" || (by === "admin" && !isAdmin(role)));
}
