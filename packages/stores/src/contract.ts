/** What every store holds to before it touches its storage: keys, sizes, ranges and lags, checked alike in all of them. */
import {
  type GetOptions,
  type ListOptions,
  STORE_KEY,
  STORED_BYTES_MAX,
  StoreError,
  type StoreTraits,
} from "@conclave/core";

const DAY_SECONDS = 24 * 60 * 60;

/** Refuses a key that is not of the accepted form, with `invalid-key`: no store may ever turn it into a place of its own. */
export function requireKey(key: string): void {
  if (!STORE_KEY.test(key)) throw invalidKey("key", key); // check: key
}

/** Refuses what cannot be a folder of keys; "" stands for all of them. */
export function requireFolder(folder: string): void {
  if (folder !== "" && !STORE_KEY.test(folder)) throw invalidKey("folder", folder); // check: key
}

/** Refuses with `too-large` what no store has to take. */
export function requireStorable(key: string, sizeBytes: number): void {
  if (sizeBytes <= STORED_BYTES_MAX) return; // check: size
  throw tooLarge("store", key, sizeBytes);
}

/**
 * Which bytes of an object of `sizeBytes` a call asks for; empty at or beyond its end.
 *
 * Refuses with `too-large` what would take more memory than any object that is ours.
 */
export function rangeOf(key: string, sizeBytes: number, options: GetOptions = {}): { start: number; length: number } {
  const start = Math.min(options.offset ?? 0, sizeBytes);
  const length = Math.min(options.length ?? sizeBytes, sizeBytes - start);
  if (length <= STORED_BYTES_MAX) return { start, length }; // check: size
  throw tooLarge("read", key, length);
}

/** Refuses a range that is no range: a defect of the caller. */
export function requireRange(options: GetOptions = {}): void {
  for (const value of [options.offset ?? 0, options.length ?? 0]) {
    if (!Number.isSafeInteger(value) || value < 0) throw new RangeError(`cannot read a range at ${value}`);
  }
}

/** Whether a listing of `folder` shows a key: what begins alike (`ab` and `abc/x`) is not below it. */
export function isListed(key: string, folder: string, options: ListOptions = {}): boolean {
  const prefix = folder === "" ? "" : `${folder}/`;
  return key.startsWith(prefix) && !(options.shallow === true && key.includes("/", prefix.length));
}

/** The traits of a storage that a sync client may carry: nothing is late where nothing carries it, else a day may pass. */
export function traitsOf(options: {
  readonly settled: boolean;
  readonly lagSeconds?: number | undefined;
}): StoreTraits {
  return { settled: options.settled, lagSeconds: options.lagSeconds ?? (options.settled ? 0 : DAY_SECONDS) };
}

function tooLarge(verb: string, key: string, sizeBytes: number): StoreError {
  const message = `cannot ${verb} ${key}: ${sizeBytes} bytes, no object has more than ${STORED_BYTES_MAX}`;
  return new StoreError(message, { code: "too-large" });
}

function invalidKey(what: string, key: string): StoreError {
  const shown = JSON.stringify(key.length > 80 ? `${key.slice(0, 80)}…` : key);
  return new StoreError(`${what} ${shown} is not of the accepted form`, { code: "invalid-key" });
}
