import { ConclaveError, type ConclaveErrorCode } from "../errors.ts";

/** Work in passing that may be refused for these reasons: it stays undone, and nobody is kept from their own work by it. */
export async function unlessRefused(codes: ReadonlySet<ConclaveErrorCode>, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof ConclaveError) || !codes.has(error.code)) throw error;
  }
}
