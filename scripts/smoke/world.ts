/** What a run touches of the world. */
export interface World {
  readonly env: Readonly<Record<string, string | undefined>>;
  say(line: string): void;
  readonly signal: AbortSignal;
}
