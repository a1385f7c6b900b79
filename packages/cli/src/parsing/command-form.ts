import type { Option } from "./option.ts";

/** How a command is written: what a prompt and completion need of it. */
export interface CommandForm {
  /** One word, or two. */
  readonly name: string;
  readonly args: readonly string[];
  readonly options: { readonly [name: string]: Option };
}
