/** What a file under `vectors/` looks like. Bytes never stand in it as text, so that no JSON parser can mend them. */
import { concatBytes } from "../../src/encoding/bytes.ts";
import { decodeBase64, encodeBase64 } from "../../src/encoding/strict.ts";
import type { ConclaveErrorCode } from "../../src/errors.ts";
import type { Crypto } from "../../src/ports/crypto.ts";

/**
 * Bytes in base64, or as parts to be joined: base64 and how many times it stands there, or two offsets, which take the
 * bytes between them out of the same input of the file's first case. So long inputs stay short, and show how they differ.
 */
export type Bytes = string | readonly Part[];
export type Part = readonly [base64: string, times: number] | readonly [start: number, end: number];

/**
 * What a reader must say: that it reads the case, or the code with which it refuses it. `foreign` is a name or file that is
 * none of Conclave's and is left alone; `mismatch` a value that does not follow from the inputs beside it.
 */
export type Verdict = "ok" | "foreign" | "mismatch" | ConclaveErrorCode;

export interface VectorCase {
  readonly name: string;
  readonly expect: Verdict;
  /** What a reader gets out of it, where it is ok. */
  readonly result?: unknown;
}

export interface VectorFile {
  readonly format: string;
  readonly description: string;
  /** Inputs that all cases share, unless a case has its own. */
  readonly given?: object;
  readonly cases: readonly VectorCase[];
}

/** Reads one case, writes it again to compare the bytes, and gives what it got out of it. */
export type Runner<Case> = (crypto: Crypto, input: Case) => unknown;

/** A refusal that is no error of the core's, because the core passes such things over in silence. */
export class Refused extends Error {
  override readonly name = "Refused";
  readonly code: "foreign" | "mismatch" | "corrupt";

  constructor(code: "foreign" | "mismatch" | "corrupt") {
    super(`refused: ${code}`);
    this.code = code;
  }
}

/** The value, unless there is none: then the thing was none of Conclave's. */
export function known<Value>(value: Value | undefined): Value {
  if (value === undefined) throw new Refused("foreign");
  return value;
}

/** The inputs of a case: those that all share, its own, and the parts of these that the first case has. */
export function inputsOf({ given, cases }: VectorFile, each: VectorCase): VectorCase {
  const first = cases[0] as unknown as Readonly<Record<string, unknown>>;
  const own = Object.entries(each).map(([key, value]) => [key, isParts(value) ? resolved(value, first[key]) : value]);
  return { ...given, ...(Object.fromEntries(own) as unknown as VectorCase) };
}

/** Whether a value takes parts of the first case. Lists of pieces, which begin with text, do not. */
function isParts(value: unknown): value is readonly Part[] {
  return Array.isArray(value) && value.some((part) => Array.isArray(part) && typeof part[0] === "number");
}

function resolved(parts: readonly Part[], first: unknown): Bytes {
  const source = bytesOf(first as Bytes);
  return parts.map((part) => {
    const [start, end] = part;
    return typeof start === "number" ? [encodeBase64(source.subarray(start, end)), 1] : part;
  });
}

export function bytesOf(bytes: Bytes): Uint8Array<ArrayBuffer> {
  if (typeof bytes === "string") return decodeBase64(bytes);
  return concatBytes(...bytes.map(([base64, times]) => repeated(decodeBase64(String(base64)), times)));
}

function repeated(bytes: Uint8Array, times: number): Uint8Array {
  const whole = new Uint8Array(bytes.length * times);
  for (let index = 0; index < times; index++) whole.set(bytes, index * bytes.length);
  return whole;
}
