/** What Google's faces share. */
import type { Cloud } from "../cloud/model.ts";
import type { Answer } from "../http/call.ts";
import type { Random } from "../random.ts";
import type { OAuthClient } from "./oauth/client.ts";
import type { Tokens } from "./oauth/tokens.ts";

/** What an account's owner answers when an app asks. `ask` shows the page. */
export type Consent = "allow" | "deny" | "ask";

/** An upload in several requests. */
export interface UploadSession {
  readonly id: string;
  readonly startedMs: number;
  readonly sizeBytes: number | undefined;
  /** Makes the file of what has come together, once. */
  finish(chunks: readonly Uint8Array[]): Answer;
  chunks: Uint8Array[];
  heldBytes: number;
  /** What was answered when the file was made; given again to whoever asks again. */
  result: Answer | undefined;
}

/** What Google limits. Changed at any time by a test. */
export interface GoogleLimits {
  /** Files an account may make each second, beyond a burst of as many; undefined for no limit. */
  createsPerSecond: number | undefined;
  /** How many entries a page of a list has at most, whatever the client asks for. */
  pageSizeMax: number;
  /** Whether lists look at every second file alone, and say so (`incompleteSearch`). */
  searchesAreIncomplete: boolean;
  /** Documented: 5 MB. */
  multipartBytesMax: number;
}

/** One emulated Google. */
export interface GoogleState {
  readonly cloud: Cloud;
  readonly random: Random;
  readonly clients: Map<string, OAuthClient>;
  /** By the address of the account. */
  readonly consent: Map<string, Consent>;
  readonly tokens: Tokens;
  readonly sessions: Map<string, UploadSession>;
  readonly limits: GoogleLimits;
  /** When each account made its last files, for the creation rate. */
  readonly creations: Map<string, number[]>;
}
