import type { ConclaveErrorCode, StoreErrorCode } from "@conclave/core";
import type { SignInErrorCode } from "@conclave/node";
import type { CommandErrorCode } from "./command-error.ts";

/** The exit codes, as help shows them. */
export const EXIT_CODES: readonly (readonly [exit: number, meaning: string])[] = [
  [0, "done"],
  [1, "failed, with a reason not listed below"],
  [2, "usage"],
  [3, "refused: not a member, role too low, waiting for approval"],
  [4, "not found"],
  [5, "integrity: the storage shows something altered, missing, forged or rolled back"],
  [6, "storage unreachable or over quota"],
  [130, "interrupted; running the same command again goes on"],
];

/** What an error code means to a script and to a person. */
export interface Outcome {
  readonly exit: number;
  /** What to do next, unless the error brings its own. */
  readonly hint?: string;
}

export const COMMAND_OUTCOMES: Readonly<Record<CommandErrorCode, Outcome>> = {
  usage: { exit: 2, hint: "run the command with --help to see how it is written" },
  "needs-input": { exit: 2 },
  interrupted: { exit: 130, hint: "running the same command again goes on" },
};

const NOTHING_RELEASED = "nothing unverified was released";

export const CONCLAVE_OUTCOMES: Readonly<Record<ConclaveErrorCode, Outcome>> = {
  corrupt: { exit: 5, hint: `${NOTHING_RELEASED}; run "conclave verify GROUP" to see all that is wrong` },
  malformed: { exit: 1, hint: "check that it was copied whole" },
  limit: { exit: 1 },
  "log-full": {
    exit: 1,
    hint: 'ask an owner to do it; "conclave status GROUP" says who fills the log, and whom an owner removes and adds again has a new part of it',
  },
  "no-index": {
    exit: 1,
    hint: 'nobody can say any more whether the storage shows what is old; forget the group here with "conclave leave GROUP --local", which keeps you a member, and join it again with what "conclave address GROUP" says to another member now',
  },
  "other-index": {
    exit: 1,
    hint: 'use that version; or forget the group here with "conclave leave GROUP --local", which keeps you a member, and join it again with what "conclave address GROUP" says to another member',
  },
  unsupported: { exit: 1, hint: "update conclave, then run the same command again" },
  "not-a-member": { exit: 3, hint: 'ask to be admitted with "conclave join ADDRESS"' },
  removed: { exit: 3, hint: "an admin of the group can admit you again" },
  deleted: {
    exit: 4,
    hint: '"conclave leave GROUP" takes it off this device\'s list; what you downloaded is yours as before',
  },
  waiting: { exit: 3, hint: "tell an admin your fingerprint, and run the same command again once you are admitted" },
  expired: { exit: 3, hint: "ask whoever invited you for a new code" },
  "role-too-low": { exit: 3, hint: 'an admin can change it with "conclave role GROUP MEMBER ROLE"' },
  "account-taken": {
    exit: 3,
    hint: "each person needs an account of their own: who is removed loses the account's access to the folder",
  },
  "last-owner": { exit: 3, hint: 'make somebody else an owner first, with "conclave role GROUP MEMBER owner"' },
  "not-found": {
    exit: 4,
    hint: 'check how it is written: "conclave groups", "conclave members GROUP" and "conclave ls GROUP:" show what there is',
  },
  exists: { exit: 1, hint: "choose another name" },
  "fingerprint-mismatch": {
    exit: 5,
    hint: "do not go on; compare fingerprints again by another way, by voice for instance",
  },
  "wrong-passphrase": {
    exit: 1,
    hint: "try again; where it is lost, RECOVERY.md says how the recovery kit brings the files back",
  },
  rollback: {
    exit: 5,
    hint: "if you know why the storage went back, for instance a restored backup, add --accept-rollback",
  },
  unconfirmed: {
    exit: 3,
    hint: 'reading works; ask a member for "conclave address GROUP" as it is now, and run "conclave join" with it: then writing does too',
  },
  contested: {
    exit: 5,
    hint: 'talk to the others; "conclave log GROUP" shows both histories, and "conclave settle GROUP ENTRY" chooses one',
  },
  "stale-epoch": { exit: 3, hint: "an admin's next command on the group mends it; then run the same command again" },
  overtaken: { exit: 1, hint: "run the same command again" },
  missing: { exit: 5, hint: `${NOTHING_RELEASED}; if the storage is still being synchronised, wait and try again` },
  "source-changed": { exit: 1, hint: "run the same command again when nobody is writing to the file" },
  "no-access": { exit: 1, hint: "check who owns it and what you may do with it" },
  "unsafe-target": { exit: 1, hint: "choose a folder that holds no links, and that no other program changes" },
  conflict: { exit: 1, hint: "move what is in the way, or choose another place" },
};

