import { toUtf8 } from "../encoding/bytes.ts";
import { ConclaveError } from "../errors.ts";
import { NAME_BYTES_MAX, PATH_BYTES_MAX } from "../records/change.ts";

/** The names of a path in the tree; slashes at either end and doubled ones do not matter. */
export function splitPath(path: string): string[] {
  return path.split("/").filter((name) => name !== "");
}

/**
 * The names of a path that something is to be put at.
 *
 * @throws ConclaveError `malformed` if a name could not stand in a record: `.`, `..`, a zero byte, lone surrogates, or too long.
 */
export function splitNewPath(path: string): string[] {
  const names = splitPath(path);
  for (const name of names) {
    if (name === "." || name === ".." || name.includes("\u0000") || !name.isWellFormed())
      refuse("a name that is not allowed");
    if (toUtf8(name).length > NAME_BYTES_MAX) refuse(`a name over ${NAME_BYTES_MAX} bytes`); // check: size
  }
  if (toUtf8(names.join("/")).length > PATH_BYTES_MAX) refuse(`over ${PATH_BYTES_MAX} bytes`); // check: size
  return names;
}

/** What is said of a folder that is too deep. */
export const TOO_DEEP = "it lies too deep for what is in it to be shown: move it up first";

/**
 * Whether nothing in a folder at that path could be named any more. What lies in one is shown only to who asks for that very
 * folder: names a kilobyte long in folders a thousand deep would make of little on the storage paths that no memory holds.
 */
export function isTooDeep(path: string): boolean {
  return path.length >= PATH_BYTES_MAX; // check: size
}

function refuse(why: string): never {
  throw new ConclaveError(`path is refused: ${why}`, { code: "malformed" });
}
