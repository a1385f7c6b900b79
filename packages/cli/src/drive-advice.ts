/** What to do where Google Drive says no: its answers mean other things than a disk's. */
import { StoreError } from "@conclave/core";
import { Advice } from "./advice.ts";

/** Whose way to Drive it is. */
interface OnDrive {
  /** The account that asks, where it is known. */
  readonly account: string | undefined;
  /** Somebody who is not in yet, by an address alone or by an invitation: how they come to reach the folder. */
  readonly newcomer?: "asking" | "invited";
}

/** Does work on a folder of Google Drive; its errors are given hints of their own. */
export async function advisingOnDrive<Result>(who: OnDrive, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    // Who asks for the folder itself is told that it is not there.
    if (error.code === "not-found") {
      throw new Advice(new StoreError(error.message, { code: "gone", cause: error }), goneHint(who));
    }
    const hint = error.code === "gone" ? goneHint(who) : HINTS[error.code];
    throw hint === undefined ? error : new Advice(error, hint);
  }
}

const HINTS: Readonly<Partial<Record<string, string>>> = {
  "read-only":
    "your account may read this folder but not write: as a viewer that is all you need; else ask an admin: the commands of one whose account may share the folder give the right back within an hour",
  refused:
    'check "conclave accounts" and what that account may do with the folder; "conclave login gdrive" signs in anew',
  full: "make room in the storage of that Google account, then run the same command again: it goes on",
};

function goneHint({ account, newcomer }: OnDrive): string {
  const who = account ?? "your account";
  if (newcomer === "invited") {
    return (
      `ask whoever invited you to invite you anew with "conclave invite GROUP NAME --account ${who}", which shares the folder, ` +
      "or to share it by hand; if it is shared with another account of yours, name that with --account"
    );
  }
  if (newcomer === "asking") {
    return (
      `ask whoever gave you this address to share the folder with ${who}: they run "conclave add GROUP CARD --account ${who}" ` +
      'with your card ("conclave id --card FILE" writes it); if it is shared with another account of yours, name that with --account'
    );
  }
  return (
    `the folder was deleted or moved to the trash, or it is not shared with ${who} (any more), as after a removal from the group; ` +
    "ask an admin of the group; whoever owns the folder finds it in the trash of Google Drive for thirty days"
  );
}
