/** Requests, notices and listings that may be nobody's: they are fetched and opened to tell. */
import { ConclaveError } from "../../errors.ts";
import { openDeviceRequest } from "../../group/device-request.ts";
import { NOTICE_BYTES_MAX, parseNoticeKey } from "../../group/notice.ts";
import { openRequest, parseRequestKey, REQUEST_BYTES_MAX } from "../../group/request.ts";
import { getIfThere, STORED_BYTES_MAX, type StoredObject } from "../../ports/store.ts";
import { parseListingKey } from "../files/listing-due.ts";
import { openListing } from "../files/open-listing.ts";
import { judgeNotice } from "../reading/judge-notice.ts";
import type { Session } from "../session.ts";
import { everListed } from "../view.ts";

/** One listed file, looked at by a session. */
export interface Look {
  readonly session: Session;
  readonly stored: StoredObject;
  readonly signal?: AbortSignal;
}

/** Why a request is nobody's; undefined if it is somebody's, or gone meanwhile. */
export async function whyNoRequest(look: Look): Promise<string | undefined> {
  const name = parseRequestKey(look.stored.key);
  if (!name) return undefined;
  const { crypto, group, view } = look.session;
  return refusal(look, REQUEST_BYTES_MAX, async (bytes) => {
    for (const epoch of view.opened.values()) {
      for (const open of [openRequest, openDeviceRequest]) {
        if (await isDone(open(crypto, { group, name, bytes: bytes.slice(), epoch }))) return undefined;
      }
    }
    return "a join request that opens with no key of the group's which this device holds";
  });
}

/** Why a notice is nobody's. One that builds on what has not arrived may be the group's, as may one that cannot be opened. */
export async function whyNoNotice(look: Look): Promise<string | undefined> {
  const { session, stored } = look;
  const name = parseNoticeKey(stored.key);
  const epoch = name && session.view.opened.get(name.epoch);
  if (!name || !epoch) return undefined;
  return refusal(look, NOTICE_BYTES_MAX, async (bytes) => {
    const { verdict } = await judgeNotice(session, { name, bytes, epoch });
    return verdict === "foreign" ? "a notice that ends nothing" : undefined;
  });
}

/** Why a listing is nobody's: stock tools, which check no signatures, would take it for the group's. */
export async function whyNoListing(look: Look): Promise<string | undefined> {
  const { session, stored } = look;
  const name = parseListingKey(stored.key);
  const epoch = name && session.view.opened.get(name.epoch);
  if (!name || !epoch) return undefined;
  return refusal(look, STORED_BYTES_MAX, async (bytes) => {
    const start = await openListing(session.crypto, { name, bytes, epoch, group: session.group });
    return everListed(session.view.log).has(start.device) ? undefined : "a listing that no member has signed";
  });
}

/** Fetches a file, and says why it is nobody's: what `judge` says, or why that refuses it. */
async function refusal(
  { session, stored, signal }: Look,
  bytesMax: number,
  judge: (bytes: Uint8Array<ArrayBuffer>) => Promise<string | undefined>,
): Promise<string | undefined> {
  if (stored.size > bytesMax) return "larger than any file of its kind"; // check: size
  const bytes = await getIfThere(session.store, stored.key, { length: bytesMax + 1, ...(signal ? { signal } : {}) });
  if (!bytes) return undefined;
  try {
    return await judge(bytes);
  } catch (error) {
    if (!(error instanceof ConclaveError)) throw error;
    return error.message;
  }
}

/** Whether some work was not refused. */
async function isDone(work: Promise<unknown>): Promise<boolean> {
  try {
    await work;
    return true;
  } catch (error) {
    if (!(error instanceof ConclaveError)) throw error;
    return false;
  }
}
