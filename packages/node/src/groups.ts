/** The home's list of groups: which local name stands for which group, and where this machine reaches its storage. */
import { readFile } from "node:fs/promises";
import { ConclaveError } from "@conclave/core";
import type { Home } from "./home.ts";
import { withHomeLock } from "./home-lock.ts";
import { replacePrivateFile } from "./private-file.ts";

/** A group as this home knows it. */
export interface KnownGroup {
  /** Local: other members may call it otherwise. */
  readonly name: string;
  /** 64 hexadecimal characters. */
  readonly id: string;
  /** URL of the store, as this machine reaches it. */
  readonly store: string;
  /** The account by which this machine reaches it, where the storage is a cloud. */
  readonly account?: string | undefined;
}

const FORMAT = "conclave/groups/v1";
const GROUPS_MAX = 10_000;

/** All groups of a home, in the order of their names. */
export async function listGroups(home: Home): Promise<readonly KnownGroup[]> {
  let text: string;
  try {
    text = await readFile(home.groups, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
  return parseList(text, home.groups);
}

/**
 * A group by its local name.
 *
 * @throws ConclaveError `not-found`, naming groups that there are.
 */
export async function findGroup(home: Home, name: string): Promise<KnownGroup> {
  const groups = await listGroups(home);
  const found = groups.find((group) => group.name === name);
  if (found) return found;
  const names = groups.slice(0, 10).map((group) => group.name);
  const others = names.length === 0 ? "there is none yet" : `there is ${names.join(", ")}`;
  throw new ConclaveError(`no group is called ${name} here: ${others}`, { code: "not-found" });
}

/**
 * Adds a group to the list, or says anew where a known one lies.
 *
 * @throws ConclaveError `exists` if the name stands for another group, or the group has another name.
 */
export async function noteGroup(home: Home, group: KnownGroup): Promise<void> {
  await withHomeLock(home, async () => {
    const groups = await listGroups(home);
    const same = groups.find(({ name, id }) => name === group.name || id === group.id);
    if (same && same.name !== group.name) {
      throw new ConclaveError(`this group is here already, as ${same.name}`, { code: "exists" });
    }
    if (same && same.id !== group.id) {
      throw new ConclaveError(`there is a group called ${group.name} already`, { code: "exists" });
    }
    await writeList(home, [...groups.filter((each) => each !== same), group]);
  });
}

/** Takes a group off the list; what this device knows of it goes too. */
export async function forgetGroup(home: Home, group: KnownGroup): Promise<void> {
  await withHomeLock(home, async () => {
    const groups = await listGroups(home);
    await writeList(
      home,
      groups.filter(({ name, id }) => name !== group.name || id !== group.id),
    );
    home.removeGroupFolder(group.id);
  });
}

async function writeList(home: Home, groups: readonly KnownGroup[]): Promise<void> {
  if (groups.length > GROUPS_MAX) {
    throw new ConclaveError(`a home holds at most ${GROUPS_MAX} groups`, { code: "limit" }); // check: size
  }
  const sorted = [...groups].sort((left, right) => (left.name < right.name ? -1 : 1));
  const text = JSON.stringify({ format: FORMAT, groups: sorted }, undefined, 2);
  await replacePrivateFile(home.groups, new TextEncoder().encode(`${text}\n`));
}

function parseList(text: string, path: string): readonly KnownGroup[] {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (cause) {
    throw damaged(path, cause);
  }
  if (!isObject(parsed) || parsed.format !== FORMAT || !Array.isArray(parsed.groups)) throw damaged(path);
  return parsed.groups.map((group: unknown) => {
    if (!isKnownGroup(group)) throw damaged(path);
    const { name, id, store, account } = group;
    return { name, id, store, ...(account === undefined ? {} : { account }) };
  });
}

function isKnownGroup(value: unknown): value is KnownGroup {
  if (!isObject(value)) return false;
  const { name, id, store, account } = value;
  if (account !== undefined && typeof account !== "string") return false;
  return (
    typeof name === "string" && typeof store === "string" && typeof id === "string" && /^[0-9a-f]{64}$/.test(id) // check: canonical
  );
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

function damaged(path: string, cause?: unknown): ConclaveError {
  return new ConclaveError(`the list of groups ${path} is damaged`, { code: "malformed", cause });
}
