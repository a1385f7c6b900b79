/** Another error with what to do next, where the general hint for its code would mislead. */
export class Advice extends Error {
  override readonly name = "Advice";
  readonly hint: string;

  constructor(cause: unknown, hint: string) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
    this.hint = hint;
  }
}

/** Does work; an error of one of these codes is given the hint. */
export async function advising<Result>(
  hints: Readonly<Record<string, string>>,
  work: () => Promise<Result>,
): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "";
    const hint = Object.hasOwn(hints, code) ? hints[code] : undefined;
    throw hint === undefined ? error : new Advice(error, hint);
  }
}
