import { PassThrough, Writable } from "node:stream";
import { defineCommand } from "../../src/command.ts";
import type { Context } from "../../src/context.ts";
import { main } from "../../src/main.ts";
import type { RegistryEntry } from "../../src/registry.ts";
import type { Io } from "../../src/terminal/io.ts";

/** A stream that keeps what is written to it. */
class Kept extends Writable {
  text = "";
  isTTY: boolean;
  columns = 80;

  constructor(isTTY: boolean) {
    super();
    this.isTTY = isTTY;
  }

  override _write(chunk: Uint8Array, _encoding: string, done: () => void): void {
    this.text += new TextDecoder().decode(chunk);
    done();
  }
}

/** A terminal's keyboard, which says whether it is in raw mode. */
class Keyboard extends PassThrough {
  isTTY = true;
  isRaw = false;
  setRawMode(on: boolean): this {
    this.isRaw = on;
    return this;
  }
}

export class World implements Io {
  readonly stdin = new Keyboard();
  readonly stdout: Kept;
  readonly stderr: Kept;
  readonly exits: number[] = [];
  env: Record<string, string> = {};
  cwd = "/";
  time = 0;
  openBrowser?: (url: string) => Promise<boolean>;
  hostName?: () => string;
  readonly clock = { now: (): number => this.time };
  #handlers: (() => void)[] = [];

  constructor(options: { readonly terminal?: boolean } = {}) {
    this.stdin.isTTY = options.terminal ?? false;
    this.stdout = new Kept(options.terminal ?? false);
    this.stderr = new Kept(options.terminal ?? false);
  }

  onInterrupt(handler: () => void): () => void {
    this.#handlers.push(handler);
    return () => {
      this.#handlers = this.#handlers.filter((each) => each !== handler);
    };
  }

  interrupt(): void {
    for (const handler of this.#handlers) handler();
  }

  exit(code: number): void {
    this.exits.push(code);
  }
}

/** A command `act` that does `work`, and nothing else, in the world given. */
export async function act(
  work: (context: Context) => unknown,
  options: { readonly argv?: readonly string[]; readonly world?: World } = {},
): Promise<{ readonly exit: number; readonly out: string; readonly err: string }> {
  const command = defineCommand({
    examples: ["conclave act"],
    args: [],
    async run(context) {
      await work(context);
    },
  });
  const entry: RegistryEntry = { name: "act", summary: "Act.", section: "Test:", load: async () => command };
  return runMain([...(options.argv ?? []), "act"], { world: options.world, registry: [entry] });
}

/** Real words in; stdout, stderr and exit code out. */
export async function runMain(
  argv: readonly string[],
  options: { readonly world?: World | undefined; readonly registry?: readonly RegistryEntry[] } = {},
): Promise<{ readonly exit: number; readonly out: string; readonly err: string }> {
  const world = options.world ?? new World();
  const exit = await main(argv, world, options.registry);
  return { exit, out: world.stdout.text, err: world.stderr.text };
}
