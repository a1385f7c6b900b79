/** What to do where Google Drive says no: its answers mean other things than a disk's. */
import { StoreError } from "@conclave/core";
import { Advice } from "./advice.ts";

const GONE_HINT =
  'the folder was deleted or moved to the trash, or it is not shared with your account (any more), as after a removal from the group; "conclave accounts" shows which account this is; ask an admin of the group';

const HINTS: Readonly<Record<string, string>> = {
  "read-only":
    "your account may read this folder but not write: as a viewer that is all you need; else an admin has to add you with --account",
  refused:
    'check "conclave accounts" and what that account may do with the folder; "conclave login gdrive" signs in anew',
  full: "make room in the storage of that Google account, then run the same command again: it goes on",
};

/** Does work on a folder of Google Drive; its errors are given hints of their own. */
export async function advisingOnDrive<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    // What cannot be reached now may be shared again tomorrow: it is no typing error.
    if (error.code === "not-found") {
      throw new Advice(new StoreError(error.message, { code: "unavailable", cause: error }), GONE_HINT);
    }
    const hint = Object.hasOwn(HINTS, error.code) ? HINTS[error.code] : undefined;
    throw hint === undefined ? error : new Advice(error, hint);
  }
}
