/** What operations a wish about paths comes down to: which nodes there are already, and which are to be made. */
import { toHex } from "../encoding/hex.ts";
import { ConclaveError } from "../errors.ts";
import type { SqlDatabase } from "../ports/sql.ts";
import { type Operation, ROOT } from "../records/change.ts";
import type { RecordDigest } from "../records/shapes.ts";
import { entryIn, listFolder, type Resolved, resolvePath } from "./listing.ts";
import type { NameOf } from "./names.ts";
import { isTooDeep, splitNewPath, TOO_DEEP } from "./paths.ts";
import { currentVersions, parentOf, pathOf, versionOperation } from "./stored-node.ts";
import type { TreeEntry, ViewEntry } from "./view.ts";

export type PlaceOperation = Extract<Operation, { op: "place" }>;

/** Where a file or link is to be written. */
export interface PlannedNode {
  readonly node: string;
  /** The changes whose versions the new one replaces: all that are current; none of a new node. */
  readonly replaces: readonly RecordDigest[];
  /** What is shown there now. */
  readonly existing: TreeEntry | undefined;
  /** The path as it goes into the operation. */
  readonly path: string;
}

export interface PlanOptions {
  /** Random bytes from the platform's generator. */
  readonly randomBytes: (length: number) => Uint8Array;
  /** As it was given to listings, where a path may be an altered name. */
  readonly nameOf?: NameOf;
}

/** A node that a plan has met at a path: `shown` is the folder that is shown there already, with all that is in it. */
interface MadeNode {
  readonly node: string;
  readonly shown: Resolved | undefined;
}

/**
 * Plans many paths against one tree, making each new folder once.
 *
 * The operations that place new nodes gather inside and are taken with {@link take}: those of a path come before those of
 * what is in it, and must be in the same change as what uses them, or in an earlier one.
 */
export class Planner {
  readonly #db: SqlDatabase;
  readonly #options: PlanOptions;
  readonly #made = new Map<string, MadeNode>();
  #places: PlaceOperation[] = [];

  constructor(db: SqlDatabase, options: PlanOptions) {
    this.#db = db;
    this.#options = options;
  }

  /**
   * The folder at a path, made with those above it where there is none; `root` for "".
   *
   * @throws ConclaveError `exists` if something else is in the way, `malformed` for a path that could not stand in a record.
   */
  folder(path: string): string {
    return this.#folder(splitNewPath(path)).node;
  }

  /** The file at a path, to be given a new version; made, with the folders above it, if there is none. Throws as {@link folder}. */
  file(path: string): PlannedNode {
    return this.#leaf(path, "file");
  }

  /** The same for a link. */
  link(path: string): PlannedNode {
    return this.#leaf(path, "link");
  }

  /** The operations that place what was made since the last call. */
  take(): PlaceOperation[] {
    const places = this.#places;
    this.#places = [];
    return places;
  }

  #leaf(path: string, kind: "file" | "link"): PlannedNode {
    const names = splitNewPath(path);
    const name = names.at(-1);
    if (name === undefined) throw new ConclaveError("the root is no file", { code: "exists" });
    const here = names.join("/");
    if (this.#made.has(here)) throw new ConclaveError(`${here} is planned already`, { code: "exists" });
    const folder = this.#folder(names.slice(0, -1));
    const existing = folder.shown === undefined ? undefined : this.#entryIn(folder.shown, name);
    if (existing !== undefined) return this.#existingLeaf(existing, kind, here);
    const node = this.#place(kind === "file" ? "f" : "l", { parent: folder.node, name, path: here });
    return { node, replaces: [], existing: undefined, path: here };
  }

  #existingLeaf(existing: ViewEntry, kind: "file" | "link", path: string): PlannedNode {
    if (existing.kind !== kind)
      throw new ConclaveError(`${path} is a ${existing.kind}, not a ${kind}`, { code: "exists" });
    this.#made.set(path, { node: existing.node, shown: undefined });
    return { node: existing.node, replaces: currentVersions(this.#db, existing.node), existing, path };
  }

  /** The folder of those names, found or made, and remembered. */
  #folder(names: readonly string[]): MadeNode {
    const path = names.join("/");
    const known = this.#made.get(path);
    if (known !== undefined) {
      if (known.node === ROOT || known.node.startsWith("d")) return known;
      throw new ConclaveError(`${path} is planned as a file`, { code: "exists" });
    }
    const name = names.at(-1);
    if (name === undefined) return this.#remember(path, { node: ROOT, shown: resolvePath(this.#db, "") });
    const parent = this.#folder(names.slice(0, -1));
    const found = parent.shown === undefined ? undefined : this.#entryIn(parent.shown, name);
    if (found === undefined) {
      this.#place("d", { parent: parent.node, name, path });
      return this.#made.get(path) as MadeNode;
    }
    if (found.kind !== "folder")
      throw new ConclaveError(`${path} is a ${found.kind}, not a folder`, { code: "exists" });
    return this.#remember(path, { node: found.node, shown: found });
  }

  #remember(path: string, made: MadeNode): MadeNode {
    this.#made.set(path, made);
    return made;
  }

  #entryIn(folder: Resolved, name: string): ViewEntry | undefined {
    return entryIn(this.#db, { folder, name, ...this.#options });
  }

  #place(letter: "d" | "f" | "l", at: { parent: string; name: string; path: string }): string {
    const node = newNodeId(letter, this.#options.randomBytes);
    this.#places.push({ op: "place", node, parent: at.parent, name: at.name, from: null, path: at.path });
    this.#made.set(at.path, { node, shown: undefined });
    return node;
  }
}

