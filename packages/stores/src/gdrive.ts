/** Groups in a folder of Google Drive. Runs in browsers too. */
import type { ObjectStore, PlainFiles, SqlDatabase } from "@conclave/core";
import type { DriveClientOptions } from "./gdrive/calls.ts";
import { DriveClient } from "./gdrive/client.ts";
import { findFolder } from "./gdrive/folders.ts";
import { drivePlainFiles } from "./gdrive/plain-files.ts";
import { driveStore } from "./gdrive/store.ts";
import { DriveTree } from "./gdrive/tree.ts";

export type { DriveEndpoints } from "./gdrive/calls.ts";
export type { Authorization } from "./http/resilient.ts";
export type { Timing } from "./http/timing.ts";

/** How to reach Drive: who signs in, and where it is (default: Google). */
export type DriveAccess = DriveClientOptions;

export interface DriveStoreOptions extends DriveAccess {
  /** The id of the folder, in My Drive, shared with this account, or in a shared drive. Not trusted. */
  readonly folder: string;
  /**
   * Where names and ids that were listed are remembered, so that catching up costs what has changed. For one account alone;
   * tables that begin with `drive_` are made in it. It can be lost at any time.
   */
  readonly cache: SqlDatabase;
  /** How old what a listing shows may be, in milliseconds; default 2,000. */
  readonly freshMs?: number;
  /** Milliseconds since 1970; default the system's clock. */
  readonly now?: () => number;
  /** Told, while listing, of what lies there and is no object: as Drive has it, not fit for a terminal. */
  readonly onForeign?: ((name: string) => void) | undefined;
}

const FRESH_MS = 2_000;

/**
 * Opens the store in a folder of Drive. Nothing is asked of Drive before the first call.
 *
 * Several files of one name are read as one, and several folders too. Of several files whose name holds a digest the one that
 * has it is read; else the oldest.
 */
export function openDriveStore(options: DriveStoreOptions): ObjectStore {
  const { folder, cache, freshMs = FRESH_MS, now = Date.now, onForeign } = options;
  return driveStore({
    client: new DriveClient(options),
    tree: new DriveTree(cache, folder),
    freshMs,
    now,
    onForeign,
    ...(options.timing && { monotonic: options.timing.now }),
  });
}

/**
 * The id of the folder of that name in My Drive; the oldest, if there are several.
 *
 * @param options.create - Makes it if there is none.
 * @throws StoreError `not-found` if there is none; else as any call.
 */
export async function findDriveFolder(
  access: DriveAccess,
  options: { readonly name: string; readonly create: boolean; readonly signal?: AbortSignal },
): Promise<string> {
  return findFolder(new DriveClient(access), options);
}

/**
 * The plain files in a folder of Drive.
 *
 * @param folder - Its id.
 * @throws ConclaveError `conflict` if a group lies in it or in a folder above it, `not-found` if there is no such folder.
 */
export function openDrivePlainFiles(access: DriveAccess, folder: string): Promise<PlainFiles> {
  return drivePlainFiles(new DriveClient(access), folder);
}
