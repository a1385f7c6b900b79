/** Who asks to come in while somebody sits at the prompt. */
import { PassThrough } from "node:stream";
import type { Context } from "../context.ts";
import { type Io, variedIo } from "../terminal/io.ts";
import { Kept } from "../terminal/kept-stream.ts";

interface Asked {
  readonly id: string;
  readonly name: string;
  readonly fingerprint: string;
  readonly state: "waiting" | "refused";
}

/** Looks at a group's join requests; says each of them once. */
export class Newcomers {
  readonly #context: Context;
  readonly #io: Io;
  readonly #said = new Set<string>();
  #running: Promise<readonly string[]> | undefined;

  constructor(context: Context, io: Io) {
    this.#context = context;
    this.#io = io;
  }

  /** Lines about requests that were not there before. Never rejects: the storage may be away, and commands say that. */
  async look(group: string): Promise<readonly string[]> {
    this.#running ??= this.#ask(group).finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  /** Resolves once no look is under way: the next command has the index to itself. */
  async settle(): Promise<void> {
    await this.#running;
  }

  async #ask(group: string): Promise<readonly string[]> {
    const stdout = new Kept();
    const world = variedIo(this.#io, {
      stdin: Object.assign(new PassThrough(), { isTTY: false }).end(),
      stdout,
      stderr: new Kept(),
      onInterrupt: () => () => undefined,
    });
    const exit = await this.#context.perform(["requests", group, "--json", "--quiet", "--no-input"], world);
    if (exit !== 0) return [];
    const asked = (JSON.parse(stdout.text()) as readonly Asked[]).filter(({ id }) => !this.#said.has(`${group} ${id}`));
    for (const { id } of asked) this.#said.add(`${group} ${id}`);
    return asked.map(({ name, fingerprint, state }) =>
      state === "waiting"
        ? `${name} asks to join ${group} (fingerprint ${fingerprint}): "add ${name}" admits`
        : `unauthorised access by ${name} (fingerprint ${fingerprint}): refused`,
    );
  }
}
