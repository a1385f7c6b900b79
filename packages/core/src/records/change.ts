import {
  hex,
  integer,
  list,
  nullable,
  object,
  oneOf,
  refuse,
  type Shape,
  type Shaped,
  text,
  truth,
  tuple,
  variant,
} from "../encoding/strict.ts";
import { deviceKey, digest, number, time, writerId } from "./shapes.ts";

/** Most bytes of a file in one piece: eight of them with their tar headers fill an archive of 32 MiB. SPEC.md §9. */
export const PIECE_BYTES: number = 4 * 1024 * 1024 - 4096;
/** Most pieces in one blob. */
export const BLOB_PIECES_MAX = 4096;

/**
 * A node's id: a letter that says what it is (`d` folder, `f` file, `l` link), then 128 random bits in hexadecimal. So a
 * node's kind cannot be claimed twice. SPEC.md §8.
 */
export const nodeId: Shape<string> = text({ max: 33, accept: /^[dfl][0-9a-f]{32}$/ });
const fileId: Shape<string> = text({ max: 33, accept: /^f[0-9a-f]{32}$/ });
const linkId: Shape<string> = text({ max: 33, accept: /^l[0-9a-f]{32}$/ });
/** A folder, or the top of the tree. */
export const parentId: Shape<string> = text({ max: 33, accept: /^(?:root|d[0-9a-f]{32})$/ });
/** The top of the tree: no node, but every node's last parent. */
export const ROOT = "root";

/** Longest name of a file or folder, in bytes of UTF-8. */
export const NAME_BYTES_MAX = 1024;
/** Longest path that an operation or listing carries, in bytes. */
export const PATH_BYTES_MAX: number = 16 * 1024;

// biome-ignore lint/suspicious/noControlCharactersInRegex: a zero byte is exactly what no name may hold.
const name: Shape<string> = text({ min: 1, max: NAME_BYTES_MAX, accept: /^(?!\.{1,2}$)[^/\u0000]+$/ });
/** A path as its author saw it, for recovery by stock tools only: names joined by `/`, none of them `.` or `..`. */
const path: Shape<string> = text({
  min: 1,
  max: PATH_BYTES_MAX,
  // biome-ignore lint/suspicious/noControlCharactersInRegex: as above.
  accept: /^(?!\/)(?!(?:.*\/)?\.{1,2}(?:\/|$))[^\u0000]+$/s,
});

/** Most versions that one version says it replaces. */
export const REPLACES_MAX = 1000;
const replaces = list(digest, REPLACES_MAX);

/** Most pieces of one version: about 4 TiB. Whoever looks at a file holds a line for each in memory. */
export const VERSION_PIECES_MAX = 1_048_576;
const extentList: Shape<readonly (readonly [blob: string, first: number, count: number])[]> = list(
  tuple(digest, integer({ max: BLOB_PIECES_MAX - 1 }), integer({ min: 1, max: BLOB_PIECES_MAX })),
  12_000,
);

/** Where a file's bytes are: a blob, the first of its pieces, and how many. */
export const extents: typeof extentList = (value, place) => {
  const read = extentList(value, place);
  const pieces = read.reduce((sum, [, , count]) => sum + count, 0);
  return pieces <= VERSION_PIECES_MAX ? read : refuse(place, `extents of at most ${VERSION_PIECES_MAX} pieces`); // check: size
};
export type Extents = Shaped<typeof extents>;

/** A blob's pieces in order: SHA-256 and size in bytes of each. */
export const pieces: Shape<readonly (readonly [digest: string, sizeBytes: number])[]> = list(
  tuple(digest, integer({ min: 1, max: PIECE_BYTES })),
  BLOB_PIECES_MAX,
);
export type Pieces = Shaped<typeof pieces>;

/** One operation on the file tree. SPEC.md §8. */
export const operation = variant("op", {
  /** Declares a blob: `blob` is the digest of salt and pieces. */
  blob: object({ op: oneOf("blob"), blob: digest, salt: hex(16), pieces }),
  /** Puts a node somewhere: makes, renames or moves it. `from` is the parent it left, null for a new node. */
  place: object({ op: oneOf("place"), node: nodeId, parent: parentId, name, from: nullable(parentId), path }),
  /** A file's contents. `replaces` names the changes whose versions of this node it replaces. */
  file: object({
    op: oneOf("file"),
    node: fileId,
    replaces,
    size: integer(),
    modified: integer({ min: -8.64e15, max: 8.64e15 }),
    executable: truth(),
    extents,
    path,
  }),
  /** A symbolic link's target, as text. */
  link: object({ op: oneOf("link"), node: linkId, replaces, target: text({ min: 1, max: 4096 }), path }),
  /** Hides what of the node and all below it lies in the causal past of its change. */
  delete: object({ op: oneOf("delete"), node: nodeId, path }),
  /** Lets a deleted node go for good, while nothing touches it that does not lie in the causal past of its change. */
  purge: object({ op: oneOf("purge"), node: nodeId, path }),
});
export type Operation = Shaped<typeof operation>;
export type BlobOperation = Extract<Operation, { op: "blob" }>;

/** Most operations in one change; the bound on the line usually comes first. */
export const OPERATIONS_MAX = 8192;
/** Most parents of one change. */
const PARENTS_MAX = 256;

/** A signed batch of operations on the file tree. SPEC.md §8. */
export const change = object({
  type: oneOf("conclave/v1/change"),
  group: digest,
  device: deviceKey,
  writer: writerId,
  number,
  previous: nullable(digest),
  head: digest,
  parents: list(digest, PARENTS_MAX),
  operations: list(operation, OPERATIONS_MAX),
  time,
});
export type Change = Shaped<typeof change>;
