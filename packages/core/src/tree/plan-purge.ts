/** Which operations let things go for good. Each names one node; what its author has not seen of it is not meant. */
import { ConclaveError } from "../errors.ts";
import type { SqlDatabase } from "../ports/sql.ts";
import type { Operation } from "../records/change.ts";
import type { NameOf } from "./names.ts";
import { planDelete } from "./plan.ts";
import { pathOf } from "./stored-node.ts";
import { trash, trashedWith } from "./trash.ts";

/**
 * The operations that delete what is at a path, past the trash, with all below it that is not in the trash already.
 *
 * @throws ConclaveError `not-found`, `conflict` for one of several versions that are shown apart.
 */
export function planPurge(db: SqlDatabase, path: string, options: { readonly nameOf?: NameOf } = {}): Operation[] {
  const deletes = planDelete(db, path, options);
  const nodes = deletes.flatMap((each) => {
    if (each.op === "delete") return allBelow(db, each.node);
    throw new ConclaveError(`${path} is one of several versions of a file: choose one of them first`, {
      code: "conflict",
    });
  });
  return [...deletes, ...nodes.map((node) => purgeOf(db, node))];
}

/**
 * The operations that purge all that the trash lists.
 *
 * @param options.purged - What others have purged, instead: so that there is a second word.
 */
export function planEmptyTrash(db: SqlDatabase, options: { readonly purged?: boolean } = {}): Operation[] {
  const nodes = trash(db, options).flatMap(({ node }) => trashedWith(db, node).map((each) => each.node));
  return [...new Set(nodes)].map((node) => purgeOf(db, node));
}

function purgeOf(db: SqlDatabase, node: string): Operation {
  return { op: "purge", node, path: pathOf(db, node) };
}

function allBelow(db: SqlDatabase, node: string): string[] {
  return db
    .all<{ key: string }>(
      `WITH RECURSIVE below (id) AS (
         SELECT id FROM tree_node WHERE key = ?
         UNION ALL
         SELECT n.id FROM below JOIN tree_node n ON n.parent = below.id AND n.deleted IS NULL
       )
       SELECT n.key FROM below JOIN tree_node n ON n.id = below.id`,
      node,
    )
    .map(({ key }) => key);
}
