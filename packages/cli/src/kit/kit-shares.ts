/** A recovery kit in shares for several people: one file for each, and the kit that enough of them make. */
import { extname } from "node:path";
import type { Crypto } from "@conclave/core";
import { fingerprint, formatKitShare, type KitShare, kitDevice, kitWords, SHARES_MAX, splitKit } from "@conclave/core";
import { usage } from "../command-error.ts";
import type { Context } from "../context.ts";
import { escapeText } from "../terminal/escape.ts";
import { isoTime } from "../terminal/units.ts";
import { readKitSecret } from "./kit-file.ts";
import { writeNew } from "./kit-output.ts";
import { bareKitText } from "./kit-text.ts";

/** How a kit is split: any `threshold` of `count` shares give it. */
export interface Split {
  readonly threshold: number;
  readonly count: number;
}

/** Reads `K/N`. */
export function parseSplit(typed: string): Split {
  const [, threshold, count] = /^(\d{1,2})\/(\d{1,2})$/.exec(typed) ?? [];
  const split = { threshold: Number(threshold), count: Number(count) };
  if (split.threshold >= 2 && split.threshold <= split.count && split.count <= SHARES_MAX) return split;
  throw usage(
    `--split takes K/N: any K, at least 2, of N shares, at most ${SHARES_MAX}, give the kit`,
    "such as --split 2/3",
  );
}

/** Splits a kit, and writes each share to a file of its own: `kit.txt` becomes `kit-1.txt`, `kit-2.txt`. Gives their names. */
export async function writeShares(
  context: Context,
  options: {
    readonly crypto: Crypto;
    readonly file: string;
    readonly split: Split;
    readonly kitSecret: Uint8Array;
    readonly name: string;
    readonly time: number;
  },
): Promise<readonly string[]> {
  const { crypto, file, split, kitSecret, name, time } = options;
  const extension = extname(file);
  const stem = extension === "" ? file : file.slice(0, -extension.length);
  const written: string[] = [];
  for (const share of await splitKit(crypto, { kitSecret, ...split })) {
    const path = `${stem}-${share.number}${extension || ".txt"}`;
    await writeNew(context, path, shareText({ share, name, time }));
    written.push(path);
  }
  return written;
}

function shareText(options: { readonly share: KitShare; readonly name: string; readonly time: number }): string {
  const { share, name, time } = options;
  const { number, count, threshold, kit } = share;
  return [
    `# Share ${number} of ${count} of a recovery kit of Conclave: any ${threshold} of them give the kit, fewer tell nothing of it. Keep it`,
    "# safe, and hand it to nobody but its person, whom you know.",
    "#",
    `# Whose        ${escapeText(name)}`,
    `# Kit          ${fingerprint(kit)}`,
    `# Made         ${isoTime(time)}`,
    "#",
    "# With enough shares: conclave recover SHARE-FILE SHARE-FILE ADDRESS. White space in what follows does not matter.",
    "",
    formatKitShare(share),
    "",
  ].join("\n");
}

/** Makes the kit that these shares are of, as a file for stock tools. */
export async function joinShares(
  context: Context,
  { shares, file }: { readonly shares: readonly string[]; readonly file: string },
): Promise<undefined> {
  const secret = await readKitSecret(context, shares);
  await writeNew(context, file, bareKitText({ words: kitWords(secret), kit: kitDevice(secret) }));
  context.out.result({ kit: file }, ({ line }) => line(`recovery kit ${file}`));
  context.note("whoever has this file can read all that its person can read: delete it when you are done");
  return undefined;
}
