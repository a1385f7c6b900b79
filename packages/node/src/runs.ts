/** Which runs of the program are still going, so that none cleans up after another that only takes its time. */
import { randomBytes } from "node:crypto";
import { readFileSync, readlinkSync } from "node:fs";
import type { Clock, Runs } from "@conclave/core";

/** The machine's clock. */
export const systemClock: Clock = { now: () => Date.now() };

/** `<pid>-<start>-<place>-<random>`; start and place are 0 where the system does not tell. */
const RUN = /^([1-9][0-9]{0,9})-([0-9]{1,20})-([0-9a-f]{1,64})-[0-9a-f]{16}$/;

/** A process's start, in ticks since the machine started; undefined if there is no such process. Linux, proc(5). */
function startOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    // The second field is the program's name in parentheses, with whatever in it; the start is the 22nd.
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
  } catch {
    return undefined;
  }
}

/** Where process numbers mean what they mean here: this start of the machine, this container; "0" if nothing tells. */
function placeOfPids(): string {
  try {
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "latin1").replaceAll(/[^0-9a-f]/g, "");
    const namespace = Number(/\d+/.exec(readlinkSync("/proc/self/ns/pid"))?.[0] ?? 0);
    return `${boot}${namespace.toString(16)}`;
  } catch {
    return "0";
  }
}

/** This process as a run, and a look at others by their names. */
export function processRuns(): Runs {
  const place = placeOfPids();
  const current = `${process.pid}-${startOf(process.pid) ?? 0}-${place}-${randomBytes(8).toString("hex")}`;
  return { current, isAlive: (run) => run === current || isAlive(run, place) };
}

function isAlive(run: string, place: string): boolean {
  const [, pid, start, itsPlace] = RUN.exec(run) ?? [];
  // A name of no known form was never a run of this program.
  if (pid === undefined || itsPlace === undefined) return false;
  // Another container's process cannot be seen from here; an earlier start of the machine has ended.
  if (itsPlace !== place) return itsPlace.slice(0, 32) === place.slice(0, 32);
  if (start !== "0") return startOf(Number(pid)) === start;
  return hasProcess(Number(pid));
}

function hasProcess(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Somebody else's process is one all the same.
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
