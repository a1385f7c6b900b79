/** What can go wrong between a client and a cloud. */

/**
 * One mishap.
 *
 * - `error`: an error answer in the provider's form; nothing takes effect. `retryAfterSeconds` adds the header.
 * - `html`: a page where JSON or bytes are due, as load balancers and captive portals give.
 * - `reset-request`: the connection is cut after so many bytes of the request's body.
 * - `reset-response`, `truncate`, `stall`: after so many bytes of the answer's body the connection is cut, ends as if
 *   all was said, or says nothing more. The request takes effect.
 * - `lost-answer`: the request takes effect, and the connection is cut before the answer.
 * - `duplicate`: the request is delivered twice, and the second answer is given. Only for requests without large bodies.
 * - `expire-token`: the access token ceases to be good just before this request.
 * - `redirect-plain`: sent to the same address over plain http, at a host that is not ours.
 * - `redirect-origin`: the answer lies on a second origin, which refuses whoever sends it credentials.
 * - `ignore-range`: all of a file is given, whatever range was asked for, as HTTP allows.
 * - `delay`: everything is well, but late.
 */
export type Fault =
  | { readonly type: "error"; readonly status: number; readonly reason?: string; readonly retryAfterSeconds?: number }
  | { readonly type: "html"; readonly status: number }
  | { readonly type: "reset-request"; readonly afterBytes: number }
  | { readonly type: "reset-response" | "truncate" | "stall"; readonly afterBytes: number }
  | {
      readonly type:
        | "lost-answer"
        | "duplicate"
        | "expire-token"
        | "redirect-plain"
        | "redirect-origin"
        | "ignore-range";
    }
  | { readonly type: "delay"; readonly ms: number };

/** When which mishap happens. */
export interface FaultRule {
  /** Kinds of request, such as `files.create`; all without it. A last `*` stands for anything. */
  readonly on?: string | readonly string[];
  /** One mishap, or several of which chance takes one each time. */
  readonly fault: Fault | readonly Fault[];
  /** How many matching requests pass first. Default: 0. */
  readonly skip?: number;
  /** How often it happens at most. Default: 1, or without end if `chance` is given. */
  readonly times?: number;
  /** How probable it is for each matching request, from 0 to 1. Default: 1. */
  readonly chance?: number;
}
