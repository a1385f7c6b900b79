/** Join requests: who asks to come in, and who was refused. SPEC.md §7. */
import { ConclaveError } from "../../errors.ts";
import { type AskingVerdict, judgeAsking } from "../../group/asking.ts";
import {
  type Asking,
  openRequest,
  parseRequestKey,
  REQUEST_BYTES_MAX,
  REQUESTS_FOLDER,
  type RequestName,
  sealRequest,
} from "../../group/request.ts";
import type { SignedCard } from "../../identity/card.ts";
import { listStored } from "../../ports/list-stored.ts";
import { getIfThere } from "../../ports/store.ts";
import { isDecided } from "../reading/decided.ts";
import { isUpdateNeeded } from "../reading/update-needed.ts";
import type { Session } from "../session.ts";
import { requireCurrent } from "../writing/publish.ts";
import { unlessUnwritable } from "../writing/unwritable.ts";
import { type FetchedRequest, sealDeviceRequestAnew } from "./device-requests.ts";
import { grantToListed } from "./missing-grant.ts";
import { owedNow } from "./owed-removals.ts";

/** Most requests that are looked at: a stranger may leave any number. */
const REQUESTS_MAX = 500;

export interface JoinRequest {
  /** As it stands in the request's name. */
  readonly id: string;
  readonly key: string;
  readonly card: SignedCard;
  readonly state: "waiting" | "invited" | "refused";
  /** How it was judged; of a refused one, why. */
  readonly verdict: AskingVerdict;
  /** What an invitation's key has signed, where the request is by an invitation. */
  readonly invited: Asking["invited"];
  /** When the storage says that it was put, milliseconds since 1970; not trusted. */
  readonly at: number;
}

/** Everybody who asks and is no member; requests that were answered are cleared away. */
export async function listRequests(
  session: Session,
  options: { readonly signal?: AbortSignal } = {},
): Promise<JoinRequest[]> {
  const found = new Map<string, JoinRequest>();
  let looked = 0;
  for await (const { key, size, stored } of listStored(session.store, REQUESTS_FOLDER, options)) {
    const name = parseRequestKey(key);
    if (!name || size > REQUEST_BYTES_MAX || looked++ >= REQUESTS_MAX) continue; // check: size
    const fetched = await fetchOne(session, { key, name, ...options });
    const opened = fetched && (await openOne(session, fetched));
    if (!opened) {
      if (fetched && !isReadOnly(session)) await unlessUnwritable(() => sealDeviceRequestAnew(session, fetched));
      continue;
    }
    const { card, invited } = opened.asking;
    const verdict = judgeAsking(session.view.state, opened.asking, session.clock.now());
    const { state } = verdict;
    if (state !== "member") {
      found.set(name.id, { id: name.id, key, card, state, verdict, invited, at: stored.getTime() });
    }
    if (isReadOnly(session)) continue;
    await unlessUnwritable(async () => {
      if (state === "member") await clearAnswered(session, { key, opened, ...options });
      else if (opened.epoch !== session.view.current.epoch) {
        await sealAnew(session, { key, asking: opened.asking, ...options });
      }
    });
  }
  return [...found.values()].sort((left, right) => left.at - right.at);
}

/** Whether nothing may be put or cleared away now. */
function isReadOnly(session: Session): boolean {
  const { opened, current } = session.view;
  const canSeal = opened.has(current.epoch) && owedNow(session).length === 0;
  return !canSeal || !isDecided(session) || isUpdateNeeded(session);
}

async function fetchOne(
  session: Session,
  options: { readonly key: string; readonly name: RequestName; readonly signal?: AbortSignal },
): Promise<FetchedRequest | undefined> {
  const { key, signal } = options;
  const bytes = await getIfThere(session.store, key, { length: REQUEST_BYTES_MAX + 1, ...(signal ? { signal } : {}) });
  return bytes && { ...options, bytes };
}

interface Opened {
  readonly asking: Asking;
  readonly epoch: string;
}

async function openOne(session: Session, { name, bytes }: FetchedRequest): Promise<Opened | undefined> {
  for (const epoch of [...session.view.opened.values()].reverse()) {
    try {
      const asking = await openRequest(session.crypto, { group: session.group, name, bytes: bytes.slice(), epoch });
      return { asking, epoch: epoch.epoch };
    } catch (error) {
      if (!(error instanceof ConclaveError)) throw error;
    }
  }
  return undefined;
}

/** What a member's request asked for has come. One in the current epoch is of a device that lacks a grant: that first. */
async function clearAnswered(
  session: Session,
  options: { readonly key: string; readonly opened: Opened; readonly signal?: AbortSignal },
): Promise<void> {
  const { key, opened, signal } = options;
  const call = signal ? { signal } : {};
  const device = opened.asking.card.card.device.verifyingKey;
  const isCurrent = opened.epoch === session.view.current.epoch;
  if (isCurrent && !(await grantToListed(session, { device, ...call }))) return;
  await session.store.delete(key, call);
}

/** A request of an ended epoch is sealed to the newest one, so that who was removed since cannot read it. */
async function sealAnew(
  session: Session,
  options: { readonly key: string; readonly asking: Asking; readonly signal?: AbortSignal },
): Promise<void> {
  const { key, asking, signal } = options;
  const call = signal ? { signal } : {};
  const { recipient } = requireCurrent(session);
  const request = await sealRequest(session.crypto, { group: session.group, asking, recipient });
  await session.store.put(request.key, request.bytes, call);
  await session.store.delete(key, call);
}

/** The request that somebody means: by its id or the beginning of it, by fingerprint, or by name if only one has it. */
export function findRequest(requests: readonly JoinRequest[], wanted: string): JoinRequest {
  const plain = wanted.toLowerCase().replace(/[\s-]/g, "");
  const byId = requests.filter(
    ({ id, card }) => plain.length >= 8 && (id.startsWith(plain) || card.member.startsWith(plain)),
  );
  const found = byId.length > 0 ? byId : requests.filter(({ card }) => card.card.name === wanted);
  const [only] = found;
  if (only && found.length === 1) return only;
  const what = found.length === 0 ? "no join request fits" : "several join requests fit; name one by its id";
  throw new ConclaveError(`${what}: ${wanted}`, { code: "not-found" });
}
