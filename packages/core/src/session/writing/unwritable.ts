import { StoreError, type StoreErrorCode } from "../../ports/store.ts";

const UNWRITABLE: ReadonlySet<StoreErrorCode> = new Set(["read-only", "refused", "full"]);

/** Work in passing: who may only read, or has no room, reads on. A command that writes meets the same refusal itself. */
export async function unlessUnwritable(work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof StoreError) || !UNWRITABLE.has(error.code)) throw error;
  }
}
