/** One group that is kept going: round after round, until it is told to stop. */
import type { KnownGroup } from "@conclave/node";
import type { Context } from "../context.ts";
import { explain, type ShownError } from "../errors.ts";
import type { Person } from "../identity/person.ts";
import { reportTo, type ServeEvent } from "./events.ts";
import { nextRound } from "./next-round.ts";
import { newMemory, serveRound } from "./round.ts";

interface Served {
  readonly person: Person;
  readonly group: KnownGroup;
  /** Between rounds; undefined for what suits the storage. */
  readonly seconds: number | undefined;
}

const FOLDER_SECONDS = 5;
const CLOUD_SECONDS = 60;
/** Longest wait while the storage cannot be reached. */
const OUTAGE_SECONDS = 300;

/** Errors after which there is nothing left to serve. */
const FINAL: ReadonlySet<string> = new Set(["removed", "deleted", "not-a-member", "unsupported"]);

/**
 * Serves one group until `context.signal` says stop.
 *
 * @returns The exit code: 0 when it was told to stop, that of the error if the group is no more for this person.
 */
export async function serveGroup(context: Context, { person, group, seconds }: Served): Promise<number> {
  const report = reportTo(context, group.name);
  const usual = seconds ?? (group.store.startsWith("file:") ? FOLDER_SECONDS : CLOUD_SECONDS);
  const memory = newMemory();
  report({ event: "serving", every: usual });
  let trouble: ShownError | undefined;
  let failures = 0;
  while (!context.signal.aborted) {
    const error = await failureOf(context, () => serveRound(context, { person, group, memory, report }));
    if (context.signal.aborted) break;
    sayTrouble(report, { before: trouble, now: error });
    if (error && FINAL.has(error.code)) return error.exit;
    failures = error ? failures + 1 : 0;
    trouble = error;
    const wait = Math.min(usual * 2 ** failures, Math.max(OUTAGE_SECONDS, usual));
    await nextRound({ url: group.store, seconds: wait, signal: context.signal });
  }
  report({ event: "stopped" });
  return 0;
}

/** What a round failed with; a defect of this program is thrown on, as it is nothing to wait for. */
async function failureOf(context: Context, round: () => Promise<void>): Promise<ShownError | undefined> {
  try {
    await round();
    return undefined;
  } catch (error) {
    const shown = explain(error);
    if (shown.code === "internal" && !context.signal.aborted) throw error;
    return shown;
  }
}

/** Trouble is said once, and once more when it is over. */
function sayTrouble(
  report: (event: ServeEvent) => void,
  { before, now }: { readonly before: ShownError | undefined; readonly now: ShownError | undefined },
): void {
  // A folder that is gone has one code when it is opened and another when it is listed; the words are the same.
  if (now && before?.message !== now.message) {
    report({ event: "trouble", code: now.code, message: now.message, hint: now.hint });
  }
  if (!now && before) report({ event: "back" });
}
