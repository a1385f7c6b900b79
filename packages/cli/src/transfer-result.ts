/** What uploads and downloads did, of one command together. */
import type { Transfer } from "@conclave/core";
import type { Context } from "./context.ts";
import { counted, humanSize } from "./terminal/units.ts";

const NOTHING: Transfer = { files: 0, bytes: 0, transferred: 0, skipped: 0, failed: [], links: 0 };
/** Failures that are the storage's, and not something local. */
const INTEGRITY: ReadonlySet<string> = new Set(["corrupt", "missing"]);

/** The sums of several. */
export function sumTransfers(transfers: readonly Transfer[]): Transfer {
  return transfers.reduce(
    (sum, each) => ({
      files: sum.files + each.files,
      bytes: sum.bytes + each.bytes,
      transferred: sum.transferred + each.transferred,
      skipped: sum.skipped + each.skipped,
      failed: [...sum.failed, ...each.failed],
      links: sum.links + each.links,
    }),
    NOTHING,
  );
}

/** The exit code that failures ask for: they are the storage's, or something local. */
export function failureExit(failed: Transfer["failed"]): number | undefined {
  if (failed.length === 0) return undefined;
  return failed.some(({ code }) => code !== undefined && INTEGRITY.has(code)) ? 5 : 1;
}

/** Shows what was done, and gives the exit code. */
export function showTransfer(
  context: Context,
  options: {
    readonly verb: "uploaded" | "downloaded";
    readonly transfer: Transfer;
    readonly seconds: number;
    /** What became of symbolic links. */
    readonly linksFate: string;
  },
): number | undefined {
  const { verb, transfer, seconds, linksFate } = options;
  const { files, bytes, transferred, skipped, failed, links } = transfer;
  const shown = failed.map(({ path, error, code }) => ({ path, error, ...(code === undefined ? {} : { code }) }));
  context.out.result({ files, bytes, transferred, skipped, failed: shown, links, seconds }, ({ line }) => {
    const amount = `${transferred} of ${counted(files, "file")} (${humanSize(bytes)})`;
    const rest = skipped > 0 ? `, ${skipped} there already` : "";
    line(`${verb} ${amount}${rest} in ${seconds.toFixed(1)} s`);
  });
  for (const { path, error } of failed) context.warn(`${path === "" ? "" : `${path}: `}${error}`);
  if (links > 0) context.note(`${counted(links, "symbolic link")}: ${linksFate}`);
  if (verb === "downloaded" && failed.some(({ code }) => code === "conflict")) {
    context.note("--overwrite replaces local files that the group does not hold, but never links");
  }
  return failureExit(failed);
}
