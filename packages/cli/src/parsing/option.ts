/** One option of a command. Its key is its long name: `overwrite` is `--overwrite`. */
export interface Option {
  readonly summary: string;
  /** One letter, without its dash. */
  readonly short?: string;
  /** What help calls the value (`FILE`); without it the option is a mark, true or false. */
  readonly value?: string;
  /** The only values it takes. */
  readonly choices?: readonly string[];
  readonly default?: string;
  /** It may be given several times, and all its values count. */
  readonly several?: true;
}
