import { StoreError, type StoreErrorCode } from "@conclave/core";

/** What was being done when the system refused, for a message and for telling `read-only` from `refused`. */
export interface Doing {
  /** "store abc/def", "read abc/def", "list abc". */
  readonly what: string;
  readonly writes: boolean;
}

/** Whether this is the system's own error of that name (`ENOENT`). */
export function isSystemError(error: unknown, ...names: readonly string[]): boolean {
  const name = systemName(error);
  return name !== undefined && names.includes(name);
}

/** Says a system's error as a `StoreError`; anything else (an abort, a `StoreError`, a defect) stays what it is. */
export function toStoreError(error: unknown, doing: Doing): unknown {
  const name = systemName(error);
  if (name === undefined) return error;
  const { code, why } = meaningOf(name, doing.writes);
  return new StoreError(`cannot ${doing.what}: ${why} (${name})`, { code, cause: error });
}

function systemName(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("syscall" in error) || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}

interface Meaning {
  readonly code: StoreErrorCode;
  readonly why: string;
}

const IN_THE_WAY: Meaning = { code: "refused", why: "something else is in the way there" };
const NO_ROOM: Meaning = { code: "full", why: "there is no room or quota left" };

const MEANINGS: ReadonlyMap<string, Meaning> = new Map([
  ["ENOENT", { code: "not-found", why: "it is not there" }],
  ["EROFS", { code: "read-only", why: "the file system can only be read" }],
  ["ENOSPC", NO_ROOM],
  ["EDQUOT", NO_ROOM],
  ["EFBIG", NO_ROOM],
  ["EEXIST", IN_THE_WAY],
  ["EISDIR", IN_THE_WAY],
  ["ENOTDIR", IN_THE_WAY],
  ["ENOTEMPTY", IN_THE_WAY],
  ["ELOOP", { code: "refused", why: "a link is in the way, and links are never followed" }],
  ["ENAMETOOLONG", { code: "refused", why: "the file system allows no such long name" }],
]);

/** What is not known here (EIO, ESTALE, EBUSY, ETIMEDOUT, a network file system's oddity) may pass: a later try may succeed. */
function meaningOf(name: string, writes: boolean): Meaning {
  if (name === "EACCES" || name === "EPERM") {
    return writes
      ? { code: "read-only", why: "this account may not write there" }
      : { code: "refused", why: "this account may not read there" };
  }
  // While writing, nothing is asked for: a folder that was there a moment ago has gone, and the next try makes it again.
  if (name === "ENOENT" && writes) return { code: "unavailable", why: "the folder changed meanwhile" };
  return MEANINGS.get(name) ?? { code: "unavailable", why: "the file system failed" };
}
