import { type CallOptions, type GetOptions, StoreError } from "../../src/ports/store.ts";

/** The smallest store that will do for contents: a map, with a count of what was asked of it. */
export class MapStore {
  readonly objects = new Map<string, Uint8Array<ArrayBuffer>>();
  readonly gets: { readonly key: string; readonly offset: number; readonly bytes: number }[] = [];

  async put(key: string, bytes: Uint8Array, options: CallOptions = {}): Promise<void> {
    options.signal?.throwIfAborted();
    this.objects.set(key, bytes.slice());
  }

  async get(key: string, options: GetOptions = {}): Promise<Uint8Array<ArrayBuffer>> {
    options.signal?.throwIfAborted();
    const whole = this.objects.get(key);
    if (whole === undefined) throw new StoreError(`get ${key}`, { code: "not-found" });
    const offset = options.offset ?? 0;
    const bytes = whole.slice(offset, offset + (options.length ?? whole.length));
    this.gets.push({ key, offset, bytes: bytes.length });
    return bytes;
  }

  /** The stored bytes themselves, to be spoilt. */
  bytesOf(key: string): Uint8Array<ArrayBuffer> {
    const bytes = this.objects.get(key);
    if (bytes === undefined) throw new Error(`nothing at ${key}`);
    return bytes;
  }
}
