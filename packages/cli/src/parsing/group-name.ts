import { isDrive, type KnownGroup } from "@conclave/node";
import { isGroupName } from "./place.ts";

/** A name for a group on this machine: what it is called elsewhere, made valid and free. */
export function freeGroupName(wanted: string, groups: readonly KnownGroup[]): string {
  const cleaned = wanted
    .normalize("NFC")
    .replace(/[^\p{L}\p{M}\p{N}._-]+/gu, "-")
    .replace(/^[^\p{L}\p{N}]+/u, "")
    .slice(0, 48);
  const base = isGroupName(cleaned) ? cleaned : "group";
  const taken = new Set(groups.map(({ name }) => name));
  let name = base;
  for (let number = 2; taken.has(name); number++) name = `${base}-${number}`;
  return name;
}

/** The last name of the storage's path, made valid and free. */
export function defaultGroupName(url: string, groups: readonly KnownGroup[]): string {
  // Of a cloud's folder there is only an id.
  if (isDrive(url)) return freeGroupName("drive", groups);
  const last = decodeURIComponent(new URL(url).pathname.split("/").findLast((part) => part !== "") ?? "");
  return freeGroupName(last, groups);
}
