/** What a cloud storage holds, whichever provider's face it wears. */
import type { Clock } from "../clock.ts";
import type { Random } from "../random.ts";
import type { Contents } from "./contents.ts";

/** What somebody may do, from least to most. `owner` is for personal drives, `organizer` for shared ones. */
export const ROLES = ["reader", "commenter", "writer", "fileOrganizer", "organizer", "owner"] as const;
export type Role = (typeof ROLES)[number];

/** A person with an account. */
export interface User {
  /** Digits, as all providers have them. */
  readonly id: string;
  readonly email: string;
  readonly name: string;
  /** The folder that is the person's own drive. */
  readonly rootId: string;
  /** How much the person may own; undefined for no limit. */
  quotaBytes: number | undefined;
}

/** A drive that belongs to nobody in particular; what lies in it belongs to the drive. */
export interface SharedDrive {
  /** Also the id of its root folder. */
  readonly id: string;
  readonly name: string;
  readonly createdMs: number;
}

/** Somebody's role at an item and all below it. `userId` is undefined for anyone who has the link. */
export interface Permission {
  readonly id: string;
  readonly userId: string | undefined;
  role: Role;
}

/** One state of a file's bytes. */
export interface Revision {
  readonly id: string;
  readonly contents: Contents;
  readonly modifiedMs: number;
  readonly modifiedBy: string;
  keepForever: boolean;
}

/** A file, folder or shortcut. */
export interface Item {
  readonly id: string;
  /** Of files; empty for folders and shortcuts, which each provider names in its own way. */
  readonly mimeType: string;
  readonly isFolder: boolean;
  readonly createdMs: number;
  /** The shared drive it lies in. */
  readonly driveId: string | undefined;
  /** Whose it is; undefined in a shared drive. */
  readonly ownerId: string | undefined;
  /** What a shortcut points to. */
  readonly targetId: string | undefined;
  /** Pairs `app/user` to which an app that sees only its own files shows it. */
  readonly apps: Set<string>;
  readonly permissions: Map<string, Permission>;
  /** Oldest first; empty for folders and shortcuts. */
  readonly revisions: Revision[];
  readonly properties: Map<string, string>;
  readonly appProperties: Map<string, string>;
  readonly starredBy: Set<string>;
  name: string;
  originalName: string;
  description: string | undefined;
  /** Undefined for roots, and for what was taken out of a folder by somebody else. */
  parentId: string | undefined;
  modifiedMs: number;
  modifiedBy: string;
  /** Counts all changes. */
  version: number;
  trash: { readonly atMs: number; readonly by: string } | undefined;
  writersCanShare: boolean;
  /** Flagged as malware or spam: only its owner may still download it. */
  isAbusive: boolean;
}

/** That something about an item changed for whoever's feed it stands in. */
export interface Change {
  readonly number: number;
  readonly itemId: string;
  readonly atMs: number;
}

/** How late news shows. Providers promise nothing here, and clients must bear it. */
export interface Lag {
  /** How long a new file is missing from lists, in milliseconds. */
  listMs: number;
  /** How long a change is missing from the change feeds, in milliseconds. */
  changesMs: number;
}

/** Everything that one emulated provider stores. Changed only by the functions beside this file. */
export interface Cloud {
  readonly clock: Clock;
  readonly random: Random;
  readonly lag: Lag;
  readonly users: Map<string, User>;
  readonly drives: Map<string, SharedDrive>;
  readonly items: Map<string, Item>;
  /** The ids of what lies in each folder. */
  readonly children: Map<string, Set<string>>;
  /** Ids that were deleted for good: they are never given again. */
  readonly deleted: Set<string>;
  /** Changes by the id of a user or shared drive, oldest first. */
  readonly feeds: Map<string, Change[]>;
  changeNumber: number;
}

/** Who asks. */
export interface Viewer {
  readonly userId: string;
  /** The app that asks. */
  readonly app: string;
  /** Whether the app sees only what it made for this person. */
  readonly ownFilesOnly: boolean;
}

/** Why the cloud refused; each face says it in its provider's words. */
export type CloudErrorCode = "not-found" | "forbidden" | "exists" | "quota" | "invalid" | "abusive";

/** The error that the cloud throws on purpose. */
export class CloudError extends Error {
  override readonly name = "CloudError";
  readonly code: CloudErrorCode;

  constructor(code: CloudErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
