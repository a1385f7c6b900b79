import { Writable } from "node:stream";
import type { OutStream } from "./io.ts";

/** A stream that keeps what is written to it, for a command that is run by another. */
export class Kept extends Writable implements OutStream {
  readonly isTTY = false;
  #chunks: Uint8Array[] = [];

  override _write(chunk: Uint8Array, _encoding: string, done: () => void): void {
    this.#chunks.push(new Uint8Array(chunk)); // Whoever wrote it takes the memory back.
    done();
  }

  text(): string {
    return new TextDecoder().decode(Buffer.concat(this.#chunks));
  }
}
