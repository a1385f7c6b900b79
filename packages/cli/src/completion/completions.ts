/** What may stand at the end of a line. */
export interface Completions {
  /** Whole words that begin with what was typed. One that ends in `/`, `:` or `=` may go on. */
  readonly words: readonly string[];
  /** Whether a file of this machine may stand there too. */
  readonly files: boolean;
}
