/** Where the demo's people act: each with a home of their own, through the real command line, in this process. */

import { join } from "node:path";
import { PassThrough } from "node:stream";
import type { Context } from "../context.ts";
import type { Io } from "../terminal/io.ts";
import { Kept } from "../terminal/kept-stream.ts";

/** What one command gave. */
export interface Given {
  readonly exit: number;
  readonly out: string;
  readonly err: string;
  readonly seconds: number;
}

/** What is around a person besides their home. */
export type World = Pick<Io, "env" | "openBrowser">;

/** One person's words on the command line. */
export type Say = (...argv: readonly string[]) => Promise<Given>;

/** A person whose home lies in `folder`. */
export function person(
  context: Context,
  options: { readonly folder: string; readonly name: string; readonly world: World },
): Say {
  const { folder, name, world } = options;
  return async (...argv) => {
    const stdout = new Kept();
    const stderr = new Kept();
    const started = context.clock.now();
    const io: Io = {
      stdin: Object.assign(new PassThrough(), { isTTY: false }).end(),
      stdout,
      stderr,
      ...world,
      env: { ...world.env, CONCLAVE_HOME: join(folder, `home of ${name}`) },
      cwd: folder,
      clock: context.clock,
      onInterrupt(handler) {
        context.signal.addEventListener("abort", handler, { once: true });
        return () => context.signal.removeEventListener("abort", handler);
      },
      exit: () => undefined,
    };
    const exit = await context.perform(argv, io);
    context.signal.throwIfAborted();
    return { exit, out: stdout.text(), err: stderr.text(), seconds: (context.clock.now() - started) / 1000 };
  };
}

/** That something is not as the story tells it. */
export function requireTold(isTrue: boolean, what: string): asserts isTrue {
  if (!isTrue) throw new Error(`the story did not go as told: ${what}`);
}

/** A command that must succeed, and its JSON. */
export async function told<Result>(given: Promise<Given>, what: string): Promise<Result & { readonly took: number }> {
  const { exit, out, err, seconds } = await given;
  requireTold(exit === 0, `${what} ended with ${exit}: ${err.trim()}`);
  return { ...(JSON.parse(out) as Result), took: seconds };
}
