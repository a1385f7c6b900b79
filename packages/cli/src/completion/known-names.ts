/** The names that this device knows in clear: it takes no passphrase and asks no storage to complete one. */
import { glanceAt, listFolder, memberNames, resolvePath, type SqlDatabase } from "@conclave/core";
import { type Home, type KnownGroup, listGroups, openDatabase } from "@conclave/node";

/** Where names come from; the prompt of `shell` has its own. */
export interface KnownNames {
  groups(): Promise<readonly string[]>;
  members(group: string): Promise<readonly string[]>;
  /** `GROUP:` and `GROUP:PATH` that may come of what was typed. Folders end in `/`. */
  places(typed: string): Promise<readonly string[]>;
}

/** The names in a home's indexes. Whatever cannot be read completes to nothing. */
export function namesIn(home: Home): KnownNames {
  const groups = async (): Promise<readonly KnownGroup[]> => listGroups(home).catch(() => []);
  const inGroup = async (name: string, read: (index: SqlDatabase) => readonly string[]): Promise<readonly string[]> => {
    const group = (await groups()).find((each) => each.name === name);
    if (!group) return [];
    const index = openDatabase(home.groupDatabase(group.id));
    try {
      return read(index).filter(isPlain);
    } finally {
      index.close();
    }
  };
  return {
    groups: async () => (await groups()).map(({ name }) => name),
    members: (group) =>
      inGroup(group, (index) => glanceAt(index, { device: "" })?.state.members.map(({ name }) => name) ?? []),
    places: async (typed) => {
      const colon = typed.indexOf(":");
      if (colon < 0) return (await groups()).map(({ name }) => `${name}:`);
      const group = typed.slice(0, colon);
      const folder = typed.slice(colon + 1).replace(/[^/]*$/, "");
      return inGroup(group, (index) => entriesOf(index, folder).map((path) => `${group}:${path}`));
    },
  };
}

/** The paths in one folder, with the folder as it was typed before them. */
function entriesOf(index: SqlDatabase, folder: string): readonly string[] {
  const state = glanceAt(index, { device: "" })?.state;
  if (!state) return [];
  const nameOf = memberNames(state);
  const path = folder.replace(/^\/+|\/+$/g, "");
  const top = resolvePath(index, path, nameOf);
  if (top?.kind !== "root" && top?.kind !== "folder") return [];
  return [...listFolder(index, path, { recursive: false, nameOf })].map(
    ({ name, kind }) => `${folder}${name}${kind === "folder" ? "/" : ""}`,
  );
}

/** A name that a terminal shows as it is, on one line: others are never offered, lest they act on it. */
function isPlain(name: string): boolean {
  return !/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u.test(name);
}
