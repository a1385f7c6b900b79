/** Where claimed times come from. They order nothing. */
export interface Clock {
  /** Milliseconds since 1970-01-01T00:00:00Z. */
  now(): number;
}

/**
 * Tells runs of the program apart, so that one process does not clean up what another is still putting.
 */
export interface Runs {
  /** A name for this run that no other run on this machine has had. */
  readonly current: string;
  /** Whether the run of that name may still be going. */
  isAlive(run: string): boolean;
}
