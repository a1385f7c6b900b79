/** Which changes count: SPEC.md §7, "Rights". */
import type { Node } from "./fold.ts";
import { lyingUnder } from "./fork.ts";
import { rank } from "./group.ts";

/** What a right is asked for, and what that builds on. */
export interface Written {
  readonly device: string;
  readonly head: string;
}

/** @param isWithin - Whether the change is in the past of what this entry's cut names, or of the entry's own predecessor. */
export function counts(
  path: readonly Node[],
  { device, head }: Written,
  isWithin: (cutting: Node) => boolean,
): boolean {
  const base = path.findLastIndex((place) => [...lyingUnder(place)].some(({ digest }) => digest === head));
  if (base < 0) return false;
  const isEditor = (node: Node | undefined) => rank(node?.group.holder(device)?.role) >= rank("editor");
  if (!isEditor(path[base]) && !isEditor(path.at(-1))) return false;
  return !path.slice(base + 1).some((node) => node.binds.has(device) && !isWithin(node));
}
