import { type ObjectStore, StoreError, type StoreErrorCode } from "@conclave/core";
import { withMethods } from "./pass.ts";

export type Verb = "put" | "get" | "list" | "delete";

/** One call as it begins. */
export interface Call {
  /** From 1, in the order in which this client's calls began. */
  readonly number: number;
  readonly verb: Verb;
  /** The key, or the folder of a listing. */
  readonly key: string;
}

/**
 * What goes wrong with a call: `before` it reaches the storage, or `after` it took effect there, so that only the answer
 * is lost. With a {@link Crash} the client is dead from then on.
 */
export interface Fault {
  readonly when: "before" | "after";
  readonly error: Error;
}

/**
 * Stands for the death of the process in the middle of a storage call. A harness lets it through to where the process was
 * started, throws everything in memory away, and starts again from what the disk and the storage hold.
 */
export class Crash extends Error {
  override readonly name = "Crash";
}

/**
 * A connection that fails as told. Once it has thrown a {@link Crash}, every call throws one: those that were under way
 * too, as nobody is left to hear their answers.
 */
export function failing(store: ObjectStore, faultOf: (call: Call) => Fault | undefined): ObjectStore {
  let count = 0;
  let crash: Crash | undefined;

  function raise(fault: Fault | undefined, when: Fault["when"]): void {
    if (crash === undefined && fault?.when === when) {
      if (!(fault.error instanceof Crash)) throw fault.error;
      crash = fault.error;
    }
    if (crash !== undefined) throw crash;
  }

  function begin(verb: Verb, key: string): Fault | undefined {
    if (crash !== undefined) throw crash;
    count += 1;
    const fault = faultOf({ number: count, verb, key });
    raise(fault, "before");
    return fault;
  }

  async function call<Result>(verb: Verb, key: string, work: () => Promise<Result>): Promise<Result> {
    const fault = begin(verb, key);
    try {
      return await work();
    } finally {
      raise(fault, "after");
    }
  }

  return withMethods(store, {
    put: (key, bytes, options) => call("put", key, () => store.put(key, bytes, options)),
    get: (key, options) => call("get", key, () => store.get(key, options)),
    delete: (key, options) => call("delete", key, () => store.delete(key, options)),
    async *list(folder, options) {
      const fault = begin("list", folder);
      for await (const object of store.list(folder, options)) {
        raise(undefined, "after");
        yield object;
      }
      raise(fault, "after");
    },
  });
}

/** Chooses which calls a fault counts; default all. */
export type Matches = (call: Call) => boolean;

/**
 * The n-th call (from 1) that matches goes wrong, counted from when this is first asked; each use of it counts on its own.
 */
export function onCall(number: number, fault: Fault, matches: Matches = () => true): (call: Call) => Fault | undefined {
  let seen = 0;
  return (call) => {
    if (matches(call)) seen += 1;
    return matches(call) && seen === number ? fault : undefined;
  };
}

/** The death of the process at its n-th call that matches. */
export function crashAt(number: number, when: Fault["when"], matches?: Matches): (call: Call) => Fault | undefined {
  return onCall(number, { when, error: new Crash(`crashed ${when} call ${number}`) }, matches);
}

/** The n-th call that matches never reaches the storage. */
export function failAt(
  number: number,
  code: StoreErrorCode = "unavailable",
  matches?: Matches,
): (call: Call) => Fault | undefined {
  return onCall(number, { when: "before", error: new StoreError(`call ${number} failed`, { code }) }, matches);
}

/** The n-th call that matches takes effect, and its answer is lost. */
export function loseAnswerAt(number: number, matches?: Matches): (call: Call) => Fault | undefined {
  const error = new StoreError(`the answer to call ${number} was lost`, { code: "unavailable" });
  return onCall(number, { when: "after", error }, matches);
}
