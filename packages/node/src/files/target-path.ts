import { ConclaveError } from "@conclave/core";
import { fits, type NameRules } from "./local-name.ts";

/** Folders below one another that are made: the way down is held open, and Linux tells no path of over 4,096 bytes. */
const DEPTH_MAX = 1_000;
/** Longest text of a link that is made. */
const LINK_LENGTH_MAX = 4096;

/**
 * The names of a path below the target, each of them one that can stand there. The core's reader has refused dangerous
 * ones before; this is the second lock on that door.
 *
 * @throws ConclaveError `unsafe-target` for an absolute path, `..`, a zero byte, a device name and their like; `limit` for one
 *   that is too deep.
 */
export function targetNames(path: string, rules: NameRules): readonly string[] {
  if (path === "") return [];
  const names = path.split("/");
  if (names.length > DEPTH_MAX) throw tooLong(`${names[0]}/… lies deeper than ${DEPTH_MAX} folders`); // check: size
  for (const name of names) {
    if (!fits(name, rules)) throw unsafe(`${path} holds a name that must not be made here`); // check: link
  }
  return names;
}

/**
 * Refuses the text of a link that could lead out of the target. `..` may only stand in front, where it climbs folders
 * that are known to be real ones: after a name, which may be a link itself, nobody knows where it leads.
 *
 * @param depth - How many folders below the top the link lies.
 * @throws ConclaveError `unsafe-target`.
 */
export function refuseLeadingOut(link: {
  readonly path: string;
  readonly target: string;
  readonly depth: number;
}): void {
  const { path, target, depth } = link;
  const names = target.split("/");
  const climbs = names.findIndex((name) => name !== "..");
  const rest = climbs < 0 ? [] : names.slice(climbs);
  const wellFormed = target !== "" && target.length <= LINK_LENGTH_MAX && !/[\0\\]|^[A-Za-z]:/.test(target);
  const absolute = target.startsWith("/");
  const high = (climbs < 0 ? names.length : climbs) > depth;
  if (!wellFormed || absolute || high || rest.includes("..")) {
    throw unsafe(`the link ${path} leads out of the folder, or may do so`); // check: link
  }
}

export function unsafe(message: string, cause?: unknown): ConclaveError {
  return new ConclaveError(message, { code: "unsafe-target", cause });
}

export function tooLong(message: string, cause?: unknown): ConclaveError {
  return new ConclaveError(message, { code: "limit", cause });
}

export function inTheWay(message: string, cause?: unknown): ConclaveError {
  return new ConclaveError(message, { code: "conflict", cause });
}
