/** From the address of a storage to a store: signed in, where the storage asks for that. */
import { createHash } from "node:crypto";
import { type ObjectStore, type PlainFiles, StoreError } from "@conclave/core";
import { type DriveAccess, openDrivePlainFiles, openStore, resolveStoreAddress } from "@conclave/stores";
import { openPlainFolder } from "./files/plain-files.ts";
import { accessTo } from "./sign-in/access.ts";
import { type Account, findAccount } from "./sign-in/accounts.ts";
import { googleEndpoints } from "./sign-in/google.ts";
import { openDatabase } from "./sqlite.ts";
import type { Unlocked } from "./unlocked.ts";

/** Where a group lies, and by which account this machine reaches it. */
export interface StorePlace {
  /** URL of the store, as this machine reaches it. */
  readonly store: string;
  /** Which account, where the store is a cloud's and there are several. */
  readonly account?: string | undefined;
}

/** A store with what has to be closed after it. */
export type GroupStore = ObjectStore & Disposable;

/**
 * Opens the store behind a URL. What is not connected now may be so later, therefore that is `unavailable`.
 *
 * @throws StoreError as the store; ConclaveError for a URL that nothing can be opened with; SignInError.
 */
export async function openGroupStore(
  unlocked: Unlocked,
  place: StorePlace,
  options: { readonly settled: boolean; readonly create?: boolean },
): Promise<GroupStore> {
  if (isDrive(place.store)) return openDrive(unlocked, place);
  try {
    return Object.assign(await openStore(place.store, options), { [Symbol.dispose]: () => undefined });
  } catch (error) {
    if (!(error instanceof StoreError) || error.code !== "not-found") throw error;
    throw new StoreError(error.message, { code: "unavailable", cause: error });
  }
}

/**
 * The place by which everybody reaches the same storage, and by which account this machine does: `gdrive:NAME` is looked
 * for in that account, or made.
 */
export async function resolvePlace(
  unlocked: Unlocked,
  place: StorePlace,
  options: { readonly create: boolean; readonly signal?: AbortSignal },
): Promise<StorePlace> {
  if (!isDrive(place.store)) return { store: place.store };
  const { account, access } = await driveAccess(unlocked, place);
  return { store: await resolveStoreAddress(place.store, { ...options, drive: access }), account: account.account };
}

/**
 * Opens plain files that lie on a storage: in a folder, or in a folder of a cloud.
 *
 * @param place.store - As people give it; a relative path from `folder`.
 * @throws as {@link openPlainFolder} and `openDrivePlainFiles`; SignInError.
 */
export async function openPlainFiles(
  unlocked: Unlocked,
  place: StorePlace,
  { folder, signal }: { readonly folder: string; readonly signal?: AbortSignal },
): Promise<PlainFiles> {
  if (!isDrive(place.store)) return openPlainFolder(place.store, { folder });
  const { access } = await driveAccess(unlocked, place);
  const options = { create: false, drive: access, ...(signal ? { signal } : {}) };
  const store = await resolveStoreAddress(place.store, options);
  return openDrivePlainFiles(access, store.slice("gdrive:id=".length));
}

/** Whether a URL is of a cloud that one signs in to. */
export function isDrive(store: string): boolean {
  return store.startsWith("gdrive:");
}

async function openDrive(unlocked: Unlocked, place: StorePlace): Promise<GroupStore> {
  const closing = new AbortController();
  const { account, access } = await driveAccess(unlocked, place, closing.signal);
  const cache = openDatabase(unlocked.home.driveCache(cacheName(account, place)));
  try {
    const store = await openStore(place.store, { settled: true, drive: { ...access, cache } });
    const close = (): void => {
      closing.abort();
      cache.close();
    };
    return Object.assign(store, { [Symbol.dispose]: close });
  } catch (error) {
    cache.close();
    throw error;
  }
}

/** What a folder holds looks different to each account. */
function cacheName(account: Account, { store }: StorePlace): string {
  return createHash("sha256").update(`${account.account.toLowerCase()}\n${store}`).digest("hex").slice(0, 32);
}

async function driveAccess(
  unlocked: Unlocked,
  place: StorePlace,
  closing?: AbortSignal,
): Promise<{ readonly account: Account; readonly access: DriveAccess }> {
  const { google = googleEndpoints() } = unlocked;
  const account = await findAccount(unlocked.home, "gdrive", place.account);
  const signals = [unlocked.signal, closing].filter((each) => each !== undefined);
  const signal = AbortSignal.any(signals);
  const auth = accessTo(unlocked, { account, google, signal });
  const { api, writesPerSecond } = google;
  const { onSilence } = unlocked;
  return { account, access: { auth, signal, onSilence, endpoints: { api, writesPerSecond } } };
}
