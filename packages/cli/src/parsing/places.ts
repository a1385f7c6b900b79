import { usage } from "../command-error.ts";
import { parseGroupPlace } from "./place.ts";

/** Several places of one group; more than one group is refused with `usage`. */
export function parseOneGroup(texts: readonly string[]): { readonly group: string; readonly paths: readonly string[] } {
  const places = texts.map(parseGroupPlace);
  const group = places[0]?.group ?? "";
  const other = places.find((place) => place.group !== group);
  if (other) throw usage(`${group} and ${other.group} are two groups`, "name places of one group at a time");
  return { group, paths: places.map(({ path }) => path) };
}
