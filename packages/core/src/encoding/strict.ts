/**
 * The strict reader: JSON of exactly one form.
 *
 * A value is accepted only if writing it again gives the stored bytes, so whatever two JSON parsers might read
 * differently (duplicate keys, other orders, escapes, number forms, byte order marks) never gets past this file.
 * SPEC.md §3.
 */
import { ConclaveError } from "../errors.ts";
import { equalBytes, toUtf8 } from "./bytes.ts";

/** Longest line of JSON that is looked at, in bytes. */
export const LINE_BYTES_MAX: number = 1024 * 1024;
/** Deepest nesting of arrays and objects that is looked at. */
export const DEPTH_MAX = 8;

/** Checks one value; returns it with its exact type, or throws `malformed` naming the place. */
export type Shape<T> = (value: unknown, place: string) => T;

/** The type that a shape accepts. */
export type Shaped<S> = S extends Shape<infer T> ? T : never;

/** What a shape does with a value that it does not accept. */
export function refuse(place: string, wanted: string): never {
  throw new ConclaveError(`${place} is not ${wanted}`, { code: "malformed" });
}

/** A well-formed string of at most `max` UTF-8 bytes that passes `accept`, if one is given. */
export function text(options: {
  readonly max: number;
  readonly min?: number;
  readonly accept?: RegExp;
}): Shape<string> {
  return (value, place) => {
    if (typeof value !== "string" || !value.isWellFormed()) refuse(place, "well-formed text");
    const bytes = toUtf8(value).length;
    if (bytes > options.max || bytes < (options.min ?? 0))
      refuse(place, `text of ${options.min ?? 0} to ${options.max} bytes`); // check: size
    if (options.accept && !options.accept.test(value)) refuse(place, "text of the accepted form"); // check: canonical
    return value;
  };
}

/** Lower-case hexadecimal of exactly `length` bytes. */
export function hex(length: number): Shape<string> {
  const accept = new RegExp(`^[0-9a-f]{${length * 2}}$`);
  return (value, place) =>
    typeof value === "string" && accept.test(value) ? value : refuse(place, `${length} bytes in hexadecimal`); // check: canonical
}

/** Padded standard base64 of exactly `length` bytes. */
export function base64(length: number): Shape<string> {
  return (value, place) => {
    if (typeof value !== "string" || !/^[A-Za-z0-9+/]+={0,2}$/.test(value)) refuse(place, "base64");
    const bytes = decodeBase64(value);
    if (bytes.length !== length || encodeBase64(bytes) !== value) refuse(place, `${length} bytes in base64`); // check: canonical
    return value;
  };
}

/** A safe integer from `min` (default 0) to `max` (default 2^53 - 1). */
export function integer(options: { readonly min?: number; readonly max?: number } = {}): Shape<number> {
  const min = options.min ?? 0;
  const max = options.max ?? Number.MAX_SAFE_INTEGER;
  return (value, place) =>
    isInteger(value) && !Object.is(value, -0) && value >= min && value <= max
      ? value
      : refuse(place, `an integer from ${min} to ${max}`); // check: canonical
}

function isInteger(value: unknown): value is number {
  return Number.isSafeInteger(value);
}

/** True or false. */
export function truth(): Shape<boolean> {
  return (value, place) => (typeof value === "boolean" ? value : refuse(place, "true or false"));
}

/** Exactly one of the given strings. */
export function oneOf<const Values extends readonly string[]>(...values: Values): Shape<Values[number]> {
  return (value, place) =>
    values.includes(value as string) ? (value as Values[number]) : refuse(place, values.join(" or "));
}

/** `shape`, or null. */
export function nullable<T>(shape: Shape<T>): Shape<T | null> {
  return (value, place) => (value === null ? null : shape(value, place));
}

/** An array of at most `max` values of one shape. */
export function list<T>(shape: Shape<T>, max: number): Shape<readonly T[]> {
  return (value, place) => {
    if (!Array.isArray(value)) refuse(place, "a list");
    if (value.length > max) refuse(place, `a list of at most ${max}`); // check: size
    return value.map((item, index) => shape(item, `${place}[${index}]`));
  };
}

/** An array of exactly these shapes. */
export function tuple<const Shapes extends readonly Shape<unknown>[]>(
  ...shapes: Shapes
): Shape<{ readonly [Index in keyof Shapes]: Shaped<Shapes[Index]> }> {
  return (value, place) => {
    if (!Array.isArray(value) || value.length !== shapes.length) refuse(place, `a list of exactly ${shapes.length}`);
    return shapes.map((shape, index) => shape(value[index], `${place}[${index}]`)) as never;
  };
}

