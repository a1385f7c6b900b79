/**
 * Letting contents go: when a device may leave purged blobs behind at a re-encryption, so that they are deleted with the old
 * epoch. Slowly, and by more than one editor's word, because what is deleted comes back for nobody. SPEC.md §10.
 */
import { isAtLeast, memberOfDevice } from "../group/state.ts";
import { type Purge, purgedBlobs, purges } from "../tree/purges.ts";
import { expected, isVoidForGood } from "./reading/verdicts.ts";
import type { Session } from "./session.ts";

/** So long a purge holds without a break, by this device's own clock, before bytes go: time to see it, and to object. */
const PURGE_MS: number = 30 * 24 * 3600 * 1000;

/** Remembers since when each purge has held here; one that was undone starts anew, and what a clock that was ahead noted, now. */
export function notePurges({ index, clock }: Session): void {
  const now = clock.now();
  index.transaction(() => {
    const holding = JSON.stringify(purges(index).map(({ node, change }) => [node, change]));
    const pairs = "SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]') FROM json_each(?1)";
    index.run(`DELETE FROM purges WHERE (node, change) NOT IN (${pairs})`, holding);
    index.run("UPDATE purges SET seen = ?1 WHERE seen > ?1", now);
    index.run(`INSERT OR IGNORE INTO purges(node, change, seen) SELECT *, ?2 FROM (${pairs})`, holding, now);
  });
}

/** Blobs that nothing refers to but versions of purged nodes, and what will never count: their ids, each with those nodes. */
export function purgedContents(session: Session): Map<string, ReadonlySet<string>> {
  return purgedBlobs(session.index, { isVoid: (change) => isVoidForGood(session, change) });
}

/**
 * Blobs that may go: all that refers to them is purged, has been for thirty days, and by the word of an admin or of two
 * members. Nothing goes while records are awaited that could refer to it.
 */
export function lettingGo(session: Session): ReadonlySet<string> {
  const blobs = purgedContents(session);
  if (blobs.size === 0 || expected(session).length > 0) return new Set();
  const words = Map.groupBy(lastingPurges(session), ({ node }) => node);
  const mayGo = (node: string) => hasWord(session, words.get(node) ?? []);
  return new Set([...blobs].filter(([, nodes]) => [...nodes].every(mayGo)).map(([blob]) => blob));
}

function lastingPurges({ index, clock }: Session): Purge[] {
  const old = index.all<{ node: string; change: string }>(
    "SELECT node, change FROM purges WHERE seen <= ?",
    clock.now() - PURGE_MS,
  );
  const lasting = new Set(old.map(({ node, change }) => `${node} ${change}`));
  return purges(index).filter(({ node, change }) => lasting.has(`${node} ${change}`));
}

/** Whether those who purged may decide it, by what they are now: one editor alone could destroy what others wrote. */
function hasWord({ view }: Session, words: readonly Purge[]): boolean {
  const members = new Map(
    words.map(({ device }) => memberOfDevice(view.state, device)).map((each) => [each?.id, each]),
  );
  const editors = [...members.values()].filter((each) => each !== undefined && isAtLeast(each.role, "editor"));
  return editors.length > 1 || editors.some((each) => each !== undefined && isAtLeast(each.role, "admin")); // check: role
}
