/** Every request that arrived, with its times: what a test counts, and holds a client's patience to. */

/** One request. All times are the emulator's clock's, in milliseconds since 1970. */
export interface RequestRecord {
  readonly number: number;
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  readonly startedMs: number;
  /** What it asks for, such as `files.create`; `unknown` where the face has nothing there. */
  kind: string;
  /** The address of the account that asks. */
  user: string | undefined;
  /** The JSON that was sent, of multipart uploads the metadata. */
  json: unknown;
  requestBytes: number;
  responseBytes: number;
  /** Undefined until answered, and where no answer was given. */
  status: number | undefined;
  endedMs: number | undefined;
  /** The name of the fault that befell it. */
  fault: string | undefined;
  /** What the emulator itself stumbled over; answered with 500. */
  error: unknown;
  /** Until when the client was told to wait. */
  waitUntilMs: number | undefined;
}

/** The requests of one emulator, oldest first. */
export interface RequestLog extends Iterable<RequestRecord> {
  readonly length: number;
  /** How many there were of a kind, or in all. */
  count(kind?: string): number;
  /** How many there were of each kind. */
  counts(): Record<string, number>;
  /** Requests of an account that came although it had been told, for the same kind, to wait longer. */
  impatient(): RequestRecord[];
  clear(): void;
}

/** A log that can be written. */
export interface WritableRequestLog extends RequestLog {
  add(method: string, path: string, startedMs: number): RequestRecord;
}

/** An empty log. */
export function newRequestLog(): WritableRequestLog {
  let records: RequestRecord[] = [];
  let number = 0;
  return {
    [Symbol.iterator]: () => records[Symbol.iterator](),
    get length() {
      return records.length;
    },
    add(method, path, startedMs) {
      const record = { number: ++number, method, path, startedMs, kind: "unknown", ...BLANK };
      records.push(record);
      return record;
    },
    count: (kind) => records.filter((record) => kind === undefined || record.kind === kind).length,
    counts: () => countKinds(records),
    impatient: () => records.filter((record, at) => isImpatient(record, records.slice(0, at))),
    clear() {
      records = [];
    },
  };
}

const BLANK = {
  user: undefined,
  json: undefined,
  requestBytes: 0,
  responseBytes: 0,
  status: undefined,
  endedMs: undefined,
  fault: undefined,
  error: undefined,
  waitUntilMs: undefined,
} as const;

function countKinds(records: readonly RequestRecord[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { kind } of records) counts[kind] = (counts[kind] ?? 0) + 1;
  return counts;
}

/** Whether this request is a retry that came too early. What was already under way when the answer came, is not. */
function isImpatient(record: RequestRecord, before: readonly RequestRecord[]): boolean {
  return before.some(
    ({ kind, user, endedMs, waitUntilMs }) =>
      kind === record.kind &&
      user === record.user &&
      waitUntilMs !== undefined &&
      endedMs !== undefined &&
      endedMs <= record.startedMs &&
      record.startedMs < waitUntilMs,
  );
}
