/** What of an opened grant may be believed. SPEC.md §7. */
import { type EpochIdentity, epochIdentity } from "../age/epoch-identity.ts";
import { requireIdentity } from "../age/suite.ts";
import { ConclaveError } from "../errors.ts";
import type { Crypto } from "../ports/crypto.ts";
import type { EpochId, RecordDigest } from "../records/shapes.ts";
import type { GrantName, OpenedGrant } from "./grant.ts";
import { emptyLog, extendLog, type Log, namedEpoch } from "./log.ts";
import { type VerifiedEntry, verifyEntries } from "./verified-entry.ts";

/** A grant whose log proves itself from the group's id, and those of its identities that the log vouches for. */
export interface VerifiedGrant {
  readonly log: Log;
  readonly entries: readonly VerifiedEntry[];
  /** In the grant's order, newest first; secret. */
  readonly identities: readonly EpochIdentity[];
  /** What was left out, to be reported. */
  readonly problems: readonly ConclaveError[];
}

/**
 * Verifies an opened grant: the log from the group's id to at least the newest entry that an address or a pin names, then
 * each identity against the recipient that a counting entry names.
 *
 * @param options.group - From an address or from local state, never from the storage.
 * @param options.newest - An entry that the log must reach.
 * @param options.known - Entries verified before.
 * @throws ConclaveError `corrupt` if it is of another group or epoch, or its log does not begin with the group's first
 *   entry; `unsupported` if it was sealed to keys of the other suite; `rollback` if its log does not reach `newest`.
 */
export async function verifyGrant(
  crypto: Crypto,
  options: {
    readonly grant: OpenedGrant;
    readonly group: RecordDigest;
    readonly newest?: RecordDigest;
    readonly known?: ReadonlyMap<RecordDigest, VerifiedEntry>;
  },
): Promise<VerifiedGrant> {
  const { grant, group, newest, known } = options;
  if (grant.group !== group) refuse("is for another group"); // check: link
  if (grant.lines[0]?.digest !== group) refuse("does not begin with the group's first entry"); // check: digest
  const { entries, problems } = await verifyEntries(crypto, grant.lines, known);
  const log = extendLog(emptyLog(group), entries);
  requireReach(log, { grant, newest });
  const checked = await fittingIdentities(log, grant);
  return { log, entries, identities: checked.identities, problems: [...problems, ...checked.problems] };
}

/** Whether a grant gives what its name says: the identity of that very epoch. An honest one begins with it. */
export function givesItsEpoch({ identities }: Pick<VerifiedGrant, "identities">, name: GrantName): boolean {
  return identities.some(({ epoch }) => epoch === name.epoch);
}

function requireReach(
  log: Log,
  options: { readonly grant: OpenedGrant; readonly newest: RecordDigest | undefined },
): void {
  const { grant, newest } = options;
  const first = log.nodes.get(log.group);
  if (!first) refuse("holds a first entry that does not count"); // check: signature
  if (first.state.suite !== grant.suite) {
    throw new ConclaveError(`grant is sealed to ${grant.suite} keys in a group that uses ${first.state.suite} ones`, {
      code: "unsupported",
    }); // check: downgrade
  }
  if (newest !== undefined && !log.nodes.has(newest)) {
    throw new ConclaveError("grant holds a log that ends before the entry that is known to be in it", {
      code: "rollback",
    }); // check: rollback
  }
  if (!namedEpoch(log, grant.name.epoch)) refuse("is for an epoch that no entry names"); // check: epoch
}

async function fittingIdentities(
  log: Log,
  grant: OpenedGrant,
): Promise<{ readonly identities: readonly EpochIdentity[]; readonly problems: readonly ConclaveError[] }> {
  const identities: EpochIdentity[] = [];
  const problems: ConclaveError[] = [];
  for (const [epoch, identity] of grant.identities) {
    try {
      identities.push(await fittingIdentity(log, { epoch, identity }));
    } catch (error) {
      if (!(error instanceof ConclaveError)) throw error;
      problems.push(error);
    }
  }
  return { identities, problems };
}

async function fittingIdentity(
  log: Log,
  options: { readonly epoch: EpochId; readonly identity: string },
): Promise<EpochIdentity> {
  const named = namedEpoch(log, options.epoch);
  if (!named) refuse(`holds an identity of epoch ${options.epoch}, which no entry names`); // check: epoch
  requireIdentity(options.identity, named.recipient.startsWith("age1pq1") ? "hybrid" : "classic"); // check: downgrade
  const own = await epochIdentity(options.identity);
  if (own.recipient !== named.recipient) refuse(`holds an identity that does not fit epoch ${options.epoch}`); // check: key
  return own;
}

function refuse(how: string): never {
  throw new ConclaveError(`grant ${how}`, { code: "corrupt" });
}
