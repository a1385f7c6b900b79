import { lstat, mkdir, readlink, stat, symlink } from "node:fs/promises";
import { ConclaveError, type SourceFile, type TargetFile, type TargetState, type TargetTree } from "@conclave/core";
import { holdTop } from "./held-folder.ts";
import { chooseName, FoldedSets, type NameRules } from "./local-name.ts";
import { probeNames } from "./name-probe.ts";
import { modifiedOf, openPlain, sourceFile } from "./opened-file.ts";
import { onOneFile, systemCode, unlessAbsent } from "./system-error.ts";
import { startFile } from "./target-file.ts";
import { TargetFolders } from "./target-folders.ts";
import { inTheWay, refuseLeadingOut, targetNames, tooLong, unsafe } from "./target-path.ts";

/** A target folder; to be closed after use. */
export interface LocalTarget extends TargetTree {
  /** Lets go of the folders that are held open. */
  close(): Promise<void>;
}

/**
 * Opens a local folder to download into.
 *
 * @param path - The folder as a person named it; links on the way to it, and it itself being one, are theirs to decide.
 * @param options.create - Make the folder, and those above it, if it is missing; private to the user.
 * @param options.byPath - Do without descriptors of folders, as systems other than Linux must. For tests.
 * @throws ConclaveError `not-found` if it is missing, `conflict` if it is no folder; else the system's own error.
 */
export async function openTarget(
  path: string,
  options: { readonly create?: boolean; readonly byPath?: boolean } = {},
): Promise<LocalTarget> {
  if (options.create) await makeTop(path);
  const stats = await unlessAbsent(stat(path));
  if (stats === undefined) throw new ConclaveError(`there is no folder ${path}`, { code: "not-found" });
  if (!stats.isDirectory()) throw inTheWay(`${path} is no folder`);
  const top = await holdTop(path, { byPath: options.byPath ?? false });
  return new LocalTargetTree(new TargetFolders(top), await probeNames(top));
}

async function makeTop(path: string): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o700 }).catch((cause: unknown) => {
    const code = systemCode(cause);
    throw code === "EEXIST" || code === "ENOTDIR" ? inTheWay(`${path} is no folder`, cause) : cause;
  });
}

class LocalTargetTree implements LocalTarget {
  readonly #folders: TargetFolders;
  readonly #rules: NameRules;
  readonly #folded = new FoldedSets();

  constructor(folders: TargetFolders, rules: NameRules) {
    this.#folders = folders;
    this.#rules = rules;
  }

  state(path: string): Promise<TargetState | undefined> {
    return onOnePath(path, async () => {
      const { parents, name } = this.#place(path);
      const lease = await this.#folders.find(parents);
      if (lease === undefined) return undefined;
      try {
        const stats = await unlessAbsent(lstat(lease.folder.at(name)));
        return stats && { kind: kindOf(stats), size: stats.isFile() ? stats.size : 0, modified: modifiedOf(stats) };
      } finally {
        await lease.release();
      }
    });
  }

  open(path: string): Promise<SourceFile> {
    return onOnePath(path, async () => {
      const { parents, name } = this.#place(path);
      const lease = await this.#folders.find(parents);
      if (lease === undefined) throw notPlain(path, "is gone");
      try {
        return sourceFile(openPlain(lease.folder.at(name), (why, cause) => notPlain(path, why, cause)));
      } finally {
        await lease.release();
      }
    });
  }

  makeFolder(path: string): Promise<void> {
    return onOnePath(path, async () => {
      const lease = await this.#folders.make(targetNames(path, this.#rules));
      await lease.release();
    });
  }

  create(path: string, options: { readonly size: number; readonly over?: TargetState | null }): Promise<TargetFile> {
    return onOnePath(path, async () => {
      const { parents, name } = this.#place(path);
      if (name === "") throw unsafe("the target folder itself cannot become a file");
      const lease = await this.#folders.make(parents);
      try {
        return await startFile({ lease, name, path }, options);
      } catch (error) {
        await lease.release();
        throw error;
      }
    });
  }

  makeLink(path: string, target: string): Promise<void> {
    return onOnePath(path, async () => {
      const { parents, name } = this.#place(path);
      if (name === "") throw unsafe("the target folder itself cannot become a link");
      refuseLeadingOut({ path, target, depth: parents.length });
      const lease = await this.#folders.make(parents);
      try {
        await symlink(target, lease.folder.at(name)).catch(async (cause: unknown) => {
          if (systemCode(cause) !== "EEXIST") throw cause;
          const there = await readlink(lease.folder.at(name)).catch(() => undefined);
          if (there !== target) throw inTheWay(`${path} is in the way of a link`, cause);
        });
      } finally {
        await lease.release();
      }
    });
  }

  localName(name: string, taken: ReadonlySet<string>): string {
    const isTaken = (candidate: string): boolean =>
      this.#rules.folds ? this.#folded.has(taken, candidate) : taken.has(candidate);
    return chooseName(name, isTaken, this.#rules);
  }

  close(): Promise<void> {
    return this.#folders.close();
  }

  #place(path: string): { readonly parents: readonly string[]; readonly name: string } {
    const names = targetNames(path, this.#rules);
    return { parents: names.slice(0, -1), name: names.at(-1) ?? "" };
  }
}

/** A path that this system cannot hold, or does not let be used, is refused like any other; it holds nothing else up. */
async function onOnePath<Result>(path: string, work: () => Promise<Result>): Promise<Result> {
  try {
    return await onOneFile(work);
  } catch (cause) {
    const code = systemCode(cause);
    if (code === "ENAMETOOLONG") throw tooLong(`${path} is longer than this system takes`, cause);
    throw code === "EILSEQ" ? unsafe(`${path} holds characters that this file system does not take`, cause) : cause;
  }
}

function kindOf(stats: { isFile(): boolean; isDirectory(): boolean; isSymbolicLink(): boolean }): TargetState["kind"] {
  if (stats.isFile()) return "file";
  if (stats.isDirectory()) return "folder";
  return stats.isSymbolicLink() ? "link" : "other";
}

function notPlain(path: string, why: string, cause?: unknown): ConclaveError {
  return new ConclaveError(`${path} ${why}`, { code: why === "is a link" ? "unsafe-target" : "not-found", cause });
}
