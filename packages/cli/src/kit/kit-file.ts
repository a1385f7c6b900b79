/** Reading a recovery kit back: the file that was written, the printed page, the words as somebody typed them, or shares. */
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import {
  ConclaveError,
  type DeviceSecrets,
  joinKit,
  KIT_WORDS,
  kitDevice,
  parseKitShare,
  readKitWords,
} from "@conclave/core";
import type { Context } from "../context.ts";

const KIT_FILE_BYTES_MAX = 1024 * 1024;
/** A share's code, until a blank line, the next tag, or the end. */
const SHARE = /conclave-share1[^<]*?(?=\n\s*\n|<|$)/i;

/** The keys of the kit in a file, or in several that each hold a share of it; as {@link readKitSecret}. */
export async function readKitFiles(context: Pick<Context, "cwd">, files: readonly string[]): Promise<DeviceSecrets> {
  return kitDevice(await readKitSecret(context, files));
}

/**
 * The secret of the kit in a file, or in several that each hold a share of it.
 *
 * @throws ConclaveError `malformed`, saying which word is wrong by its place and never quoting it, or what is wrong with the
 *   shares; `corrupt` where a share is forged; `limit`.
 */
export async function readKitSecret(
  context: Pick<Context, "cwd">,
  files: readonly string[],
): Promise<Uint8Array<ArrayBuffer>> {
  const texts = await Promise.all(files.map((file) => readText(context, file)));
  const codes = texts.flatMap((text) => SHARE.exec(text)?.[0] ?? []);
  if (codes.length === 0 && texts.length === 1) return readKitWords(wordsIn(texts[0] ?? ""));
  const without = files.filter((_, index) => !SHARE.test(texts[index] ?? ""));
  if (without.length > 0) {
    throw new ConclaveError(`no share of a recovery kit is in ${without.join(", ")}`, { code: "malformed" });
  }
  return joinKit(codes.map(parseKitShare));
}

async function readText(context: Pick<Context, "cwd">, file: string): Promise<string> {
  const bytes = await readFile(resolve(context.cwd, file));
  if (bytes.length > KIT_FILE_BYTES_MAX)
    throw new ConclaveError("that file is no recovery kit: it is too large", { code: "limit" }); // check: size
  return bytes.toString("utf8");
}

/** The words of a kit as it was written, each behind its number; else the whole text. */
function wordsIn(text: string): string {
  const whole = text.replace(/<style>.*?<\/style>/gs, "").replace(/<[^>]*>/g, " ");
  // Before them stands a name, in which there may be numbers too.
  const plain = whole.slice(Math.max(whole.lastIndexOf("The 24 words"), 0));
  const numbered = [...plain.matchAll(/(?<![\w-])(\d{1,2})\s+(\p{L}+)(?![\w-])/gu)];
  const words: string[] = [];
  for (const [, number, word = ""] of numbered) if (Number(number) === words.length + 1) words.push(word);
  return words.length >= KIT_WORDS ? words.slice(0, KIT_WORDS).join(" ") : text;
}