/** An object with exactly these keys, in exactly this order. */
export function object<const Fields extends { readonly [key: string]: Shape<unknown> }>(
  fields: Fields,
): Shape<{ readonly [Key in keyof Fields]: Shaped<Fields[Key]> }> {
  const keys = Object.keys(fields);
  return (value, place) => {
    if (typeof value !== "object" || value === null || Array.isArray(value)) refuse(place, "an object");
    const own = Object.keys(value);
    if (own.length !== keys.length || own.some((key, index) => key !== keys[index])) {
      refuse(place, `an object with the keys ${keys.join(", ")} in that order`); // check: canonical
    }
    const result: Record<string, unknown> = {};
    for (const key of keys) result[key] = fields[key]?.((value as Record<string, unknown>)[key], `${place}.${key}`);
    return result as never;
  };
}

/**
 * One of several objects, told apart by the string under `key`. A string that is none of theirs is `unsupported`:
 * a newer version wrote it, and skipping it could undo what it says.
 */
export function variant<const Variants extends { readonly [name: string]: Shape<unknown> }>(
  key: string,
  variants: Variants,
): Shape<Shaped<Variants[keyof Variants]>> {
  return (value, place) => {
    if (typeof value !== "object" || value === null || Array.isArray(value)) refuse(place, "an object");
    const name = Object.hasOwn(value, key) ? (value as Record<string, unknown>)[key] : undefined;
    if (typeof name !== "string") refuse(`${place}.${key}`, "text");
    const shape = Object.hasOwn(variants, name) ? variants[name] : undefined;
    if (shape === undefined) {
      throw new ConclaveError(`${place} is of a kind that this version does not know`, { code: "unsupported" }); // check: downgrade
    }
    return shape(value, place) as Shaped<Variants[keyof Variants]>;
  };
}

/**
 * Reads one line of JSON strictly.
 *
 * @param line - The line's bytes as stored, without the line feed; at most {@link LINE_BYTES_MAX}. Not trusted.
 * @throws ConclaveError `malformed`, `limit` or `unsupported`. SPEC.md §3.
 */
export function readLine<T>(line: Uint8Array, shape: Shape<T>): T {
  if (line.length > LINE_BYTES_MAX)
    throw new ConclaveError(`line of ${line.length} bytes is over the limit`, { code: "limit" }); // check: size
  refuseDepth(line);
  let parsed: unknown;
  try {
    // ignoreBOM keeps a byte order mark in the text, where JSON.parse refuses it; without it, it would vanish.
    parsed = JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(line));
  } catch (cause) {
    throw new ConclaveError("line is not JSON in UTF-8", { code: "malformed", cause });
  }
  const value = shape(parsed, "line");
  if (!equalBytes(writeLine(value), line))
    throw new ConclaveError("line is not in its one canonical form", { code: "malformed" }); // check: canonical
  return value;
}

/** The one way in which a value is written: JSON without spaces, keys in the order of its shape, no line feed. */
export function writeLine(value: unknown): Uint8Array<ArrayBuffer> {
  return toUtf8(JSON.stringify(value));
}

/** Counts brackets outside strings before any parser recurses into them. */
function refuseDepth(line: Uint8Array): void {
  let depth = 0;
  let inString = false;
  for (let index = 0; index < line.length; index++) {
    const byte = line[index];
    if (inString) {
      if (byte === 0x5c) index++;
      else if (byte === 0x22) inString = false;
    } else if (byte === 0x22) inString = true;
    else if (byte === 0x5b || byte === 0x7b) {
      if (++depth > DEPTH_MAX) throw new ConclaveError(`line is nested deeper than ${DEPTH_MAX}`, { code: "limit" }); // check: size
    } else if (byte === 0x5d || byte === 0x7d) depth--;
  }
}

/** Standard base64 with padding. */
export function encodeBase64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes));
}

/** The bytes of a base64 text whose alphabet was checked before. */
export function decodeBase64(value: string): Uint8Array<ArrayBuffer> {
  try {
    return Uint8Array.from(atob(value), (character) => character.charCodeAt(0));
  } catch (cause) {
    throw new ConclaveError("text is not base64", { code: "malformed", cause });
  }
}
