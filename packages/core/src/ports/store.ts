/** The largest value that `put` must take, in bytes: a sealed object of 32 MiB with its header and tags. */
export const STORED_BYTES_MAX: number = 34 * 1024 * 1024;

/** Why a store refused. `unavailable` means that a later try may succeed; every other code is final. */
export type StoreErrorCode =
  | "not-found" // There is no such object, or (for every call) no such folder on this machine behind the store.
  | "gone" // The cloud's folder behind the store is deleted, in the trash, or not open to this account (any more).
  | "unavailable" // Unreachable, throttled, timed out: a later try may succeed.
  | "untrusted" // What answers is not the provider as it ought to be: its certificate, a redirect, a page.
  | "full" // No room or quota.
  | "read-only" // This account may read but not write.
  | "flagged" // The provider takes the object for malware: only the account that put it can fetch it.
  | "refused" // No permission at all, or sign-in needed.
  | "invalid-key" // The key is not of the accepted form: a defect of the caller.
  | "too-large"; // More than `STORED_BYTES_MAX`.

/** Thrown by stores, with the system's or provider's own error as `cause`. */
export class StoreError extends Error {
  override readonly name = "StoreError";
  readonly code: StoreErrorCode;

  constructor(message: string, options: { readonly code: StoreErrorCode; readonly cause?: unknown }) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = options.code;
  }
}

/** Reads an object that a listing has shown; undefined if it is gone meanwhile, as clean-up takes things away at any time. */
export async function getIfThere(
  store: Pick<ObjectStore, "get">,
  key: string,
  options: GetOptions,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  try {
    return await store.get(key, options);
  } catch (error) {
    if (error instanceof StoreError && error.code === "not-found") return undefined;
    throw error;
  }
}

/** One stored object as a listing shows it. Nothing here is trusted: the storage may say what it likes. */
export interface StoredObject {
  readonly key: string;
  readonly size: number;
  readonly stored: Date;
}

/** What became of a deleted object: gone, was not there, only detached from the folder, or not ours to delete. */
export type DeleteResult = "deleted" | "absent" | "detached" | "refused";

/** What a caller may know about a storage before using it. */
export interface StoreTraits {
  /** True if a finished `put` has left this machine for good; a plain folder that a sync client carries cannot know. */
  readonly settled: boolean;
  /** How long something put elsewhere may take to show here, in seconds. */
  readonly lagSeconds: number;
}

export interface CallOptions {
  readonly signal?: AbortSignal;
}

export interface GetOptions extends CallOptions {
  /** First byte wanted; default 0. */
  readonly offset?: number;
  /** How many bytes at most; default all. Less comes back only where the object ends. */
  readonly length?: number;
}

export interface ListOptions extends CallOptions {
  /** Only what lies directly in the folder, not in folders below it. Default false. */
  readonly shallow?: boolean;
}

/** Keys are `/`-separated segments of `[a-z0-9._-]`, none of them empty, `.` or `..`, at most 512 characters in all. */
export const STORE_KEY: RegExp = /^(?=.{1,512}$)(?!.*(?:^|\/)\.{1,2}(?:\/|$))[a-z0-9._-]+(?:\/[a-z0-9._-]+)*$/;

/**
 * A flat map from key to bytes, held by someone whom we do not trust.
 *
 * Any call may run twice: `put` of the same bytes and `delete` of an absent key succeed. A `put` is atomic: another
 * reader sees all of it or nothing, and when it resolves the bytes are durable as far as `traits` says. No order, no
 * locks, no unique names are promised between callers. Methods reject with {@link StoreError}.
 */
export interface ObjectStore {
  readonly traits: StoreTraits;
  put(key: string, bytes: Uint8Array, options?: CallOptions): Promise<void>;
  get(key: string, options?: GetOptions): Promise<Uint8Array<ArrayBuffer>>;
  /** All objects below `folder` (no leading or trailing slash; "" is all), in any order. A missing folder is empty. */
  list(folder: string, options?: ListOptions): AsyncIterable<StoredObject>;
  delete(key: string, options?: CallOptions): Promise<DeleteResult>;
  /** Who can reach the folder; absent where the storage knows no people. */
  readonly sharing?: FolderSharing;
  /** Requests made so far, each try counted, by kind; absent where none are made. */
  readonly requests?: () => Readonly<Record<string, number>>;
  /** What the storage keeps of deleted things; absent where nothing can be known of it. */
  readonly retention?: Retention;
}

/** What an account may do in the folder. The owner cannot be withdrawn. */
export type FolderRight = "read" | "write" | "owner";

/** One account that the provider lets into the folder. */
export interface FolderAccess {
  /** As the provider names accounts: an address of electronic mail. Compared without regard to case. */
  readonly account: string;
  readonly right: FolderRight;
}

/**
 * Who can reach the folder at the provider. Nothing here protects contents: keys do. Every call may run twice; granting
 * what is granted and withdrawing what is not there succeed.
 */
export interface FolderSharing {
  /** The account that this store is signed in with. */
  account(options?: CallOptions): Promise<string>;
  list(options?: CallOptions): Promise<readonly FolderAccess[]>;
  grant(account: string, right: Exclude<FolderRight, "owner">, options?: CallOptions): Promise<void>;
  /** `refused`: the folder's owner, or this account may not share it. */
  withdraw(account: string, options?: CallOptions): Promise<"withdrawn" | "absent" | "refused">;
}

/** Something deleted that the provider still holds, and who could bring it back. */
export interface KeptObject {
  readonly key: string;
  /** The provider's own name for it. */
  readonly id: string;
  /** The account that owns it, where the provider says so. */
  readonly owner: string | undefined;
  /** Why it is still there: in a trash, as an older version, or taken out of the folder by somebody who could do no more. */
  readonly where: "trash" | "version" | "detached";
}

/** What the provider keeps of deleted objects. */
export interface Retention {
  /** Deletes for good what {@link kept} has shown, as far as this account may. */
  purge(kept: KeptObject, options?: CallOptions): Promise<"purged" | "kept">;
  /** What is deleted and still kept, of what this account put: nobody else can end it. */
  kept(options?: CallOptions): AsyncIterable<KeptObject>;
}
