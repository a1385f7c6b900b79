/** Reading a recovery kit back: the file that was written, the printed page, or the words as somebody typed them. */
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { ConclaveError, type DeviceSecrets, KIT_WORDS, kitDevice, readKitWords } from "@conclave/core";
import type { Context } from "../context.ts";

const KIT_FILE_BYTES_MAX = 1024 * 1024;

/**
 * The keys of the kit in a file.
 *
 * @throws ConclaveError `malformed`, saying which word is wrong by its place and never quoting it; `limit`.
 */
export async function readKitFile(context: Pick<Context, "cwd">, file: string): Promise<DeviceSecrets> {
  const bytes = await readFile(resolve(context.cwd, file));
  if (bytes.length > KIT_FILE_BYTES_MAX)
    throw new ConclaveError("that file is no recovery kit: it is too large", { code: "limit" }); // check: size
  return kitDevice(readKitWords(wordsIn(bytes.toString("utf8"))));
}

/** The words of a kit as it was written, each behind its number; else the whole text. */
function wordsIn(text: string): string {
  const plain = text.replace(/<style>.*?<\/style>/gs, "").replace(/<[^>]*>/g, " ");
  const numbered = [...plain.matchAll(/(?<![\w-])(\d{1,2})\s+(\p{L}+)(?![\w-])/gu)];
  const words: string[] = [];
  for (const [, number, word = ""] of numbered) if (Number(number) === words.length + 1) words.push(word);
  return words.length >= KIT_WORDS ? words.slice(0, KIT_WORDS).join(" ") : text;
}
