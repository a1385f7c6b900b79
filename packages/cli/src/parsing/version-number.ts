import { ConclaveError, type FileVersion } from "@conclave/core";
import { usage } from "../command-error.ts";

/** Versions with the numbers by which people name them: the oldest is 1. */
export function numbered<Version>(newestFirst: readonly Version[]): (Version & { readonly number: number })[] {
  return newestFirst.map((version, index) => ({ ...version, number: newestFirst.length - index }));
}

/**
 * The version that a person means by its number, or by the beginning of its id.
 *
 * @throws CommandError `usage` for what is neither; ConclaveError `not-found`.
 */
export function chooseVersion(versions: readonly FileVersion[], text: string): FileVersion {
  const isNumber = /^[1-9][0-9]{0,6}$/.test(text);
  if (!isNumber && !/^[0-9a-f]{8,64}$/.test(text)) {
    throw usage(`${text} is no version`, 'give its number, or its id, as "conclave versions" shows them');
  }
  const found = numbered(versions).filter(({ number, change }) =>
    isNumber ? number === Number(text) : change.startsWith(text),
  );
  const [only, ...others] = found;
  if (only && others.length === 0) return only;
  throw new ConclaveError(`there ${others.length > 0 ? "are several versions" : "is no version"} ${text}`, {
    code: "not-found",
  });
}
