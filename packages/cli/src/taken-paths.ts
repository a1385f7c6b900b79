import { usage } from "./command-error.ts";

/** What one of several sources puts at a path. */
interface Claim {
  /** The source, as it was named. */
  readonly from: string;
  /** A folder among a source's contents, in which other sources' contents may lie too. */
  readonly isShared?: boolean;
}

/**
 * The paths that the sources of one command get. No two may get the same: the second would take the place of the first, or,
 * of the same size and time, be taken for it.
 */
export class TakenPaths {
  readonly #claims = new Map<string, Claim>();
  readonly #hint: string;

  /** @param hint - What to do where two sources get one path. */
  constructor(hint: string) {
    this.#hint = hint;
  }

  /** @throws CommandError `usage` if another source gets the path. */
  take(path: string, claim: Claim): void {
    const other = this.#claims.get(path);
    if (other && !(other.isShared && claim.isShared)) {
      throw usage(`${other.from} and ${claim.from} would both become ${path}`, this.#hint);
    }
    this.#claims.set(path, claim);
  }
}
