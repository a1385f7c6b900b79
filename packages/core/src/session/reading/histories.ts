/** Histories between which a person has to choose, for whoever shows them. */
import type { Fork, ForkChild } from "../../group/fork.ts";
import { isUnder, treeOrder } from "../../group/tree-order.ts";
import type { VerifiedEntry } from "../../group/verified-entry.ts";
import type { RecordDigest } from "../../records/shapes.ts";
import type { Session } from "../session.ts";

/** One of several histories. */
export interface OneHistory {
  /** The first entry that the others do not have: `settle` takes it. */
  readonly entry: RecordDigest;
  /** All that was done on it since they parted, oldest first. */
  readonly acts: readonly VerifiedEntry[];
  readonly isFollowed: boolean;
}

/** A fork that this device's person should decide. */
export interface OpenFork {
  /**
   * `late`: the records lead away from where this device has stood for long, to where a role that was taken away is back;
   * `contested`: nothing in the records decides; `settled`: this device's person has chosen against the records.
   */
  readonly why: "late" | "contested" | "settled";
  /** The last entry that all of them have. */
  readonly at: RecordDigest;
  /** The followed one first, if one is followed. */
  readonly histories: readonly OneHistory[];
}

/** Every fork of the followed branch that a person has a say in, the oldest first. */
export function openForks({ view }: Pick<Session, "view">): OpenFork[] {
  return view.choice.forks.flatMap((fork) => {
    const why = fork.held ?? (fork.contested ? "contested" : null);
    return why === null ? [] : [{ why, at: fork.at, histories: historiesOf(view, fork) }];
  });
}

function historiesOf(view: Session["view"], fork: Fork): OneHistory[] {
  const sides = fork.children.filter(isSide).map(({ digest }) => ({
    entry: digest,
    acts: actsUnder(view, digest),
    isFollowed: digest === fork.followed,
  }));
  return sides.sort((left, right) => Number(right.isFollowed) - Number(left.isFollowed));
}

/** Children that fell by the rules are nobody's choice. */
function isSide({ fall }: ForkChild): boolean {
  return fall === null || fall.rule === "held" || fall.rule === "contested";
}

function actsUnder({ log }: Session["view"], child: RecordDigest): VerifiedEntry[] {
  const order = treeOrder(log);
  return [...log.nodes.values()]
    .filter(({ digest }) => isUnder(order, { entry: digest, ancestor: child }))
    .sort((left, right) => left.state.height - right.state.height)
    .map(({ verified }) => verified);
}
