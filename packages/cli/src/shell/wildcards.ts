/** Words with `*`, `?` or `[…]` outside quotes, at the prompt: what there is that fits them. */
import { globSync } from "node:fs";
import { matchesGlob } from "node:path";
import { usage } from "../command-error.ts";
import type { KnownNames } from "../completion/known-names.ts";

/** Files of this machine, from the folder `cwd`. Rejects with `usage` where there is none. */
export function localMatches(pattern: string, cwd: string): readonly string[] {
  return some(globSync(pattern, { cwd }).sort(), pattern);
}

/**
 * What there is in a group, by this device's index.
 *
 * @param pattern - `GROUP:PATH`, its wildcards unescaped and everything else escaped by backslashes.
 */
export async function placeMatches(pattern: string, names: KnownNames): Promise<readonly string[]> {
  const colon = pattern.indexOf(":");
  let found = [pattern.slice(0, colon + 1)];
  for (const part of pattern.slice(colon + 1).split("/")) {
    const folders = found.map((place) => (/[:/]$/.test(place) ? place : `${place}/`));
    const within = await Promise.all(folders.map(async (folder) => matchesIn(folder, part, names)));
    found = within.flat();
  }
  return some(
    found.map((place) => place.replace(/\/$/, "")),
    pattern,
  );
}

async function matchesIn(folder: string, part: string, names: KnownNames): Promise<readonly string[]> {
  const places = await names.places(folder);
  // A dot file is meant only by a pattern that begins with a dot, as in every shell.
  return places.filter((place) => {
    const name = place.slice(folder.length).replace(/\/$/, "");
    return name.startsWith(".") === part.startsWith(".") && matchesGlob(name, part);
  });
}

function some(found: readonly string[], pattern: string): readonly string[] {
  if (found.length > 0) return found;
  throw usage(`nothing fits ${pattern}`, "put the word in quotes if *, ? or [ belong to the name itself");
}
