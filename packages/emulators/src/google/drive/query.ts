/**
 * The language in which clients ask for files: `'id' in parents and trashed=false`.
 *
 * What is not known here is refused: a search that matches more than was asked for would hide a client's mistakes.
 */
import { effectivePermissions, isTrashed, parentOf } from "../../cloud/access.ts";
import type { Cloud, Item, Viewer } from "../../cloud/model.ts";
import { invalid } from "./google-error.ts";
import { typeOf } from "./resources.ts";

/** Where a search looks. */
interface Scene {
  readonly cloud: Cloud;
  readonly viewer: Viewer;
}

/** Whether an item is meant. */
export type Test = (scene: Scene, item: Item) => boolean;

const TOKEN = /\s*(?:'((?:\\.|[^'\\])*)'|(<=|>=|!=|[=<>(){}])|([A-Za-z]\w*))\s*/y;

type Token =
  | { readonly type: "text"; readonly text: string }
  | { readonly type: "sign"; readonly text: string }
  | { readonly type: "word"; readonly text: string };

/** Parses a search. Throws an error 400 for whatever it does not understand. */
export function parseQuery(text: string): Test {
  return text.trim() === "" ? () => true : new QueryReader(tokenize(text)).read();
}

function wrong(): Error {
  return invalid("q", "Invalid Value");
}

function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.length) {
    const match = TOKEN.exec(text);
    if (!match) throw wrong();
    const [, quoted, sign, word] = match;
    if (quoted !== undefined) tokens.push({ type: "text", text: quoted.replaceAll(/\\(.)/g, "$1") });
    else if (sign !== undefined) tokens.push({ type: "sign", text: sign });
    else tokens.push({ type: "word", text: word ?? "" });
  }
  return tokens;
}

class QueryReader {
  readonly #tokens: Token[];

  constructor(tokens: Token[]) {
    this.#tokens = tokens;
  }

  read(): Test {
    const test = this.#either();
    if (this.#tokens.length > 0) throw wrong();
    return test;
  }

  #either(): Test {
    let test = this.#both();
    while (this.#accept("or")) {
      const [first, second] = [test, this.#both()];
      test = (scene, item) => first(scene, item) || second(scene, item);
    }
    return test;
  }

  #both(): Test {
    let test = this.#single();
    while (this.#accept("and")) {
      const [first, second] = [test, this.#single()];
      test = (scene, item) => first(scene, item) && second(scene, item);
    }
    return test;
  }

  #single(): Test {
    if (this.#accept("not")) {
      const test = this.#single();
      return (scene, item) => !test(scene, item);
    }
    if (this.#accept("(")) {
      const test = this.#either();
      this.#require(")");
      return test;
    }
    const token = this.#tokens.shift();
    if (token?.type === "text") return this.#membership(token.text);
    if (token?.type === "word") return this.#comparison(token.text);
    throw wrong();
  }

  /** `'alice@example.org' in owners`. */
  #membership(value: string): Test {
    this.#require("in");
    const collection = COLLECTIONS[this.#word()];
    if (!collection) throw wrong();
    return collection(value);
  }

  #comparison(field: string): Test {
    if (field === "properties" || field === "appProperties") return this.#property(field);
    if (FLAGS[field]) return this.#flag(FLAGS[field]);
    const operator = this.#tokens.shift()?.text ?? "";
    const value = this.#tokens.shift();
    const comparison = COMPARISONS[field]?.[operator];
    if (!comparison || value?.type !== "text") throw wrong();
    return comparison(value.text);
  }

  #flag(test: Test): Test {
    const isNegated = this.#accept("!=");
    if (!isNegated) this.#require("=");
    const value = this.#word();
    if (value !== "true" && value !== "false") throw wrong();
    return (scene, item) => test(scene, item) === ((value === "true") !== isNegated);
  }

  /** `appProperties has { key='department' and value='8675309' }`. */
  #property(field: "properties" | "appProperties"): Test {
    for (const text of ["has", "{", "key", "="]) this.#require(text);
    const key = this.#text();
    for (const text of ["and", "value", "="]) this.#require(text);
    const value = this.#text();
    this.#require("}");
    return (_, item) => item[field].get(key) === value;
  }

  #accept(text: string): boolean {
    const [next] = this.#tokens;
    if (next === undefined || next.type === "text" || next.text !== text) return false;
    this.#tokens.shift();
    return true;
  }

  #require(text: string): void {
    if (!this.#accept(text)) throw wrong();
  }

  #word(): string {
    const token = this.#tokens.shift();
    if (token?.type !== "word") throw wrong();
    return token.text;
  }

  #text(): string {
    const token = this.#tokens.shift();
    if (token?.type !== "text") throw wrong();
    return token.text;
  }
}

