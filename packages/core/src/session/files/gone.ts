/** What was let go for good and is not stored any more: it cannot come back, and nobody should be told that it has. */
import { objectKey } from "../../contents/object.ts";
import { ConclaveError } from "../../errors.ts";
import { getIfThere } from "../../ports/store.ts";
import type { Operation } from "../../records/change.ts";
import { pathOf } from "../../tree/stored-node.ts";
import { versionsOf } from "../../tree/versions-of.ts";
import { purgedContents } from "../let-go.ts";
import type { Session } from "../session.ts";
import { locationsOf } from "./blob-sources.ts";

interface SignalOption {
  readonly signal?: AbortSignal;
}

/**
 * Makes sure that what these operations bring back is stored still. Only what is purged is looked for: nothing else is ever
 * let go.
 *
 * @throws ConclaveError `not-found`, naming what is gone.
 */
export async function requireStored(
  session: Session,
  { operations, signal }: SignalOption & { readonly operations: readonly Operation[] },
): Promise<void> {
  const purged = purgedContents(session);
  if (purged.size === 0) return;
  for (const [node, blobs] of broughtBack(session, operations)) {
    for (const blob of blobs) {
      if (!purged.has(blob) || (await isStored(session, { blob, ...(signal ? { signal } : {}) }))) continue;
      const what = `${pathOf(session.index, node)} was deleted for good, and its contents are not stored any more`;
      throw new ConclaveError(`${what}: only a copy that somebody has downloaded brings them back`, {
        code: "not-found",
      });
    }
  }
}

/** The blobs of what becomes current, by node. */
function broughtBack(session: Session, operations: readonly Operation[]): Map<string, readonly string[]> {
  const placed = operations.flatMap((each) => (each.op === "place" ? [each.node] : []));
  const current = versionsOf(session.index, placed).filter((each) => each.current);
  const chosen = operations.filter((each) => each.op === "file");
  return new Map([...current, ...chosen].map(({ node, extents }) => [node, extents.map(([blob]) => blob)]));
}

async function isStored(
  session: Session,
  { blob, signal }: SignalOption & { readonly blob: string },
): Promise<boolean> {
  for (const { epoch, object } of locationsOf(session, blob)) {
    if (!session.view.opened.has(epoch)) continue;
    const key = objectKey(epoch, object);
    if (await getIfThere(session.store, key, { length: 1, ...(signal ? { signal } : {}) })) return true;
  }
  return false;
}
