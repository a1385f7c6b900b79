import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type Home, replacePrivateFile } from "@conclave/node";
import { HISTORY_LINES_MAX } from "./line-reader.ts";

/** The lines that were typed at the prompt before, newest first. What cannot be read is no history. */
export async function readHistory(home: Home): Promise<readonly string[]> {
  const text = await readFile(pathIn(home), "utf8").catch(() => "");
  const lines = text.split("\n").filter((line) => line !== "");
  return lines.slice(-HISTORY_LINES_MAX).reverse();
}

/** Keeps them, for this user alone: they name files, as the index beside them does. */
export async function writeHistory(home: Home, lines: readonly string[]): Promise<void> {
  const text = [...lines].reverse().map((line) => `${line}\n`);
  await replacePrivateFile(pathIn(home), new TextEncoder().encode(text.join("")));
}

function pathIn(home: Home): string {
  return join(home.folder, "shell-history");
}
