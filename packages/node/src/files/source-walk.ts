import { isUtf8 } from "node:buffer";
import { lstat, readdir, readlink } from "node:fs/promises";
import { HOME_LEFT_OUT, isHome, type SourceEntry, type SourceProblem } from "@conclave/core";
import { modifiedOf } from "./opened-file.ts";
import { systemCode } from "./system-error.ts";
import { isUnfinished } from "./unfinished.ts";

/** How many files are looked at together. More gains nothing: the system's threads are fewer. */
const BATCH = 128;

/** A folder that is being walked: the rest of its names, and entries that were looked at and not yet given. */
interface Frame {
  readonly file: string;
  readonly path: string;
  readonly names: readonly Buffer[];
  next: number;
  ready: Iterator<SourceEntry | SourceProblem>;
}

/**
 * Everything below a folder: names in the order of their bytes, a folder before its contents. Holds the names of the
 * folders on the way down, and one batch of entries, never the whole tree. Of a home nothing is given but that it is one.
 */
export async function* walkFolder(top: string): AsyncGenerator<SourceEntry | SourceProblem> {
  const frames: Frame[] = [];
  const enter = async (file: string, path: string): Promise<SourceProblem | undefined> => {
    const names = await readdir(file, { encoding: "buffer" }).catch((error: unknown) => problemOf(path, error));
    if (!Array.isArray(names)) return names;
    if (holdsHome(names)) return { path, problem: HOME_LEFT_OUT }; // check: key
    frames.push({ file, path, names: names.sort(Buffer.compare), next: 0, ready: [].values() });
    return undefined;
  };
  const unreadable = await enter(top, "");
  if (unreadable) yield unreadable;
  for (let frame = frames.at(-1); frame !== undefined; frame = frames.at(-1)) {
    const found = await nextOf(frame);
    if (found === undefined) {
      frames.pop();
      continue;
    }
    yield found;
    if (!("kind" in found) || found.kind !== "folder") continue;
    const problem = await enter(below(top, found.path), found.path);
    if (problem) yield problem;
  }
}

/** By the listing alone, so that no folder costs another look. */
function holdsHome(names: readonly Buffer[]): boolean {
  return isHome((name) => names.some((bytes) => bytes.equals(Buffer.from(name))));
}

async function nextOf(frame: Frame): Promise<SourceEntry | SourceProblem | undefined> {
  const ready = frame.ready.next();
  if (!ready.done) return ready.value;
  if (frame.next >= frame.names.length) return undefined;
  const batch = frame.names.slice(frame.next, frame.next + BATCH);
  frame.next += batch.length;
  frame.ready = (await Promise.all(batch.map((name) => lookAt(frame, name)))).values();
  return nextOf(frame);
}

async function lookAt(frame: Frame, bytes: Buffer): Promise<SourceEntry | SourceProblem> {
  if (!isUtf8(bytes))
    return {
      path: below(frame.path, showBytes(bytes)),
      problem: "its name is not valid UTF-8, so it was left out: rename it",
    };
  const name = bytes.toString();
  const path = frame.path === "" ? name : `${frame.path}/${name}`;
  if (isUnfinished(name)) return { path, problem: "it is what an interrupted download left" };
  return entryOf({ file: below(frame.file, name), path });
}

/** What lies at one place, a link not followed. `file` is where the system finds it, `path` where it is in the tree. */
export async function entryOf(place: {
  readonly file: string;
  readonly path: string;
}): Promise<SourceEntry | SourceProblem> {
  try {
    const stats = await lstat(place.file);
    const entry = { path: place.path, size: 0, modified: modifiedOf(stats), executable: false };
    if (stats.isFile()) return { ...entry, kind: "file", size: stats.size, executable: isExecutable(stats.mode) };
    if (stats.isDirectory()) return { ...entry, kind: "folder" };
    if (stats.isSymbolicLink()) return await linkOf({ ...entry, kind: "link" }, place.file);
    return { path: place.path, problem: "it is a socket, a pipe or a device" };
  } catch (error) {
    return problemOf(place.path, error);
  }
}

async function linkOf(entry: SourceEntry, file: string): Promise<SourceEntry | SourceProblem> {
  const target = await readlink(file, { encoding: "buffer" });
  if (!isUtf8(target)) return { path: entry.path, problem: "what the link points to is not valid UTF-8" };
  return { ...entry, target: target.toString() };
}

/** The owner's mark. Windows has none, and its files show one. */
function isExecutable(mode: number): boolean {
  return process.platform !== "win32" && (mode & 0o100) !== 0;
}

function problemOf(path: string, error: unknown): SourceProblem {
  const code = systemCode(error);
  if (code === "EACCES" || code === "EPERM") return { path, problem: "it may not be read by this user" };
  if (code === "ENOENT" || code === "ENOTDIR") return { path, problem: "it vanished while it was looked at" };
  if (code === "ENAMETOOLONG") return { path, problem: "its path is longer than the system takes" };
  return { path, problem: `the system could not read it (${code ?? "unknown"})` };
}

function below(folder: string, name: string): string {
  return folder === "" || folder.endsWith("/") ? `${folder}${name}` : `${folder}/${name}`;
}

/** A name that is no text, for people: ASCII as it is, every other byte as `\xNN`. */
function showBytes(bytes: Buffer): string {
  return Array.from(bytes, (byte) =>
    byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : `\\x${byte.toString(16).padStart(2, "0")}`,
  ).join("");
}
