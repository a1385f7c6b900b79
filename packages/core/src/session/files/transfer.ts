/** What an upload or download did. */
export interface Transfer {
  /** Files that it was about, those that were skipped or failed too. */
  readonly files: number;
  /** Their bytes. */
  readonly bytes: number;
  /** Files whose contents went over. */
  readonly transferred: number;
  /** Files that were there already. */
  readonly skipped: number;
  readonly failed: readonly Failure[];
  /** Symbolic links met; they are never followed. */
  readonly links: number;
}

export interface Failure {
  readonly path: string;
  /** Why, in plain words. */
  readonly error: string;
  /** Set where the storage is to blame, and not something local. */
  readonly code?: string;
}

/** A path below another one; either may be empty. */
export function joinPath(...parts: readonly string[]): string {
  return parts.filter((part) => part !== "").join("/");
}
