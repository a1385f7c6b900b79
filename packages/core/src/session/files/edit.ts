/** Changes to the tree that move no contents: folders, moves, deletions. */

import { ConclaveError } from "../../errors.ts";
import type { Operation } from "../../records/change.ts";
import { resolvePath } from "../../tree/listing.ts";
import { Planner, type PlanOptions, planCopy, planDelete, planMove } from "../../tree/plan.ts";
import { planEmptyTrash, planPurge } from "../../tree/plan-purge.ts";
import { planRestore } from "../../tree/plan-restore.ts";
import { purgedContents } from "../let-go.ts";
import { memberNames } from "../people/member-names.ts";
import type { Session } from "../session.ts";
import { publishChanges } from "../writing/change-writer.ts";
import { locationsOf } from "./blob-sources.ts";
import { requireStored } from "./gone.ts";
import { writeListingIfDue } from "./listing.ts";
import { joinPath } from "./transfer.ts";
import { requireEditor } from "./upload.ts";

interface SignalOption {
  readonly signal?: AbortSignal;
}

function planOptions(session: Session): PlanOptions {
  return { randomBytes: session.crypto.randomBytes, nameOf: memberNames(session.view.state) };
}

/** Makes a folder and those above it; one that is there is no error. */
export async function makeFolder(session: Session, path: string, options: SignalOption = {}): Promise<void> {
  requireEditor(session);
  const planner = new Planner(session.index, planOptions(session));
  planner.folder(path);
  await publishChanges(session, { operations: planner.take(), ...options });
}

/**
 * Moves or renames; into a folder if one is at `to`, as `mv` does.
 *
 * @throws ConclaveError `not-found`, `exists`, `conflict` as `planMove`; `role-too-low`.
 */
export async function movePath(
  session: Session,
  paths: { readonly from: string; readonly to: string },
  options: SignalOption = {},
): Promise<void> {
  requireEditor(session);
  const operations = planMove(session.index, intoFolder(session, paths), planOptions(session));
  await publishChanges(session, { operations, ...options });
  await writeListingIfDue(session, options.signal);
}

/**
 * Copies a file, or a folder with all below it, inside the group; into a folder if one is at `to`, as `cp` does. Copies share
 * the stored pieces.
 *
 * @throws ConclaveError `not-found`, `exists`, `conflict` as `planCopy`; `role-too-low`.
 */
export async function copyPath(
  session: Session,
  paths: { readonly from: string; readonly to: string },
  options: SignalOption = {},
): Promise<void> {
  requireEditor(session);
  const operations = planCopy(session.index, intoFolder(session, paths), planOptions(session));
  await publishChanges(session, { operations, ...options });
  await writeListingIfDue(session, options.signal);
}

/** Where something goes: into the folder that is there, or to the path itself. */
function intoFolder(
  session: Session,
  { from, to }: { readonly from: string; readonly to: string },
): { readonly from: string; readonly to: string } {
  const target = resolvePath(session.index, to, planOptions(session).nameOf);
  const name = from.slice(from.lastIndexOf("/") + 1);
  return { from, to: target?.kind === "folder" || target?.kind === "root" ? joinPath(target.path, name) : to };
}

/** Moves what is at a path to the trash, with all below it. */
export async function removePath(session: Session, path: string, options: SignalOption = {}): Promise<void> {
  requireEditor(session);
  if (path === "") throw new ConclaveError("the whole tree cannot be removed at once", { code: "conflict" });
  await publishChanges(session, { operations: planDelete(session.index, path, planOptions(session)), ...options });
  await writeListingIfDue(session, options.signal);
}

/**
 * Makes an older version current, or takes what is at a path out of the trash.
 *
 * @param at.version - The change that wrote the wanted version; without it the trash is meant.
 * @param at.id - The beginning of a node's id, where the trash holds several of the name.
 * @returns Where it is now: beside its own path if something else has that.
 * @throws ConclaveError `not-found`, also for what is purged and not stored any more, `exists`, `conflict` as `planRestore`;
 *   `role-too-low`.
 */
export async function restorePath(
  session: Session,
  at: { readonly path: string; readonly version?: string | undefined; readonly id?: string | undefined },
  options: SignalOption = {},
): Promise<string> {
  requireEditor(session);
  const { operations, path } = planRestore(session.index, { ...at, nameOf: memberNames(session.view.state) });
  await requireStored(session, { operations, ...options });
  await publishChanges(session, { operations, ...options });
  await writeListingIfDue(session, options.signal);
  return path;
}

/** What a purge leaves to be deleted, and what stays for others. */
export interface Purged {
  /** Files, folders and links that are out of the trash for good. */
  readonly items: number;
  /** Bytes of contents that nothing needs any more: they go with the next re-encryption, by the rules of `lettingGo`. */
  readonly bytes: number;
}

/**
 * Deletes what is at a path past the trash, with all below it and all its versions. What somebody writes, moves or restores
 * without knowing of it stays; so do contents that anything else shares.
 *
 * @throws ConclaveError `not-found`, `conflict` for the whole tree, `role-too-low`.
 */
export async function purgePath(session: Session, path: string, options: SignalOption = {}): Promise<Purged> {
  requireEditor(session);
  if (path === "") throw new ConclaveError("the whole tree cannot be removed at once", { code: "conflict" });
  return purge(session, { operations: planPurge(session.index, path, planOptions(session)), ...options });
}

/**
 * Purges all that is in the trash.
 *
 * @param options.purged - What others have purged, instead: this member's word with theirs. Default false.
 * @throws ConclaveError `role-too-low`.
 */
export async function emptyTrash(
  session: Session,
  options: SignalOption & { readonly purged?: boolean } = {},
): Promise<Purged> {
  requireEditor(session);
  return purge(session, { operations: planEmptyTrash(session.index, options), ...options });
}

async function purge(
  session: Session,
  options: SignalOption & { readonly operations: readonly Operation[] },
): Promise<Purged> {
  const before = purgedContents(session);
  await publishChanges(session, options);
  await writeListingIfDue(session, options.signal);
  const blobs = [...purgedContents(session).keys()].filter((blob) => !before.has(blob));
  const sizes = blobs.map((blob) => locationsOf(session, blob)[0]?.length ?? 0);
  const items = options.operations.filter(({ op }) => op === "purge").length;
  return { items, bytes: sizes.reduce((sum, size) => sum + size, 0) };
}
