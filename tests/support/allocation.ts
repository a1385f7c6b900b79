/**
 * How many bytes some work allocates in all, kept or let go at once: never less than what it needs at a time. V8 samples
 * what comes onto its heap; the memory of buffers is counted beside it.
 */
import { Session } from "node:inspector";

/** One sample for about so many bytes: the smaller, the truer and the slower. */
const SAMPLE_BYTES = 1024;

interface Node {
  readonly selfSize: number;
  readonly children: readonly Node[];
}

export class Allocation {
  readonly #session = new Session();

  constructor() {
    this.#session.connect();
  }

  #post(method: string, parameters: object = {}): unknown {
    let result: unknown;
    this.#session.post(method, parameters, (error: Error | null, answer?: object) => {
      if (error) throw error;
      result = answer;
    });
    return result;
  }

  /** @returns Bytes on the heap (sampled) and in buffers. What a collection took meanwhile is missing of the latter alone. */
  async of(work: () => unknown): Promise<number> {
    const before = process.memoryUsage().arrayBuffers;
    const sampling = { includeObjectsCollectedByMajorGC: true, includeObjectsCollectedByMinorGC: true };
    this.#post("HeapProfiler.startSampling", { samplingInterval: SAMPLE_BYTES, ...sampling });
    await work();
    const buffers = process.memoryUsage().arrayBuffers - before;
    const { profile } = this.#post("HeapProfiler.stopSampling") as { readonly profile: { readonly head: Node } };
    return sizeOf(profile.head) + Math.max(0, buffers);
  }

  stop(): void {
    this.#session.disconnect();
  }
}

function sizeOf({ selfSize, children }: Node): number {
  return children.reduce((sum, child) => sum + sizeOf(child), selfSize);
}