/** A node id that nobody has drawn: the letter of its kind, and 128 random bits. */
export function newNodeId(letter: "d" | "f" | "l", randomBytes: PlanOptions["randomBytes"]): string {
  return `${letter}${toHex(randomBytes(16))}`;
}

function existingEntry(db: SqlDatabase, path: string, nameOf: NameOf | undefined) {
  const found = resolvePath(db, path, nameOf);
  if (found === undefined || found.kind === "root")
    throw new ConclaveError(`there is nothing at ${path}`, { code: "not-found" });
  return found;
}

/**
 * The operations that hide what is at a path: of a folder with all that is in it, of all nodes that are shown as one.
 * Of a file in conflict with itself, only the version shown there: by a new version that keeps what the others say.
 *
 * @throws ConclaveError `not-found`.
 */
export function planDelete(db: SqlDatabase, path: string, options: { readonly nameOf?: NameOf } = {}): Operation[] {
  const found = existingEntry(db, path, options.nameOf);
  const rest = withoutVersion(db, found);
  if (rest !== undefined) return [rest];
  return found.nodes.map((node) => ({ op: "delete", node, path: found.path }));
}

/**
 * The operations that move or rename what is at a path; folders that the new path needs are made.
 *
 * @param paths.to - The whole new path, not the folder to move into.
 * @throws ConclaveError `not-found`, `exists` if something is at the new path, `conflict` if a folder would move into itself,
 *   `malformed` for a new path that could not stand in a record.
 */
export function planMove(
  db: SqlDatabase,
  paths: { readonly from: string; readonly to: string },
  options: PlanOptions,
): Operation[] {
  const found = existingEntry(db, paths.from, options.nameOf);
  const names = splitNewPath(paths.to);
  const [name, to] = [names.at(-1), names.join("/")];
  if (name === undefined || resolvePath(db, to, options.nameOf) !== undefined)
    throw new ConclaveError(`${to} is there already`, { code: "exists" });
  if (`${to}/`.startsWith(`${found.path}/`))
    throw new ConclaveError(`${found.path} cannot move into itself`, { code: "conflict" });
  const planner = new Planner(db, options);
  const parent = planner.folder(names.slice(0, -1).join("/"));
  const rest = found.conflict ? withoutVersion(db, found) : undefined;
  if (rest !== undefined) {
    const node = newNodeId(found.kind === "link" ? "l" : "f", options.randomBytes);
    return [...planner.take(), ...splitOff(db, found, { parent, name, path: to, node }), rest];
  }
  const moves = found.nodes.map(
    (node): Operation => ({ op: "place", node, parent, name, from: parentOf(db, node), path: to }),
  );
  return [...planner.take(), ...moves];
}

/**
 * The operations that copy what is at a path, a folder with all below it: new nodes whose versions name the same pieces, so
 * that no byte moves. What is in conflict is copied as it is shown.
 *
 * @param paths.to - The whole new path, not the folder to copy into.
 * @throws ConclaveError `not-found`, `exists` if something is at the new path, `conflict` if a folder would be copied into
 *   itself, `malformed` for a path that could not stand in a record.
 */
export function planCopy(
  db: SqlDatabase,
  paths: { readonly from: string; readonly to: string },
  options: PlanOptions,
): Operation[] {
  const found = existingEntry(db, paths.from, options.nameOf);
  const to = splitNewPath(paths.to).join("/");
  if (to === "" || resolvePath(db, to, options.nameOf) !== undefined)
    throw new ConclaveError(`${to} is there already`, { code: "exists" });
  if (`${to}/`.startsWith(`${found.path}/`))
    throw new ConclaveError(`${found.path} cannot be copied into itself`, { code: "conflict" });
  const planner = new Planner(db, options);
  const below = found.kind === "folder" ? listFolder(db, found.path, { recursive: true, ...options }) : [];
  return [found, ...below].flatMap((entry) => {
    const path = `${to}${entry.path.slice(found.path.length)}`;
    if (entry.kind === "folder" && isTooDeep(entry.path)) throw new ConclaveError(TOO_DEEP, { code: "limit" });
    if (entry.kind === "folder") planner.folder(path);
    const node = entry.kind === "file" ? planner.file(path).node : entry.kind === "link" && planner.link(path).node;
    if (!node) return planner.take();
    const version = entry.version as RecordDigest;
    return [...planner.take(), versionOperation(db, { node: entry.node, version, as: { node, replaces: [], path } })];
  });
}

/**
 * Of a file or link that is in conflict with itself: the new version that leaves all but the one shown as `entry`. It has
 * the content of the greatest of the others, and replaces that one and the one to go. Undefined of anything else.
 */
function withoutVersion(db: SqlDatabase, entry: TreeEntry): Operation | undefined {
  const versions = entry.kind === "folder" ? [] : currentVersions(db, entry.node);
  const survivor = versions.find((version) => !entry.versions.includes(version));
  if (survivor === undefined || entry.version === null) return undefined;
  return versionOperation(db, {
    node: entry.node,
    version: survivor,
    as: { node: entry.node, replaces: [survivor, ...entry.versions], path: pathOf(db, entry.node) },
  });
}

/** Makes a file or link of its own out of a version that is shown beside the one that keeps the name. */
function splitOff(
  db: SqlDatabase,
  entry: TreeEntry,
  to: { readonly parent: string; readonly name: string; readonly path: string; readonly node: string },
): Operation[] {
  const { parent, name, path, node } = to;
  return [
    { op: "place", node, parent, name, from: null, path },
    versionOperation(db, {
      node: entry.node,
      version: entry.version as RecordDigest,
      as: { node, replaces: [], path },
    }),
  ];
}
