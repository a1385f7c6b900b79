/** Which operations bring back what was deleted or replaced. Nothing is taken away by them: all versions stay. */
import { ConclaveError } from "../errors.ts";
import type { SqlDatabase } from "../ports/sql.ts";
import type { Operation } from "../records/change.ts";
import type { RecordDigest } from "../records/shapes.ts";
import { type Resolved, resolvePath } from "./listing.ts";
import { besideName, type NameOf } from "./names.ts";
import { currentVersions, pathOf, versionOperation } from "./stored-node.ts";
import { type TrashEntry, trashAt, trashedWith } from "./trash.ts";
import { type FileVersion, versionsOf } from "./versions-of.ts";
import type { ViewEntry } from "./view.ts";

/** The versions of what is at a path. */
export interface PathVersions {
  /** Every version of all files that stand for the path, newest first: several that are in conflict are one history. */
  readonly versions: readonly FileVersion[];
  /** The change whose version the path shows; undefined of something in the trash. */
  readonly shown: RecordDigest | undefined;
}

interface At {
  readonly path: string;
  /** Where the name has been used again: the beginning of a node's id. */
  readonly id?: string | undefined;
  readonly nameOf?: NameOf;
}

/**
 * The history of the file or link at a path; if nothing is shown there, of the one in the trash.
 *
 * @throws ConclaveError `not-found`, `conflict` if the trash holds several of that name and `id` does not say which.
 */
export function versionsAt(db: SqlDatabase, at: At): PathVersions {
  const found = at.id === undefined ? leafAt(db, at) : undefined;
  if (found) return { versions: versionsOf(db, contenders(db, found)), shown: found.version ?? undefined };
  const nodes = oneInTrash(db, at).map(({ node }) => node);
  const versions = versionsOf(db, nodes);
  if (versions.length > 0) return { versions, shown: undefined };
  throw new ConclaveError(`${at.path} is a folder, and has no versions`, { code: "not-found" });
}

function leafAt(db: SqlDatabase, at: At): ViewEntry | undefined {
  const found = resolvePath(db, at.path, at.nameOf);
  if (found === undefined) return undefined;
  if (found.kind === "root" || found.kind === "folder") {
    throw new ConclaveError(`${at.path === "" ? "the top" : at.path} is a folder, and has no versions`, {
      code: "not-found",
    });
  }
  return found;
}

/** All files and links that are shown under one name, apart or as one: those that a choice is made among. */
function contenders(db: SqlDatabase, entry: ViewEntry): string[] {
  const parent = resolvePath(db, entry.path.slice(0, Math.max(0, entry.path.lastIndexOf("/")))) as Resolved;
  return parent.ids.flatMap((id) =>
    db
      .all<{ key: string }>(
        `SELECT key FROM tree_node WHERE parent = ? AND shown = 1 AND version IS NOT NULL
         AND name = (SELECT name FROM tree_node WHERE key = ?)`,
        id,
        entry.node,
      )
      .map(({ key }) => key),
  );
}

/** What was deleted at a path by one change. */
function oneInTrash(db: SqlDatabase, { path, id }: At): TrashEntry[] {
  // What is purged comes back while its contents are there, for whoever asks for it by its id.
  const all = trashAt(db, path).filter(({ node, purged }) => (id === undefined ? !purged : node.startsWith(id)));
  const [first] = all;
  if (!first) {
    const which = id === undefined ? "" : ` with the id ${id}`;
    throw new ConclaveError(`there is nothing at ${path}${which}, and nothing in the trash either`, {
      code: "not-found",
    });
  }
  if (all.every(({ change }) => change === first.change)) return all;
  const ids = all.map(({ node }) => node.slice(0, 9)).join(", ");
  throw new ConclaveError(`the trash holds several of the name ${path}: ${ids}`, { code: "conflict" });
}

/** What restoring comes down to. */
export interface RestorePlan {
  readonly operations: readonly Operation[];
  /** Where it is afterwards. */
  readonly path: string;
}

/**
 * The operations that make an older version current, or take something out of the trash, or both. A version of a file in
 * conflict ends the conflict: it replaces all that are current, and what else had the name goes to the trash.
 *
 * @param at.version - The change that wrote the wanted version.
 * @throws ConclaveError `not-found`, `exists` if it is there and no version is named, `conflict` as {@link versionsAt}.
 */
export function planRestore(db: SqlDatabase, at: At & { readonly version?: RecordDigest | undefined }): RestorePlan {
  const shown = at.id === undefined ? resolvePath(db, at.path, at.nameOf) : undefined;
  if (shown === undefined) return fromTrash(db, at);
  const { version } = at;
  if (version === undefined) {
    throw new ConclaveError(`${at.path === "" ? "the top" : at.path} is not in the trash`, { code: "exists" });
  }
  const leaf = leafAt(db, at) as ViewEntry;
  const nodes = contenders(db, leaf);
  const node = versionsOf(db, nodes).find(({ change }) => change === version)?.node;
  if (node === undefined) throw noVersion(at.path, version);
  const path = pathOf(db, node);
  const others = nodes.filter((other) => other !== node);
  return {
    operations: [
      ...makeCurrent(db, { node, version, path }),
      ...others.map((other): Operation => ({ op: "delete", node: other, path })),
    ],
    path,
  };
}

function noVersion(path: string, version: string): ConclaveError {
  return new ConclaveError(`${path} has no version ${version.slice(0, 12)}`, { code: "not-found" });
}

/** Nothing to do where it alone is current. */
function makeCurrent(
  db: SqlDatabase,
  { node, version, path }: { readonly node: string; readonly version: RecordDigest; readonly path: string },
): Operation[] {
  const replaces = currentVersions(db, node);
  if (replaces.length === 1 && replaces[0] === version) return [];
  return [versionOperation(db, { node, version, as: { node, replaces, path } })];
}

function fromTrash(db: SqlDatabase, at: At & { readonly version?: RecordDigest | undefined }): RestorePlan {
  const tops = oneInTrash(db, at);
  const [first] = tops as [TrashEntry];
  const nodes = [
    ...new Map(tops.flatMap(({ node }) => trashedWith(db, node)).map((each) => [each.node, each])).values(),
  ];
  const topNodes = new Set(tops.map(({ node }) => node));
  const name = freeName(db, first);
  const path = [...first.path.split("/").slice(0, -1), name].join("/");
  const operations = nodes.map(({ node, parent, name: own }): Operation => {
    const isTop = topNodes.has(node);
    const here = isTop ? path : `${path}${pathOf(db, node).slice(first.path.length)}`;
    return { op: "place", node, parent, name: isTop ? name : own, from: parent, path: here };
  });
  if (at.version === undefined) return { operations, path };
  const { version } = at;
  const node = versionsOf(db, [...topNodes]).find(({ change }) => change === version)?.node;
  if (node === undefined) throw noVersion(at.path, version);
  return { operations: [...operations, ...makeCurrent(db, { node, version, path })], path };
}

/** The name that it had, or one beside it if something else has that now. Folders of one name are shown as one. */
function freeName(db: SqlDatabase, entry: TrashEntry): string {
  const folder = entry.path.split("/").slice(0, -1).join("/");
  const isTaken = (name: string) => resolvePath(db, folder === "" ? name : `${folder}/${name}`) !== undefined;
  if (!isTaken(entry.name) || entry.kind === "folder") return entry.name;
  return besideName(entry.name, isTaken);
}
