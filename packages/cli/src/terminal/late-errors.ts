import type { OutStream } from "./io.ts";

/**
 * Listens for a stream's errors. That nobody reads any more is said some time after a write: without a listener it would end
 * the program there and then, with a stack and another exit code.
 *
 * @returns Lets go of the stream, once it is done with all that was written.
 */
export function listenForErrors(stream: OutStream, listener: (error: unknown) => void): () => void {
  stream.on("error", listener);
  return () => void written(stream).then(() => stream.off("error", listener));
}

/** Resolves once a stream is done with all that was written, with the error if it could not be. */
export function written(stream: OutStream): Promise<Error | null | undefined> {
  return new Promise((resolve) => stream.write("", resolve));
}
