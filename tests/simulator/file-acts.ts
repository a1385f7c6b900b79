/** What a device does to the tree, and what that makes owed. */
import {
  copyPath,
  emptyTrash,
  makeFolder,
  memberNames,
  movePath,
  purgePath,
  removePath,
  restorePath,
  type Session,
  trash,
  versionsAt,
} from "@conclave/core";
import { put } from "../support/world.ts";
import type { Actor } from "./actor.ts";
import { entries, onlyPiece, type Shown } from "./contents.ts";
import { MARKER } from "./keys.ts";
import { type Stage, sessionOf } from "./stage.ts";
import type { Command, FILE_ACTS } from "./story.ts";

const FOLDERS = ["", "", "d1/", "d2/", "d1/e/"];
const NAMES = [`${MARKER}-a`, `${MARKER}-b`, `${MARKER}-c`, "d1", "plain.txt"];
/** Of most contents, and of a few. */
const SIZES = [20, 300, 2000];
const BIG_SIZE = 70_000;
const MODIFIED = 1_600_000_000_000;

/** One act of a device; false if there was nothing to do. */
export type Doing = (stage: Stage, actor: Actor, command: Command) => Promise<boolean>;

export const FILE_DOINGS: Readonly<Record<(typeof FILE_ACTS)[number], Doing>> = {
  look: async () => true,
  async upload(stage, actor, { a, b }) {
    await uploadTo(stage, actor, `${folderOf(a)}${nameOf(b)}`);
    return true;
  },
  async replace(stage, actor, { a }) {
    const file = chosen(filesOf(actor), a);
    if (file) await uploadTo(stage, actor, file.path);
    return file !== undefined;
  },
  async touch({ ledger }, actor, { a, b }) {
    // The same content, with a date that no upload has: what is as long and as old as what is shown is passed over.
    const file = chosen(filesOf(actor), a);
    const text = file?.digest === undefined ? undefined : ledger.uploaded.get(file.digest)?.text;
    if (!file || text === undefined) return false;
    await put(sessionOf(actor), { [file.path]: text }, MODIFIED - b);
    return true;
  },
  async move(_, actor, { a, b }) {
    const entry = chosen(entries(sessionOf(actor)), a);
    if (entry) await movePath(sessionOf(actor), { from: entry.path, to: `${folderOf(b)}${nameOf(a)}` });
    return entry !== undefined;
  },
  async copy(_, actor, { a, b }) {
    const entry = chosen(entries(sessionOf(actor)), a);
    if (entry) await copyPath(sessionOf(actor), { from: entry.path, to: `${folderOf(b)}${nameOf(a)}` });
    return entry !== undefined;
  },
  async delete({ ledger }, actor, { a }) {
    const shown = entries(sessionOf(actor));
    const entry = chosen(shown, a);
    if (!entry) return false;
    ledger.drop(shown.filter(({ path }) => path === entry.path || path.startsWith(`${entry.path}/`)));
    await removePath(sessionOf(actor), entry.path);
    return true;
  },
  async purge({ ledger }, actor, { a, b }) {
    const file = chosen(filesOf(actor), a);
    // All that is in it was dropped when it was deleted.
    if (b % 2 === 0) await emptyTrash(sessionOf(actor));
    else if (file) {
      ledger.drop([file]);
      await purgePath(sessionOf(actor), file.path);
    }
    return b % 2 === 0 || file !== undefined;
  },
  restore: (stage, actor, command) => restore(stage, sessionOf(actor), command),
  async mkdir(_, actor, { a, b }) {
    await makeFolder(sessionOf(actor), `${folderOf(a)}folder${b % 3}`);
    return true;
  },
};

/** Takes something out of the trash, or makes an older version of a file current, which then is the one that counts. */
async function restore({ ledger }: Stage, session: Session, { a, b }: Command): Promise<boolean> {
  const entry = chosen(trash(session.index), a);
  if (entry && b % 2 === 0) {
    await restorePath(session, { path: entry.path, id: entry.node });
    return true;
  }
  const { path } = chosen(entries(session).filter(isFile), a) ?? {};
  if (path === undefined) return false;
  const { versions } = versionsAt(session.index, { path, nameOf: memberNames(session.view.state) });
  // Whatever else has the name goes, as its author's own act.
  ledger.drop(versions.map((each) => ({ digest: onlyPiece(session, each) })));
  await restorePath(session, { path, version: chosen(versions, b)?.change });
  return true;
}

/** Uploads something new; from then on it is owed. */
export async function uploadTo(stage: Stage, actor: Actor, path: string): Promise<void> {
  const { ledger } = stage;
  const session = sessionOf(actor);
  const text = newText(stage);
  const digest = ledger.upload(text, actor);
  ledger.drop(entries(session).filter((entry) => entry.path === path));
  const { failed } = await put(session, { [path]: text }, MODIFIED + ledger.uploaded.size);
  if (failed.length === 0) ledger.owed.add(digest);
}

function newText({ draw, ledger }: Stage): string {
  const size = draw(40) === 0 ? BIG_SIZE : SIZES[draw(SIZES.length)];
  return `${MARKER}-content-${ledger.uploaded.size + 1}-`.padEnd(size ?? 0, "·x");
}

/** What another one has written and this one sees, is there for good. */
export function noteSeen({ ledger }: Stage, actor: Actor): void {
  const session = sessionOf(actor);
  if (!session.view.me) return;
  for (const { digest } of entries(session)) {
    const by = digest === undefined ? undefined : ledger.uploaded.get(digest)?.by;
    if (digest !== undefined && by && by !== actor && !ledger.isSuspended(by)) ledger.owed.add(digest);
  }
}

function filesOf(actor: Actor): Shown[] {
  return entries(sessionOf(actor)).filter(isFile);
}

function isFile({ kind }: Shown): boolean {
  return kind === "file";
}

function chosen<Item>(items: readonly Item[], number: number): Item | undefined {
  return items[number % Math.max(1, items.length)];
}

function folderOf(number: number): string {
  return FOLDERS[number % FOLDERS.length] ?? "";
}

function nameOf(number: number): string {
  return NAMES[number % NAMES.length] ?? "";
}
