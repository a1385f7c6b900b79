/** Google's partial answers: `fields=files(id,name),nextPageToken`. */
import { GoogleError } from "./google-error.ts";

/** What is wanted of an object: of each name, everything (`true`) or only parts. */
type Mask = Map<string, Mask | true>;

/**
 * The parts of `value` that `fields` names.
 *
 * @param known - Every path that an answer of this kind can have, so that a name mistyped is refused and not just missing.
 */
export function select(value: object, fields: string, known: readonly string[]): object {
  const mask = new MaskReader(fields).read();
  requireKnown(mask, known, "");
  return apply(value, mask) as object;
}

function invalidField(name: string): GoogleError {
  return new GoogleError(400, "invalidParameter", `Invalid field selection ${name}`, "fields");
}

class MaskReader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text.replaceAll(/\s/g, "");
  }

  read(): Mask {
    const mask = this.#list();
    if (this.#at < this.#text.length) throw invalidField(this.#text);
    return mask;
  }

  #list(): Mask {
    const mask: Mask = new Map();
    do this.#path(mask);
    while (this.#accept(","));
    return mask;
  }

  #path(mask: Mask): void {
    const [name = ""] = /^(\*|[A-Za-z]\w*)/.exec(this.#text.slice(this.#at)) ?? [];
    if (name === "") throw invalidField(this.#text);
    this.#at += name.length;
    if (this.#accept("/")) this.#path(inner(mask, name));
    else if (this.#accept("(")) {
      for (const [key, part] of this.#list()) inner(mask, name).set(key, part);
      if (!this.#accept(")")) throw invalidField(this.#text);
    } else mask.set(name, true);
  }

  #accept(letter: string): boolean {
    if (this.#text[this.#at] !== letter) return false;
    this.#at++;
    return true;
  }
}

function inner(mask: Mask, name: string): Mask {
  const held = mask.get(name);
  const part: Mask = held instanceof Map ? held : new Map();
  mask.set(name, part);
  return part;
}

function requireKnown(mask: Mask, known: readonly string[], prefix: string): void {
  for (const [name, part] of mask) {
    if (name === "*") continue;
    const path = prefix + name;
    // Below what is known only as a whole, such as a map of properties, any name may stand.
    const isInside = known.some((each) => path.startsWith(`${each}/`));
    if (!isInside && !known.some((each) => each === path || each.startsWith(`${path}/`))) throw invalidField(path);
    if (part instanceof Map) requireKnown(part, known, `${path}/`);
  }
}

function apply(value: unknown, mask: Mask): unknown {
  if (Array.isArray(value)) return value.map((each) => apply(each, mask));
  if (typeof value !== "object" || value === null) return value;
  const all = mask.get("*");
  const entries = Object.entries(value).flatMap(([name, held]): [string, unknown][] => {
    const part = mask.get(name) ?? all;
    if (part === undefined) return [];
    return [[name, part === true ? held : apply(held, part)]];
  });
  return Object.fromEntries(entries);
}
