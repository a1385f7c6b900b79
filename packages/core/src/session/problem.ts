/** What kind of thing is wrong. Codes are API. */
export type ProblemCode =
  | "altered" // A file of the group whose bytes do not fit its name, key or signatures.
  | "missing" // A file of the group, or a record that others have seen, that should be on the storage and is not.
  | "foreign" // A file that is nothing of the group's.
  | "rollback" // The storage lacks what this device has seen on it.
  | "awaited" // A record that others name and that has not arrived.
  | "hidden-key" // Something is missing and nobody else is heard under the current key: another may be hidden.
  | "fork" // Two histories; the rule chose this one.
  | "contested" // Two histories between which no rule decides.
  | "late" // The records lead away from the history that this device has stood on for long: its person decides.
  | "duplicate" // Two records with one number: a copied device or state folder.
  | "void" // A signed record that does not count, with the reason.
  | "unsupported" // Something that a newer version wrote.
  | "access" // The provider's folder is open to somebody who is out, or shut to somebody who is in.
  | "unsettled" // Old objects wait until this folder is known to have reached the storage.
  | "no-kit" // This person has no recovery kit in the group: the device that had made it was removed.
  | "long-log" // The log nears its end, at which only removals fit, or a member the end of their part of it.
  | "conflict" // Several people wrote one file at once, or files of one name: all are kept, one is to be chosen.
  | "unreadable"; // Contents that no location leads to, or a folder too deep for what is in it to be shown.

/** One thing that is wrong, for `status` and `verify`. `detail` is for a person and may hold names from others. */
export interface Problem {
  readonly code: ProblemCode;
  readonly detail: string;
  readonly key?: string;
  readonly path?: string;
}
