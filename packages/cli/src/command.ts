/** What a command is: data, and one function. */
import type { Context } from "./context.ts";
import type { Option } from "./parsing/option.ts";

/**
 * An argument by its name: `group` is required, `path?` may be left out, `source...` takes one or more, `name?...` any
 * number. Only the last one may take several, except that a required one may follow.
 */
type Argument = string;

/** The name under which an argument's value is found. */
type NameOf<A extends Argument> = A extends `${infer Name}?...`
  ? Name
  : A extends `${infer Name}...`
    ? Name
    : A extends `${infer Name}?`
      ? Name
      : A;
type ValueOf<A extends Argument> = A extends `${string}...`
  ? readonly string[]
  : A extends `${string}?`
    ? string | undefined
    : string;

type OptionValue<O extends Option> = O extends { readonly choices: readonly (infer Choice)[] }
  ? O extends { readonly default: string }
    ? Choice
    : Choice | undefined
  : O extends { readonly several: true }
    ? readonly string[]
    : O extends { readonly value: string }
      ? O extends { readonly default: string }
        ? string
        : string | undefined
      : boolean;

/** A command's arguments and options by name. */
export type Words<Arguments extends readonly Argument[], Options extends { readonly [name: string]: Option }> = {
  readonly [A in Arguments[number] as NameOf<A>]: ValueOf<A>;
} & { readonly [Name in keyof Options]: OptionValue<Options[Name]> };

/** A command, as `commands/` defines them. */
export interface Command<
  Arguments extends readonly Argument[] = readonly Argument[],
  Options extends { readonly [name: string]: Option } = { readonly [name: string]: Option },
> {
  /** What help says first: whole command lines that work. */
  readonly examples: readonly string[];
  readonly args: Arguments;
  readonly options?: Options;
  /** More that help says, below its options. */
  readonly notes?: string;
  /** Does the work. Whatever it throws is printed, and decides the exit code. */
  run(context: Context, words: Words<Arguments, Options>): Promise<number | undefined> | Promise<void>;
}

/** A command whose words are no longer known by name: what the registry holds. */
export interface AnyCommand extends Omit<Command, "run"> {
  run(context: Context, words: never): Promise<number | undefined> | Promise<void>;
}

/** Gives a command its type from its own data: arguments and options arrive in `run` by name. */
export function defineCommand<
  const Arguments extends readonly Argument[],
  const Options extends { readonly [name: string]: Option } = Record<never, Option>,
>(command: Command<Arguments, Options>): AnyCommand {
  return command;
}
