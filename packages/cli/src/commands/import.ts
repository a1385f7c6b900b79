import {
  CONCLAVE_JSON_KEY,
  ConclaveError,
  type Failure,
  type PlainFiles,
  type Progress,
  readBack,
  requireEditor,
  type Session,
  type SourceEntry,
  type Transfer,
  upload,
} from "@conclave/core";
import { openPlainFiles } from "@conclave/node";
import { advising } from "../advice.ts";
import { processBudget } from "../budget.ts";
import { defineCommand } from "../command.ts";
import { CommandError } from "../command-error.ts";
import type { Context } from "../context.ts";
import { parseGroupPlace } from "../parsing/place.ts";
import { counted } from "../terminal/units.ts";
import { failureExit } from "../transfer-result.ts";
import { withGroup } from "../with-group.ts";

const HINTS = {
  conflict: "name a folder of plain files that neither holds a group nor lies in one, nor in a Conclave home",
  unsupported: "use a folder that the storage's own client keeps in step, or upload a copy",
};

const PROVIDERS_KEEP =
  "trash, older versions and backups that a sync client or provider keeps of the originals stay there until it lets them go";

export const importCommand = defineCommand({
  examples: [
    "conclave import ~/Dropbox/photos family:photos",
    "conclave import /mnt/nas/old family:old --delete-originals",
    "conclave import gdrive:photos family:photos",
  ],
  args: ["store", "place"],
  options: {
    "delete-originals": { summary: "delete what was read back whole, without asking" },
    account: { value: "EMAIL", summary: "the cloud account to read the originals with, if there are several here" },
  },
  notes: [
    "What is in the folder comes into GROUP:PATH. Then every file is read back from the group's storage, opened, and compared.",
    "Only what is the same there is deleted here, if you want that; what changed meanwhile, links and special files stay.",
    `Broken off, the same command goes on. After a deletion: ${PROVIDERS_KEEP}.`,
  ].join("\n"),

  async run(context, { store, place: text, "delete-originals": isSure, account }) {
    const place = parseGroupPlace(text);
    return withGroup(context, place.group, async ({ session, person }) =>
      advising(HINTS, async () => {
        requireEditor(session);
        const started = context.clock.now();
        const tree = await openPlainFiles(person, { store, account }, { folder: context.cwd, signal: context.signal });
        await refuseGroupsBelow(context, tree);
        const { transfer, safe, failed } = await takeIn(context, { session, tree, into: place.path });
        const mayDelete = safe.length > 0 && (isSure || (await wantsDeletion(context, safe.length)));
        const deletion = mayDelete ? await deleteOriginals(context, { tree, safe }) : { deleted: 0, failed: [] };
        const all = [...failed, ...deletion.failed];
        const seconds = (context.clock.now() - started) / 1000;
        const { files, bytes, transferred, skipped, links } = transfer;
        const value = { files, bytes, transferred, skipped, links, verified: safe.length, deleted: deletion.deleted };
        context.out.result({ ...value, failed: all, seconds }, ({ line, size }) => {
          line(`imported ${transferred} of ${counted(files, "file")} (${size(bytes)}), ${skipped} there already`);
          line(`read back ${safe.length} whole; deleted ${counted(deletion.deleted, "original")}`);
        });
        for (const { path, error } of all) context.warn(`${path === "" ? "" : `${path}: `}${error}`);
        if (links > 0)
          context.note(`${counted(links, "symbolic link")}: kept as links, never followed, and not deleted`);
        if (deletion.deleted > 0) context.note(PROVIDERS_KEEP);
        else if (safe.length > 0)
          context.note("the originals stay; --delete-originals deletes what was read back whole");
        return failureExit(all);
      }),
    );
  },
});

const STAYS = {
  changed: "it changed meanwhile, and stays",
  refused: "another account owns it, and alone may delete it: it stays",
} as const;

/** A group's files would be sealed once more, and then deleted. */
async function refuseGroupsBelow({ signal }: Context, tree: PlainFiles): Promise<void> {
  for await (const { path } of tree.walk({ signal })) {
    const isMark =
      path.split("/").at(-1) === CONCLAVE_JSON_KEY || /(?:^|\/)epochs\/[0-9a-f]{64}\.recipient$/.test(path);
    if (!isMark) continue;
    throw new ConclaveError(`a Conclave group seems to lie there: there is ${path}`, { code: "conflict" });
  }
}

async function takeIn(
  context: Context,
  options: { readonly session: Session; readonly tree: PlainFiles; readonly into: string },
): Promise<{
  readonly transfer: Transfer;
  readonly safe: readonly SourceEntry[];
  readonly failed: readonly Failure[];
}> {
  const { session, tree, into } = options;
  const work = { tree, into, budget: processBudget(), signal: context.signal };
  const transfer = await withBar(context, "importing", (onProgress) => upload(session, { ...work, onProgress }));
  const { safe, failed } = await withBar(context, "reading back", (onProgress) =>
    readBack(session, { ...work, onProgress }),
  );
  const known = new Set(transfer.failed.map(({ path }) => path));
  return { transfer, safe, failed: [...transfer.failed, ...failed.filter(({ path }) => !known.has(path))] };
}

async function withBar<Result>(
  context: Context,
  title: string,
  work: (onProgress: (progress: Progress) => void) => Promise<Result>,
): Promise<Result> {
  const bar = context.progress(title);
  try {
    return await work((progress) => bar.update(progress));
  } finally {
    bar.finish();
  }
}

/** Asks at a terminal; where nobody can be asked, nothing is deleted. */
async function wantsDeletion(context: Context, files: number): Promise<boolean> {
  const question = `Delete the ${counted(files, "original")}, which the group holds whole?`;
  try {
    return await context.prompts.confirm(question, { flag: "--delete-originals" });
  } catch (error) {
    if (error instanceof CommandError && error.code === "needs-input") return false;
    throw error;
  }
}

async function deleteOriginals(
  { signal }: Context,
  { tree, safe }: { readonly tree: PlainFiles; readonly safe: readonly SourceEntry[] },
): Promise<{ readonly deleted: number; readonly failed: readonly Failure[] }> {
  const failed: Failure[] = [];
  let deleted = 0;
  for (const entry of safe) {
    signal.throwIfAborted();
    const outcome = await outcomeOf(tree, entry);
    if (outcome === "deleted") deleted += 1;
    else failed.push({ path: entry.path, error: outcome });
  }
  const folders: string[] = [];
  for await (const entry of tree.walk({ signal }))
    if ("kind" in entry && entry.kind === "folder") folders.push(entry.path);
  for (const folder of folders.reverse()) await tree.deleteFolder(folder);
  return { deleted, failed };
}

/** What became of an original: `deleted`, or why it stays. */
async function outcomeOf(tree: PlainFiles, entry: SourceEntry): Promise<string> {
  try {
    const outcome = await tree.deleteFile(entry);
    return outcome === "deleted" ? outcome : STAYS[outcome];
  } catch (error) {
    if (!(error instanceof ConclaveError) || error.code !== "no-access") throw error;
    return `${error.message}: it stays`;
  }
}
