import { resolve } from "node:path";
import { type Progress, requireEditor, type Session, type Transfer, upload as uploadTree } from "@conclave/core";
import { type LocalSource, openSource } from "@conclave/node";
import { advising } from "../advice.ts";
import { processBudget } from "../budget.ts";
import { defineCommand } from "../command.ts";
import type { Context } from "../context.ts";
import { parseGroupPlace, parseLocalPlace } from "../parsing/place.ts";
import { TakenPaths } from "../taken-paths.ts";
import { showTransfer, sumTransfers } from "../transfer-result.ts";
import { withGroup } from "../with-group.ts";

const HINTS = {
  conflict:
    'name what lies outside of it; your way back into your groups is the recovery kit ("conclave kit"), or a further device ' +
    '("conclave device add")',
};

/** Something to upload. */
interface Source {
  /** As it was given. */
  readonly given: string;
  readonly tree: LocalSource;
  /** Undefined where only a folder's contents are meant. */
  readonly name: string | undefined;
}

export const upload = defineCommand({
  examples: ["conclave upload photos family:", "conclave upload report.pdf ~/notes/. family:papers/2026"],
  args: ["source...", "place"],
  notes: [
    "GROUP:PATH is a folder, made if missing, and the source's last name is made inside it; of SOURCE/. its contents.",
    "What is there unchanged is skipped. If it was broken off, the same command goes on where it stopped.",
    "No two sources may get one path.",
  ].join("\n"),

  async run(context, { source, place: text }) {
    const place = parseGroupPlace(text);
    const paths = source.map((each) => parseLocalPlace(each).path);
    return withGroup(context, place.group, async ({ session }) => {
      requireEditor(session);
      const started = context.clock.now();
      const sources = await advising(HINTS, () => Promise.all(paths.map((path) => openOne(context, path))));
      await refuseTwins(context, sources);
      const transfers: Transfer[] = [];
      for (const each of sources) transfers.push(await uploadOne(context, { session, source: each, into: place.path }));
      const seconds = (context.clock.now() - started) / 1000;
      return showTransfer(context, {
        verb: "uploaded",
        transfer: sumTransfers(transfers),
        seconds,
        linksFate: "kept as links, never followed",
      });
    });
  },
});

async function openOne(context: Context, path: string): Promise<Source> {
  const tree = await openSource(withEnd(resolve(context.cwd, path), path));
  const isContents = tree.kind === "folder" && (/(?:^|[/\\])\.$/.test(path) || tree.name === "");
  return { given: path, tree, name: isContents ? undefined : tree.name };
}

/** Where only contents are meant, what they are is found out by a walk of their own. */
async function refuseTwins({ signal }: Context, sources: readonly Source[]): Promise<void> {
  if (sources.length === 1) return;
  const taken = new TakenPaths("upload them one by one, into different folders");
  for (const { name, given } of sources) if (name !== undefined) taken.take(name, { from: given });
  for (const { name, given, tree } of sources) {
    if (name !== undefined) continue;
    for await (const entry of tree.walk({ signal }))
      if ("kind" in entry) taken.take(entry.path, { from: given, isShared: entry.kind === "folder" });
  }
}

/** `resolve` takes the `/` or `/.` at the end away, by which a link to a folder is meant to be followed. */
function withEnd(resolved: string, path: string): string {
  return /[/\\]\.?$/.test(path) ? `${resolved}/` : resolved;
}

async function uploadOne(
  context: Context,
  options: { readonly session: Session; readonly source: Source; readonly into: string },
): Promise<Transfer> {
  const { session, source, into } = options;
  const { tree, name } = source;
  const bar = context.progress(`uploading ${tree.name}`);
  const work = {
    tree,
    into,
    ...(name === undefined ? {} : { name }),
    budget: processBudget(),
    signal: context.signal,
    onProgress: (progress: Progress) => bar.update(progress),
  };
  try {
    return await uploadTree(session, work);
  } finally {
    bar.finish();
  }
}
