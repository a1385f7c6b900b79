/** A simulated group's folder on an emulated Google Drive: an account for each member, and weather on the way there. */
import { type ObjectStore, StoreError } from "@conclave/core";
import { type Answer, type Call, type Fault, startGoogle, virtualClock } from "@conclave/emulators";
import { openDatabase } from "@conclave/node";
import { findDriveFolder, openDriveStore } from "@conclave/stores";
import type { Account, SimulatedStorage } from "./storage.ts";

/** What befalls requests; nothing that real time would have to pass for. */
const WEATHER: readonly Fault[] = [
  { type: "error", status: 429, retryAfterSeconds: 2 },
  { type: "error", status: 503 },
  { type: "error", status: 403, reason: "userRateLimitExceeded" },
  { type: "reset-request", afterBytes: 30 },
  { type: "reset-response", afterBytes: 20 },
  { type: "truncate", afterBytes: 10 },
  { type: "lost-answer" },
  { type: "expire-token" },
];
/** Only reads are led elsewhere. */
const DETOUR = { on: ["files.get", "files.list", "files.download"], fault: { type: "redirect-origin" } } as const;
/** How probable each of them is for a request, by the story: some have good weather, some a storm. */
const CHANCES = [0, 0.02, 0.1];
const ACCOUNTS = 16;
/** A few listings are read in pages, too. */
const PAGE_MAX = 5;

export interface DriveStorageOptions {
  readonly seed: number;
  /** Sees every request with its answer. */
  readonly observe?: (call: Call, answer: Answer) => void;
}

export async function driveStorage({ seed, observe }: DriveStorageOptions): Promise<SimulatedStorage> {
  const clock = virtualClock(1_700_000_000_000);
  const google = await startGoogle({
    clock,
    seed,
    users: Array.from({ length: ACCOUNTS }, (_, number) => ({ email: emailOf({ number }) })),
    limits: { pageSizeMax: PAGE_MAX },
    ...(observe && { observe }),
  });
  const chance = CHANCES[seed % CHANCES.length] ?? 0;
  google.faults.add({ ...DETOUR, chance }, { fault: WEATHER, chance });
  const caches = new Map<string, ReturnType<typeof openDatabase>>();
  const accounts = new Set<string>();
  const everStored: { readonly key: string; readonly bytes: Uint8Array }[] = [];
  const timing = { now: clock.now, random: () => 1, pause: (milliseconds: number) => clock.sleep(milliseconds) };
  let writes = 0;
  let folder = "";

  function accessOf(email: string) {
    let token = google.signIn(email).accessToken;
    const renew = async (stale: string) => {
      if (stale === token) token = google.signIn(email).accessToken;
      return token;
    };
    return { auth: { token: async () => token, renew }, endpoints: { api: google.url }, timing };
  }

  /** One process of an account; the cache stays with the device. */
  function open(email: string, cacheOf: string): ObjectStore {
    const cache = caches.get(cacheOf) ?? openDatabase(":memory:");
    caches.set(cacheOf, cache);
    return openDriveStore({ ...accessOf(email), folder, cache, freshMs: 0, now: clock.now });
  }

  function lag(isLate: boolean): void {
    google.cloud.lag.listMs = isLate ? 10 * 60_000 : 0;
    google.cloud.lag.changesMs = isLate ? 60_000 : 0;
  }

  const founder = emailOf({ number: 1 });
  folder = await findDriveFolder(accessOf(founder), { name: "Group", create: true });
  const whole = open(founder, "whole");

  return {
    whole,
    settled: false,
    everStored,
    get now() {
      return writes;
    },
    async client(client) {
      const email = emailOf(client.account);
      if (!accounts.has(email) && email !== founder) await whole.sharing?.grant(email, "write");
      accounts.add(email);
      const store = open(email, client.name);
      return {
        ...store,
        async put(key, bytes, options) {
          everStored.push({ key, bytes: bytes.slice() });
          await store.put(key, bytes, options);
        },
      };
    },
    tick() {
      writes += 1;
      clock.advance(1_000);
    },
    wait: (milliseconds) => clock.advance(milliseconds),
    lag,
    async withdraw(by, from) {
      const { sharing } = open(emailOf(by), by.name);
      // An admin whose own access is gone can give and take nothing.
      await sharing?.withdraw(emailOf(from)).catch((error: unknown) => {
        if (!(error instanceof StoreError)) throw error;
      });
    },
    async calm() {
      google.faults.clear();
      lag(false);
      for (const email of accounts) if (email !== founder) await whole.sharing?.grant(email, "write");
    },
    objections: () => doubles(google),
    async close() {
      await google.close();
      for (const cache of caches.values()) cache.close();
    },
  };
}

function emailOf({ number }: Pick<Account, "number">): string {
  return `member-${number}@example.org`;
}

/** Objects that lie in the folder twice: each is put by one device, under a name that nobody else uses. */
function doubles({ cloud }: Awaited<ReturnType<typeof startGoogle>>): string[] {
  const seen = new Set<string>();
  return [...cloud.items.values()].flatMap((item) => {
    const name = `${item.parentId}/${item.name}`;
    const isDouble = item.parentId !== undefined && name.endsWith(".age") && seen.has(name);
    seen.add(name);
    return isDouble ? [`${item.name} lies there twice`] : [];
  });
}
