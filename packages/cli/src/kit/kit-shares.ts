/** A recovery kit in shares for several people: one file for each, and the kit that enough of them make. */
import { extname } from "node:path";
import type { Crypto } from "@conclave/core";
import { kitDevice, kitWords, SHARES_MAX, splitKit } from "@conclave/core";
import { usage } from "../command-error.ts";
import type { Context } from "../context.ts";
import { readKitSecret } from "./kit-file.ts";
import { isPage, writeNew } from "./kit-output.ts";
import { bareKitText } from "./kit-text.ts";
import { type SharedKit, sharePage, shareText } from "./share-sheet.ts";

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

/** Splits a kit, and writes each share to a file of its own: `kit.txt` becomes `kit-1.txt`, `kit-2.txt`; pages if it ends in `.html`. Gives their names. */
export async function writeShares(
  context: Context,
  options: {
    readonly crypto: Crypto;
    readonly file: string;
    readonly split: Split;
    readonly kitSecret: Uint8Array;
    readonly kit: SharedKit;
  },
): Promise<readonly string[]> {
  const { crypto, file, split, kitSecret, kit } = options;
  const extension = extname(file);
  const stem = extension === "" ? file : file.slice(0, -extension.length);
  const written: string[] = [];
  for (const share of await splitKit(crypto, { kitSecret, ...split })) {
    const path = `${stem}-${share.number}${extension || ".txt"}`;
    await writeNew(context, path, isPage(path) ? sharePage(share, kit) : shareText(share, kit));
    written.push(path);
  }
  return written;
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
