import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { LISTED_MAX, listStored } from "../src/ports/list-stored.ts";
import type { StoredObject } from "../src/ports/store.ts";

const SOURCES = "packages/core/src";

/** A storage that lists what it likes. */
function listing(keys: () => Iterable<string>) {
  return {
    async *list(): AsyncGenerator<StoredObject> {
      for (const key of keys()) yield { key, size: 1, stored: new Date(0) };
    },
  };
}

async function all(keys: () => Iterable<string>, folder = "epochs"): Promise<string[]> {
  const shown: string[] = [];
  for await (const { key } of listStored(listing(keys), folder)) shown.push(key);
  return shown;
}

describe("a listing", () => {
  it("that never ends, or repeats one name for ever, is refused by a named limit", async () => {
    function* repeating(): Generator<string> {
      for (;;) yield "epochs/a";
    }
    let shown = 0;
    const work = async () => {
      for await (const _ of listStored(listing(repeating), "epochs")) shown += 1;
    };
    await expect(work()).rejects.toMatchObject({ code: "limit", message: /more than 1000000 files in epochs/ });
    expect(shown).toBe(LISTED_MAX);
  });

  it("shows nothing of another folder, and no name that is longer or other than any key", async () => {
    const keys = [
      "epochs/a",
      "epochs",
      "epochsa/b",
      "requests/a",
      `epochs/${"a".repeat(600)}`,
      "epochs/../a",
      "epochs/A",
    ];
    expect(await all(() => keys)).toEqual(["epochs/a"]);
    expect(await all(() => ["a", "b/c", "../d"], "")).toEqual(["a", "b/c"]);
  });

  it("is made nowhere in the core but here", () => {
    const files = readdirSync(SOURCES, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".ts"));
    const listed = files.filter((name) => /\bstore\.list\(/.test(readFileSync(join(SOURCES, name), "utf8")));
    expect(listed).toEqual([join("ports", "list-stored.ts")]);
  });
});
