import type { AnyCommand } from "./command.ts";

/** A command as the list of all shows it. Its own file is read only when it is run or its help is asked for. */
export interface RegistryEntry {
  /** One word, or two: `device add` is a command below `device`. */
  readonly name: string;
  readonly summary: string;
  /** Under which heading help lists it. */
  readonly section: string;
  load(): Promise<AnyCommand>;
}

/** All commands, in the order in which help lists them. */
export const REGISTRY: readonly RegistryEntry[] = [
  {
    name: "help",
    summary: "Show how a command is written.",
    section: "More:",
    load: async () => (await import("./commands/help.ts")).help,
  },
];
