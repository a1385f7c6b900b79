/** Names of files that are being downloaded, and what is left of them when a run was killed. */
import { createHash, randomBytes } from "node:crypto";
import { lstat, readdir, unlink } from "node:fs/promises";
import { hostname } from "node:os";
import { systemCode, unlessAbsent } from "./system-error.ts";

const UNFINISHED = /^\.conclave-([0-9a-f]{8})-([0-9]{1,10})-[0-9a-f]{16}\.part(?::\?)?$/;
/** One folder may be used by several machines, whose process numbers mean nothing here. */
const HOST = createHash("sha256").update(hostname()).digest("hex").slice(0, 8);
/** What this process is writing now. */
const ours = new Set<string>();

/** A new hidden name that no other file has, recognisable later as this process's. Give it back with {@link forget}. */
export function unfinishedName(): string {
  const name = `.conclave-${HOST}-${process.pid}-${randomBytes(8).toString("hex")}.part`;
  ours.add(name);
  return name;
}

/** Says that the file of that name has its final one, or is gone. */
export function forget(name: string): void {
  ours.delete(name);
}

/** Whether a name is one that {@link unfinishedName} could have given, on any machine. */
export function isUnfinished(name: string): boolean {
  return UNFINISHED.test(name);
}

/**
 * Deletes what killed runs of this machine left in one folder, and nothing else.
 *
 * @param at - Gives the path by which a name in the folder is reached.
 */
export async function sweepUnfinished(at: (name: string) => string): Promise<void> {
  const names = await readdir(at(""));
  for (const name of names) {
    if (await isLeftOver(name, at(name))) await unlessAbsent(unlink(at(name)));
  }
}

async function isLeftOver(name: string, path: string): Promise<boolean> {
  const match = UNFINISHED.exec(name);
  if (match === null || match[1] !== HOST || ours.has(name)) return false;
  const stats = await unlessAbsent(lstat(path));
  if (!stats?.isFile()) return false;
  const pid = Number(match[2]);
  // In containers a process often has the number of the one before it; older than this process means not by it.
  return pid === process.pid ? stats.ctimeMs < performance.timeOrigin : !isRunning(pid);
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return systemCode(error) !== "ESRCH";
  }
}
