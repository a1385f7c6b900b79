/** Why the core refused. Codes are API: callers switch on them, they cross process borders, and are never renamed. */
export type ConclaveErrorCode =
  | "corrupt" // Bytes do not fit their name, key or signature: altered, cut, swapped or forged.
  | "malformed" // Text that is not in the one accepted form.
  | "limit" // A named limit would be exceeded.
  | "log-full" // The group's log has no room left for it, or none for this member.
  | "unsupported" // Written by a newer version, or for another suite: update needed.
  | "not-a-member" // No grant opens with this device's identities.
  | "removed" // The group's log says that this member is out.
  | "deleted" // An owner has deleted the group from its storage.
  | "waiting" // A join request lies on the storage and nobody has answered it yet.
  | "expired" // An invitation whose time is over.
  | "role-too-low" // The log gives this member no right to do that.
  | "account-taken" // The provider's account is another person's in the group already.
  | "last-owner" // The group would be left without an owner's live device.
  | "not-found" // No such path, member, request or group.
  | "exists" // The name is taken.
  | "fingerprint-mismatch" // A card is not the one whose fingerprint was given.
  | "wrong-passphrase" // The identity file does not open.
  | "rollback" // The storage lacks something that this device has seen on it.
  | "unconfirmed" // A recovered device, and nobody has confirmed yet what the storage shows it.
  | "contested" // Two histories of the group, and this device's person has to say which one it follows.
  | "stale-epoch" // The group has moved on to an epoch that this device holds no grant for.
  | "overtaken" // Another program that works with the same home has changed the group meanwhile.
  | "no-index" // What this device had seen of the group is gone from this machine, or damaged.
  | "other-index" // The local index was made by another version, with other tables.
  | "missing" // An object or record that the group needs is not on the storage.
  | "source-changed" // A file changed or vanished while it was read.
  | "no-access" // The system refuses something of one local file: for want of permission, or its disk failed.
  | "unsafe-target" // Writing there would leave the target folder, or follow a link.
  | "conflict"; // Something local is in the way and would be lost.

/** The one error class that this package throws on purpose; anything else is a defect. */
export class ConclaveError extends Error {
  override readonly name = "ConclaveError";
  readonly code: ConclaveErrorCode;

  constructor(message: string, options: { readonly code: ConclaveErrorCode; readonly cause?: unknown }) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = options.code;
  }
}

/** A stored file whose bytes do not have the digest in its name: half of it yet, or altered. Under that name others may come. */
export class MisfitError extends ConclaveError {
  constructor(message: string) {
    super(message, { code: "corrupt" });
  }
}
