/** How far a long piece of work is; sizes in bytes of plaintext, or of sealed objects where contents are re-encrypted. */
export interface Progress {
  readonly doneBytes: number;
  readonly totalBytes: number;
  readonly doneItems: number;
  readonly totalItems: number;
  /** Path of what is being worked on; not escaped. */
  readonly current?: string;
}

/** Options of every piece of work that may take long. */
export interface WorkOptions {
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: Progress) => void;
}