const COLLECTIONS: Readonly<Record<string, (value: string) => Test>> = {
  parents: (id) => (scene, item) => item.parentId !== undefined && item.parentId === folderId(scene, id),
  owners: (email) => (scene, item) => item.ownerId !== undefined && item.ownerId === userId(scene, email),
  writers: (email) => (scene, item) => hasRole(scene, item, email, ["writer", "fileOrganizer", "organizer", "owner"]),
  readers: (email) => (scene, item) => hasRole(scene, item, email, undefined),
};

function folderId({ cloud, viewer }: Scene, id: string): string | undefined {
  return id === "root" ? cloud.users.get(viewer.userId)?.rootId : id;
}

function userId({ cloud, viewer }: Scene, email: string): string | undefined {
  return email === "me" ? viewer.userId : [...cloud.users.values()].find((user) => user.email === email)?.id;
}

function hasRole(scene: Scene, item: Item, email: string, roles: readonly string[] | undefined): boolean {
  const permission = effectivePermissions(scene.cloud, item).find((each) => each.userId === userId(scene, email));
  return permission?.userId !== undefined && (roles === undefined || roles.includes(permission.role));
}

const FLAGS: Readonly<Record<string, Test>> = {
  trashed: ({ cloud }, item) => isTrashed(cloud, item),
  starred: ({ viewer }, item) => item.starredBy.has(viewer.userId),
  sharedWithMe: ({ cloud, viewer }, item) => isSharedWithMe(cloud, viewer, item),
};

/** What somebody else shared with the viewer directly, and not by way of a folder. */
function isSharedWithMe(cloud: Cloud, { userId: me }: Viewer, item: Item): boolean {
  const isDirect = item.permissions.has(me) && item.ownerId !== me && item.driveId === undefined;
  const parent = parentOf(cloud, item);
  return isDirect && !(parent && effectivePermissions(cloud, parent).some((each) => each.userId === me));
}

type Comparisons = Readonly<Record<string, (value: string) => Test>>;

const COMPARISONS: Readonly<Record<string, Comparisons>> = {
  name: {
    "=": (value) => (_, item) => item.name === value,
    "!=": (value) => (_, item) => item.name !== value,
    // Google matches the beginnings of words only.
    contains: (value) => (_, item) => ` ${item.name.toLowerCase()}`.includes(` ${value.toLowerCase()}`),
  },
  mimeType: {
    "=": (value) => (_, item) => typeOf(item) === value,
    "!=": (value) => (_, item) => typeOf(item) !== value,
    contains: (value) => (_, item) => typeOf(item).startsWith(value),
  },
  modifiedTime: times((item) => item.modifiedMs),
  createdTime: times((item) => item.createdMs),
};

function times(of: (item: Item) => number): Comparisons {
  const compare = (isMeant: (ms: number, limitMs: number) => boolean) => (value: string) => {
    const limitMs = Date.parse(value);
    if (Number.isNaN(limitMs)) throw wrong();
    return (_: Scene, item: Item) => isMeant(of(item), limitMs);
  };
  return {
    "=": compare((ms, limitMs) => ms === limitMs),
    "!=": compare((ms, limitMs) => ms !== limitMs),
    "<": compare((ms, limitMs) => ms < limitMs),
    "<=": compare((ms, limitMs) => ms <= limitMs),
    ">": compare((ms, limitMs) => ms > limitMs),
    ">=": compare((ms, limitMs) => ms >= limitMs),
  };
}
