/** The worker thread behind `nodeCrypto`: seals and opens one payload after the other. Bytes come and go by transfer. */
import { parentPort } from "node:worker_threads";
import { collectYoung } from "./collect.ts";
import { type OpenOptions, openNatively, type SealOptions, sealNatively } from "./payload.ts";

/** What a worker is asked; answers come in the same order. */
export type WorkerTask = ({ readonly task: "seal" } & SealOptions) | ({ readonly task: "open" } & OpenOptions);

/** What a worker answers. */
export type WorkerAnswer =
  | { readonly answer: "ready" }
  | { readonly answer: "sealed"; readonly sealed: Uint8Array<ArrayBuffer>; readonly digest: Uint8Array<ArrayBuffer> }
  | { readonly answer: "opened"; readonly plaintext: Uint8Array<ArrayBuffer> }
  | { readonly answer: "corrupt" }
  | { readonly answer: "failed"; readonly message: string };

/** What a worker is handed is its own, so its memory is used again. */
const IN_PLACE = { inPlace: true };

/** The answer to one task, and the buffers that move with it. */
function work(task: WorkerTask): { answer: WorkerAnswer; moved: ArrayBuffer[] } {
  try {
    if (task.task === "seal") {
      const { sealed, digest } = sealNatively(task, IN_PLACE);
      return { answer: { answer: "sealed", sealed, digest }, moved: [sealed.buffer] };
    }
    const plaintext = openNatively(task, IN_PLACE);
    if (plaintext === undefined) return { answer: { answer: "corrupt" }, moved: [] };
    return { answer: { answer: "opened", plaintext }, moved: [plaintext.buffer] };
  } catch (error) {
    return { answer: { answer: "failed", message: String(error) }, moved: [] };
  }
}

parentPort?.on("message", (task: WorkerTask) => {
  const { answer, moved } = work(task);
  parentPort?.postMessage(answer, moved);
  collectYoung();
});
parentPort?.postMessage({ answer: "ready" } satisfies WorkerAnswer);
