import { ConclaveError } from "@conclave/core";

/**
 * What the system may refuse of one file and allow of the next. Not here is what befalls them all, as a full disk, and what
 * has a meaning of its own where it happens, as that nothing is there.
 */
const REFUSALS: Readonly<Record<string, string>> = {
  EACCES: "this user has no permission for it",
  EPERM: "the system does not permit it",
  EROFS: "its disk may only be read",
  EIO: "its disk failed",
  EISDIR: "it is a folder",
  EBUSY: "another program holds it",
  ETXTBSY: "another program holds it",
};

/** The operating system's name for what went wrong (`ENOENT`), or undefined for any other error. */
export function systemCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}

/** Runs `work`; gives undefined where it fails because nothing (or no folder) is there. */
export async function unlessAbsent<Result>(work: Promise<Result>): Promise<Result | undefined> {
  try {
    return await work;
  } catch (error) {
    const code = systemCode(error);
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw error;
  }
}

/**
 * Does work on one local file. The system's error would name it as this program reaches it, by a descriptor or a hidden name;
 * the path stands beside what is told of a file.
 *
 * @throws ConclaveError `no-access` for what the system refuses of this file and may allow of others; else as the work.
 */
export async function onOneFile<Result>(work: () => Result | Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (cause) {
    const code = systemCode(cause) ?? "";
    const why = Object.hasOwn(REFUSALS, code) ? REFUSALS[code] : undefined;
    throw why === undefined ? cause : new ConclaveError(why, { code: "no-access", cause });
  }
}