const SOMEBODY_BETWEEN =
  "something stands between this machine and the provider: use another network, and check this machine's clock and certificates";

const SIGN_IN_AGAIN = 'sign in again with "conclave login gdrive --account EMAIL"';

export const SIGN_IN_OUTCOMES: Readonly<Record<SignInErrorCode, Outcome>> = {
  "signed-out": {
    exit: 3,
    hint: 'sign in with "conclave login gdrive"; "conclave accounts" shows which accounts are here',
  },
  "ambiguous-account": { exit: 2, hint: "say which with --account EMAIL" },
  "consent-refused": {
    exit: 3,
    hint: "sign in again and allow access; an organisation's administrator may have to allow the client id first",
  },
  "sign-in-expired": {
    exit: 3,
    hint: `${SIGN_IN_AGAIN}; if you did not take it back yourself, look in the account's security settings who did`,
  },
  "wrong-client": {
    exit: 3,
    hint: "check the client id and its secret with --client-id and --client-secret-file; docs/google-drive.md says where they come from",
  },
  "answer-refused": { exit: 3, hint: "run conclave login again, and use only the page that it opens" },
  "timed-out": { exit: 3, hint: "run the same command again; --wait SECONDS gives more time" },
  "scope-refused": {
    exit: 3,
    hint: "sign in again and leave the access to Google Drive ticked on the provider's page",
  },
  "other-account": { exit: 3, hint: "choose the right account on the provider's page, or leave out --account" },
  unreachable: { exit: 6, hint: "check the connection, then run the same command again" },
  "untrusted-answer": {
    exit: 6,
    hint: SOMEBODY_BETWEEN,
  },
};

export const STORE_OUTCOMES: Readonly<Record<StoreErrorCode, Outcome>> = {
  "not-found": { exit: 4, hint: "check that the storage is connected and that its address is right" },
  gone: { exit: 6, hint: "ask whoever owns the folder to share it with this account again" },
  unavailable: { exit: 6, hint: "check the connection, then run the same command again: it goes on" },
  untrusted: { exit: 6, hint: SOMEBODY_BETWEEN },
  flagged: {
    exit: 6,
    hint: "the member who put it there still reads it: ask them for the file; the group's next change of key, re-encrypted by their device, stores it anew. The provider reviews such a file when its owner asks",
  },
  full: { exit: 6, hint: "make room on the storage, then run the same command again: it goes on" },
  "read-only": { exit: 6, hint: "this account may not write there; ask whoever owns the folder" },
  refused: { exit: 6, hint: "check what you may do with that folder, or ask whoever owns it" },
  "invalid-key": { exit: 1 },
  "too-large": { exit: 1 },
};

/** The system's own errors that people meet, in plain words. */
export const SYSTEM_OUTCOMES: Readonly<Record<string, Outcome & { readonly meaning: string }>> = {
  ENOENT: { exit: 4, meaning: "there is no such file or folder" },
  EACCES: { exit: 1, meaning: "permission denied", hint: "check who owns it and what you may do with it" },
  EPERM: { exit: 1, meaning: "the system does not permit it", hint: "check who owns it and what you may do with it" },
  EROFS: { exit: 1, meaning: "that disk may only be read" },
  ENOSPC: {
    exit: 1,
    meaning: "no space left on the disk",
    hint: "make room, then run the same command again: it goes on",
  },
  EDQUOT: {
    exit: 1,
    meaning: "over quota on the disk",
    hint: "make room, then run the same command again: it goes on",
  },
  EMFILE: { exit: 1, meaning: "too many open files" },
  ENOTDIR: { exit: 4, meaning: "part of the path is not a folder" },
  EISDIR: { exit: 1, meaning: "it is a folder" },
  ENAMETOOLONG: { exit: 1, meaning: "the name is longer than the system takes" },
  EIO: { exit: 1, meaning: "the disk failed", hint: "check the disk" },
};

/** SQLite's result codes that people meet. */
export const DATABASE_OUTCOMES: ReadonlyMap<number, Outcome & { readonly meaning: string }> = new Map([
  [5, { exit: 1, meaning: "another process holds it", hint: "wait until it is done, then run the same command again" }],
  [8, { exit: 1, meaning: "it may only be read", hint: "check who owns it and what you may do with it" }],
  [10, { exit: 1, meaning: "the disk failed", hint: "check the disk" }],
  [13, { exit: 1, meaning: "no space left on the disk", hint: SYSTEM_OUTCOMES.ENOSPC?.hint ?? "" }],
  [14, { exit: 1, meaning: "it cannot be opened", hint: "check who owns it and what you may do with it" }],
]);

/** The table of exit codes, as every command's help ends with it. */
export function exitTable(): string {
  return ["Exit codes:", ...EXIT_CODES.map(([exit, meaning]) => `  ${String(exit).padEnd(5)}${meaning}`)].join("\n");
}
