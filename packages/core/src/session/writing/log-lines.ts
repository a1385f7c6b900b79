/** What of the log travels in grants. */
import { type Log, type LogNode, pathTo } from "../../group/log.ts";
import type { RecordDigest } from "../../records/shapes.ts";
import { encodeSignedLine, type SignedLine } from "../../records/signed-line.ts";

/** Up to this many bytes of log a grant carries entries of other branches than the followed one. SPEC.md §7. */
export const GRANT_LOG_BYTES_AIM: number = 16 * 1024 * 1024;

/**
 * The log as grants carry it: every entry that counts somewhere, each after its parent, the first entry first. Of branches
 * that are not followed only what there is room for: nobody may shut a group by what they sign in old places. Who opens the
 * grant finds the rest among the records.
 */
export function logLines(log: Log, head: RecordDigest): SignedLine[] {
  const followed = new Set(pathTo(log, head));
  const nodes = [...log.nodes.values()].sort(
    (left, right) => left.state.height - right.state.height || (left.digest < right.digest ? -1 : 1),
  );
  let room = GRANT_LOG_BYTES_AIM - bytesOf([...followed]);
  const left = new Set<RecordDigest>();
  return nodes.flatMap((node) => {
    if (!followed.has(node)) {
      room -= bytesOf([node]);
      if (room < 0 || left.has(node.parent ?? "")) {
        left.add(node.digest);
        return [];
      }
    }
    return [node.verified.signed];
  });
}

function bytesOf(nodes: readonly LogNode[]): number {
  return nodes.reduce((sum, { verified }) => sum + encodeSignedLine(verified.signed).length, 0);
}
