/**
 * A few worker threads that seal and open large payloads, so that the main thread stays free and several go at once.
 *
 * Workers start when first needed, take their task's bytes by transfer, and never keep the process from ending while idle.
 */
import { Worker } from "node:worker_threads";
import { collectYoung } from "./collect.ts";
import type { WorkerAnswer, WorkerTask } from "./crypto-worker.ts";

interface Job {
  readonly task: WorkerTask;
  readonly moved: readonly ArrayBuffer[];
  readonly resolve: (answer: WorkerAnswer) => void;
  readonly reject: (error: Error) => void;
}

interface Thread {
  readonly worker: Worker;
  job: Job | undefined;
}

/** From sources (Node strips the types) as from `dist`: the worker's file has this file's ending. */
const WORKER_FILE = new URL(
  import.meta.url.endsWith(".ts") ? "./crypto-worker.ts" : "./crypto-worker.js",
  import.meta.url,
);

export class PayloadWorkers {
  readonly #limit: number;
  readonly #threads: Thread[] = [];
  readonly #waiting: Job[] = [];
  #starting: Promise<boolean> | undefined;
  #closed = false;

  constructor(options: { readonly limit: number }) {
    this.#limit = options.limit;
  }

  /**
   * Whether workers can be had here at all; starts the first. Where they cannot (a bundle without the worker's file), the
   * caller works by itself.
   */
  isAvailable(): Promise<boolean> {
    if (this.#limit === 0 || this.#closed) return Promise.resolve(false);
    this.#starting ??= this.#startFirst();
    return this.#starting;
  }

  /** Does one task on some worker. The buffers named in `moved` are gone from the caller's side at once. */
  run(task: WorkerTask, moved: readonly ArrayBuffer[]): Promise<WorkerAnswer> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ task, moved, resolve, reject });
      if (this.#threads.every((thread) => thread.job !== undefined) && this.#threads.length < this.#limit)
        this.#start();
      this.#next();
    });
  }

  /** Ends all workers; tasks under way are rejected. */
  async close(): Promise<void> {
    this.#closed = true;
    const threads = this.#threads.splice(0);
    await Promise.all(threads.map(({ worker }) => worker.terminate()));
    const abandoned = [...threads.flatMap(({ job }) => job ?? []), ...this.#waiting.splice(0)];
    for (const job of abandoned) job.reject(new Error("workers were closed"));
  }

  #startFirst(): Promise<boolean> {
    return new Promise((resolve) => {
      const { worker } = this.#start();
      // Kept alive until it answers: the caller waits for it, and an idle worker alone would let the process end.
      worker.ref();
      worker.once("message", () => resolve(true));
      worker.once("error", () => resolve(false));
      worker.once("exit", () => resolve(false));
    });
  }

  #start(): Thread {
    // Without the process's own options: some of them, such as that of `node -e`, no worker can start with.
    const worker = new Worker(WORKER_FILE, {
      name: "conclave-payload",
      execArgv: [],
      // It makes little but short-lived handles of buffers: a large young generation would only keep dead ones longer.
      resourceLimits: { maxYoungGenerationSizeMb: 2 },
    });
    const thread: Thread = { worker, job: undefined };
    thread.worker.on("message", (answer: WorkerAnswer) => this.#take(thread, answer));
    thread.worker.on("error", (error) => this.#drop(thread, error));
    thread.worker.on("exit", () => this.#drop(thread, new Error("worker ended early")));
    thread.worker.unref();
    this.#threads.push(thread);
    return thread;
  }

  #take(thread: Thread, answer: WorkerAnswer): void {
    const { job } = thread;
    thread.job = undefined;
    thread.worker.unref();
    // Its first message only says that it is there; a task may already be on its way to it.
    if (answer.answer === "ready") {
      if (job !== undefined) this.#give(thread, job, { sent: true });
    } else job?.resolve(answer);
    collectYoung();
    this.#next();
  }

  #drop(thread: Thread, error: unknown): void {
    const place = this.#threads.indexOf(thread);
    if (place < 0) return;
    this.#threads.splice(place, 1);
    thread.job?.reject(new Error("worker failed", { cause: error }));
    if (this.#waiting.length > 0) {
      if (this.#threads.length === 0) this.#start();
      this.#next();
    }
  }

  #next(): void {
    for (const thread of this.#threads) {
      if (thread.job !== undefined) continue;
      const job = this.#waiting.shift();
      if (job === undefined) return;
      this.#give(thread, job, { sent: false });
    }
  }

  #give(thread: Thread, job: Job, { sent }: { readonly sent: boolean }): void {
    thread.job = job;
    thread.worker.ref();
    if (sent) return;
    try {
      thread.worker.postMessage(job.task, [...job.moved]);
    } catch (error) {
      thread.job = undefined;
      thread.worker.unref();
      job.reject(new Error("payload cannot be handed to a worker", { cause: error }));
    }
  }
}
