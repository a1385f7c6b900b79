/**
 * What lies on the storage and is nobody's, as far as this device can tell: nothing of it is ever taken for the group's, but
 * people should know that somebody leaves things there.
 *
 * A member's file can look so for a moment: an object lies there before the record that says what it holds, the recipient of
 * a new key before the entry that names it. What is said of such a file leaves room for that, and none spoils a group.
 */
import { parseObjectKey } from "../../contents/object.ts";
import { CONCLAVE_JSON_KEY } from "../../group/conclave-json.ts";
import { parseDeletionKey } from "../../group/deletion.ts";
import { parseRecipientKey } from "../../group/epoch.ts";
import { audienceTag, parseGrantKey } from "../../group/grant.ts";
import { namedEpoch } from "../../group/log.ts";
import { parseNoticeKey } from "../../group/notice.ts";
import { parseRequestKey } from "../../group/request.ts";
import type { StoredObject } from "../../ports/store.ts";
import { parseRecordsKey } from "../../records/records-file.ts";
import type { EpochId } from "../../records/shapes.ts";
import { parseListingKey } from "../files/listing-due.ts";
import type { Problem } from "../problem.ts";
import { NOT_FOR_THIS_DEVICE } from "../reading/read-epochs.ts";
import type { Session } from "../session.ts";
import { everListed } from "../view.ts";
import { type Look, whyNoListing, whyNoNotice, whyNoRequest } from "./judge-sealed.ts";

/** Most files of one kind that are named: a stranger may drop any number. */
const FOREIGN_MAX = 100;

/** Names what is nobody's, of each kind up to a limit; of records files only those of an epoch that is nobody's. */
export async function foreignFiles(
  session: Session,
  options: { readonly listed: ReadonlyMap<string, StoredObject>; readonly signal?: AbortSignal },
): Promise<Problem[]> {
  const { listed, signal } = options;
  const problems: Problem[] = [];
  const named = new Map<string, number>();
  for (const stored of listed.values()) {
    signal?.throwIfAborted();
    const { kind, why } = judge({ session, stored, ...(signal ? { signal } : {}) });
    const count = named.get(kind) ?? 0;
    if (count > FOREIGN_MAX) continue; // check: size
    const detail = await why();
    if (detail === undefined) continue;
    named.set(kind, count + 1);
    problems.push(
      count < FOREIGN_MAX
        ? { code: "foreign", key: stored.key, detail }
        : { code: "foreign", detail: `there are more than ${FOREIGN_MAX} such files: ${kind}` },
    );
  }
  return problems;
}

/** What a file is by its name, and how to find out why it is not; that gives undefined for what may be the group's. */
interface Judged {
  readonly kind: string;
  readonly why: () => string | undefined | Promise<string | undefined>;
}

function judge(look: Look): Judged {
  const { key } = look.stored;
  const { log } = look.session.view;
  if (key === CONCLAVE_JSON_KEY) return { kind: key, why: () => undefined };
  const why = judgeByName(look);
  if (!why) return { kind: "no file of a group's", why: () => "no file of a group is called so" };
  const epoch = /^(?:epochs\/)?([0-9a-f]{64})[/.-]/.exec(key)?.[1];
  if (epoch !== undefined && !namedEpoch(log, epoch)) return { kind: "of an unknown key", why: () => OF_NO_EPOCH };
  return why;
}

const OF_NO_EPOCH =
  "of a key that no entry names which this device has read: a stranger's, or the key was changed just now";

/** By the form of its name; undefined if a group has no file of such a name. */
function judgeByName(look: Look): Judged | undefined {
  const { key } = look.stored;
  if (parseRecipientKey(key)) return { kind: "recipients", why: () => undefined };
  if (parseRecordsKey(key)) return { kind: "records", why: () => undefined };
  if (parseObjectKey(key)) return { kind: "objects", why: () => whyNoObject(look) };
  if (parseGrantKey(key)) return { kind: "grants", why: () => whyNoGrant(look) };
  if (parseDeletionKey(key)) return { kind: "deletions", why: () => whyNoDeletion(look) };
  if (parseRequestKey(key)) return { kind: "requests", why: () => whyNoRequest(look) };
  if (parseNoticeKey(key)) return { kind: "notices", why: () => whyNoNotice(look) };
  return parseListingKey(key) ? { kind: "listings", why: () => whyNoListing(look) } : undefined;
}

/** Of an epoch that this device cannot open it knows no locations. */
function whyNoObject({ session: { index, view }, stored: { key } }: Look): string | undefined {
  const { epoch = "", object = "" } = parseObjectKey(key) ?? {};
  if (!view.opened.has(epoch)) return undefined;
  const isPlaced = index.get("SELECT 1 FROM locations WHERE epoch = ? AND object = ?", epoch, object) !== undefined;
  if (isPlaced || index.get("SELECT 1 FROM puts WHERE key = ?", key) !== undefined) return undefined;
  return "no record says what it holds: a stranger's, or of a member who is just putting it, or was broken off at that";
}

/** Where an owner has deleted the group, nothing is verified any more. */
function whyNoDeletion({ session: { view }, stored: { key } }: Look): string | undefined {
  const { epoch = "" } = parseDeletionKey(key) ?? {};
  return view.opened.has(epoch) ? "no owner's word that the group is deleted" : undefined;
}

/** What came of reading a grant stands in the index; of one to another device only the name can be judged. */
function whyNoGrant({ session, stored: { key } }: Look): string | undefined {
  const { index, view, deviceKey } = session;
  const { epoch = "", audience = "" } = parseGrantKey(key) ?? {};
  const tagOf = (device: string) => audienceTag(epoch, { device });
  if (audience !== "all" && audience !== tagOf(deviceKey)) {
    if ([...everListed(view.log)].some((device) => tagOf(device) === audience)) return undefined;
    return "for no device that this one knows of: a stranger's, or somebody was let in just now";
  }
  const known = index.get<{ state: string; detail: string | null }>(
    "SELECT state, detail FROM files WHERE key = ?",
    key,
  );
  if (!known) return "a grant that this device has not looked at yet";
  if (known.state === "read") return undefined;
  // Each epoch has one grant to all. Where none was read, this may be it, from before this device came.
  const isPerhapsIt = known.detail === NOT_FOR_THIS_DEVICE && audience === "all" && !hasGrantToAll(session, epoch);
  return isPerhapsIt ? undefined : (known.detail ?? known.state);
}

function hasGrantToAll({ index }: Session, epoch: EpochId): boolean {
  const like = `epochs/${epoch}-all-%`;
  return index.get("SELECT 1 FROM files WHERE key LIKE ? AND state = 'read'", like) !== undefined;
}
