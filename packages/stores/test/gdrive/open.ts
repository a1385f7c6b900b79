import type { ObjectStore, SqlDatabase } from "@conclave/core";
import { memoryDatabase } from "../../../core/test/support/sqlite.ts";
import { openDriveStore } from "../../src/gdrive.ts";
import { type VirtualTime, virtualTime } from "../http/virtual-time.ts";
import { ROOT, type SmallDrive } from "./small-drive.ts";

let origins = 0;

/** One account's store on a small Drive, in time of its own. */
export interface OpenedDrive {
  readonly store: ObjectStore;
  readonly time: VirtualTime;
  readonly cache: SqlDatabase;
}

export function openSmallDrive(
  drive: SmallDrive,
  options: {
    readonly account?: string;
    readonly cache?: SqlDatabase;
    readonly now?: () => number;
    readonly random?: () => number;
    readonly onForeign?: (name: string) => void;
    readonly renew?: () => Promise<string>;
    readonly time?: VirtualTime;
  } = {},
): OpenedDrive {
  const { account = "alice", cache = memoryDatabase(), now = () => Date.now(), onForeign } = options;
  const time = options.time ?? virtualTime(options.random);
  const store = openDriveStore({
    // An origin of its own: limits are shared by all who ask one.
    endpoints: { api: `https://drive-${++origins}.test` },
    auth: { token: async () => account, renew: options.renew ?? (async () => account) },
    folder: ROOT,
    fetch: drive.fetch,
    freshMs: 0,
    timing: time,
    cache,
    now,
    ...(onForeign && { onForeign }),
  });
  return { store, time, cache };
}
