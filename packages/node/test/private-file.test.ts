import { fork } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { isUnfinished } from "../src/files/unfinished.ts";
import { createPrivateFile, replacePrivateFile } from "../src/private-file.ts";
import { scratch } from "./files/support/scratch.ts";

const CHILD = fileURLToPath(new URL("./support/dying-child.ts", import.meta.url));
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

/** Writes a file in a process that is killed where the file gets its name. */
async function killedWriting(path: string, options: { readonly text: string; readonly when: "before" | "after" }) {
  const child = fork(CHILD, [path, options.text, options.when], { execArgv: ["--conditions=@conclave/source"] });
  expect((await once(child, "exit"))[1]).toBe("SIGKILL");
}

// Attack 44: a key that nobody looks for any more.
describe("a private file whose writer was killed", () => {
  it.each([
    ["before", []],
    ["after", ["kit.txt"]],
  ] as const)(
    "%s it had its name leaves no copy behind the next one that is written there",
    { timeout: 60_000 },
    async (when, whole) => {
      const folder = scratch();
      await killedWriting(join(folder, "kit.txt"), { text: "abandon abandon art", when });
      const left = readdirSync(folder);
      expect(left.filter((name) => !isUnfinished(name))).toEqual(whole);
      expect(left).toHaveLength(whole.length + 1);
      for (const name of left) expect(statSync(join(folder, name)).mode & 0o777).toBe(0o600);
      await createPrivateFile(join(folder, "next.txt"), bytes("x"));
      expect(readdirSync(folder).sort()).toEqual([...whole, "next.txt"].sort());
      await replacePrivateFile(join(folder, "next.txt"), bytes("y"));
      expect(readFileSync(join(folder, "next.txt"), "utf8")).toBe("y");
    },
  );
});
