import { platform } from "node:os";
import { usage } from "../command-error.ts";

/** A place in a group's tree. */
export interface GroupPlace {
  readonly kind: "group";
  readonly group: string;
  /** Names joined by `/`, without one at either end; "" is the top. */
  readonly path: string;
  /** It ended in `/.`: what is in the folder is meant, not the folder. */
  readonly contents: boolean;
}

/** A path on this machine, as it was given. */
export interface LocalPlace {
  readonly kind: "local";
  readonly path: string;
}

/** Where the path is meant; a test gives its own. */
export interface PlaceOptions {
  /** Default: whether this machine runs Windows. */
  readonly windows?: boolean;
}

const GROUP_NAME_LENGTH_MAX = 64;
const GROUP_NAME = /^[\p{L}\p{N}][\p{L}\p{M}\p{N}._-]*$/u;

/**
 * A local name for a group: letters and digits of any script, `.`, `_` and `-`, at most 64 characters. On Windows not a
 * single ASCII letter, which is a drive there.
 */
export function isGroupName(name: string, options: PlaceOptions = {}): boolean {
  return GROUP_NAME.test(name) && name.length <= GROUP_NAME_LENGTH_MAX && !isDrive(`${name}:`, options); // check: size
}

/** A group's name as it was given, in its one form; rejects what cannot be one with `usage`. */
export function parseGroupName(text: string, options: PlaceOptions = {}): string {
  const name = text.normalize("NFC");
  if (isGroupName(name, options)) return name;
  throw usage(`${text} cannot be the name of a group`, "use at most 64 letters, digits, dots, dashes or underscores");
}

/**
 * `GROUP:PATH`, or a path on this machine: whatever has no colon, a `/` or `\` before its first colon (`./a:b`), or begins
 * with a drive (`C:\x`; on Windows also `C:x`).
 *
 * @throws CommandError `usage` for an impossible group name, or a path with `..` or a zero byte.
 */
export function parsePlace(text: string, options: PlaceOptions = {}): GroupPlace | LocalPlace {
  const colon = text.indexOf(":");
  const before = text.slice(0, Math.max(colon, 0));
  if (colon < 0 || /[/\\]/.test(before) || isDrive(text, options)) return { kind: "local", path: text };
  if (before === "")
    throw usage(`${text} names no group`, `write GROUP${text}, or ./${text} for a file on this machine`);
  return { kind: "group", group: parseGroupName(before, options), ...parsePath(text.slice(colon + 1)) };
}

/** A place in a group, where a path on this machine is not wanted. */
export function parseGroupPlace(text: string): GroupPlace {
  const place = parsePlace(text);
  if (place.kind === "group") return place;
  throw usage(`${text} is not a place in a group`, "write it as GROUP:PATH");
}

/** A path on this machine, where a place in a group is not wanted. */
export function parseLocalPlace(text: string): LocalPlace {
  const place = parsePlace(text);
  if (place.kind === "local") return place;
  throw usage(`${text} is a place in a group, and a path on this machine is wanted`, `write ./${text} if it is a file`);
}

function parsePath(text: string): Pick<GroupPlace, "path" | "contents"> {
  const names = text.split("/").filter((name) => name !== "" && name !== ".");
  if (names.includes("..")) {
    throw usage(`the path ${text} holds ".."`, "write the path from the group's top, without going up"); // check: link
  }
  if (text.includes("\0")) throw usage("a path holds a zero byte");
  return { path: names.join("/"), contents: text === "." || text.endsWith("/.") };
}

/** Whether a text begins with a drive: nobody elsewhere than on Windows means one, unless a backslash follows. */
function isDrive(text: string, { windows = platform() === "win32" }: PlaceOptions): boolean {
  return (windows ? /^[A-Za-z]:/ : /^[A-Za-z]:\\/).test(text);
}
