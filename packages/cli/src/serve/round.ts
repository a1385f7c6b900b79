/** One round of serving: what every command does in passing, the requests, and what is left to re-encrypt. */
import {
  catchUp,
  isReencryptionLeft,
  isSettled,
  type JoinRequest,
  listRequests,
  reencrypt,
  remaining,
  type Session,
} from "@conclave/core";
import { type KnownGroup, openGroup } from "@conclave/node";
import { processBudget } from "../budget.ts";
import type { Context } from "../context.ts";
import type { Person } from "../identity/person.ts";
import type { ServeEvent } from "./events.ts";

/** What was said and tried in earlier rounds, so that nothing is said twice. */
export interface Memory {
  readonly requests: Set<string>;
  /** As what was left stood after the last try: a folder that may not be emptied yet is not tried again and again. */
  left: string;
}

export function newMemory(): Memory {
  return { requests: new Set(), left: "" };
}

interface Round {
  readonly person: Person;
  readonly group: KnownGroup;
  readonly memory: Memory;
  readonly report: (event: ServeEvent) => void;
}

/** Opens the group anew each time: what another process of this home did since is then known. */
export async function serveRound(context: Context, { person, group, memory, report }: Round): Promise<void> {
  const { signal } = context;
  const opened = await openGroup(person, { group, acceptRollback: context.options.acceptRollback });
  const { session } = opened;
  try {
    await catchUp(session, { signal, onNews: (news) => report({ event: news.kind, news }) });
    for (const request of await listRequests(session, { signal })) sayRequest(request, { memory, report });
    await finishReencryption(session, { memory, report, signal });
  } finally {
    opened.close();
  }
}

function sayRequest(request: JoinRequest, { memory, report }: Pick<Round, "memory" | "report">): void {
  const { key, verdict } = request;
  if (verdict.state === "member" || verdict.state === "invited") return;
  const said = `${key} ${verdict.state}`;
  if (memory.requests.has(said)) return;
  memory.requests.add(said);
  report({ event: verdict.state === "refused" && verdict.removed ? "unauthorised" : "request", request });
}

async function finishReencryption(
  session: Session,
  { memory, report, signal }: Pick<Round, "memory" | "report"> & { readonly signal: AbortSignal },
): Promise<void> {
  const role = session.view.me?.role;
  if (role === undefined || role === "viewer" || !isReencryptionLeft(session)) return;
  if (memory.left === leftNow(session)) return;
  const done = await reencrypt(session, { budget: processBudget(), signal });
  memory.left = leftNow(session);
  const { reencrypted, remaining: left } = done;
  report({ event: "reencrypted", reencrypted, remaining: left });
}

/** Changes with the epoch, with what is left, and once the storage's lag has passed. */
function leftNow(session: Session): string {
  const { objects, bytes } = remaining(session);
  return `${session.view.current.epoch} ${objects} ${bytes} ${isSettled(session)}`;
}
