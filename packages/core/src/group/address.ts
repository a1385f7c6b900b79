/**
 * Addresses: where a group lies, and enough to know it again. Not secret: an address opens nothing. SPEC.md §7.
 */
import { ConclaveError } from "../errors.ts";
import type { EpochId, RecordDigest } from "../records/shapes.ts";

/** Longest address that is looked at, in characters. */
export const ADDRESS_LENGTH_MAX = 4096;

/** What a newcomer is told, by a way that it trusts. */
export interface Address {
  /** Digest of the first entry: authenticates the log's beginning. */
  readonly group: RecordDigest;
  /** Newest entry as of the address: says how far a log must reach. */
  readonly entry: RecordDigest;
  /** The epoch that join requests are sealed to. */
  readonly epoch: EpochId;
  /** URL of the store, as `StoreAddress` in the stores package reads it. */
  readonly store: string;
}

/** `conclave:v1/<group>/<entry>/<epoch>/<store URL, percent-encoded>`, in one line. */
export function formatAddress(address: Address): string {
  const { group, entry, epoch, store } = address;
  return `conclave:v1/${group}/${entry}/${epoch}/${encodeURIComponent(store)}`;
}

/**
 * Reads an address as somebody pasted it. Only space around it is forgiven.
 *
 * @throws ConclaveError `malformed` for anything but one whole address, `unsupported` for one of a later version.
 */
export function parseAddress(text: string): Address {
  const trimmed = text.trim();
  if (trimmed.length > ADDRESS_LENGTH_MAX) refuse(`is longer than ${ADDRESS_LENGTH_MAX} characters`); // check: size
  const version = /^conclave:v(\d+)\//.exec(trimmed)?.[1];
  if (version === undefined) refuse("does not begin with conclave:v1/");
  if (version !== "1") {
    throw new ConclaveError(`address is of version ${version}: update needed`, { code: "unsupported" }); // check: downgrade
  }
  const [group = "", entry = "", epoch = "", store, ...rest] = trimmed.slice("conclave:v1/".length).split("/");
  if (store === undefined || rest.length > 0) refuse("is not group, entry, epoch and store: was it copied whole?");
  return {
    group: id(group, "group's id"),
    entry: id(entry, "newest entry"),
    epoch: id(epoch, "epoch"),
    store: storeUrl(store),
  };
}

function id(value: string, what: string): string {
  if (!/^[0-9a-f]{64}$/.test(value)) refuse(`has no whole ${what}: 64 characters of 0-9 and a-f`); // check: canonical
  return value;
}

function storeUrl(encoded: string): string {
  const url = decoded(encoded);
  if (url === "") refuse("names no store");
  // One address for one place: two spellings could pass for two groups.
  if (encodeURIComponent(url) !== encoded) refuse("does not name its store in the one way of writing it"); // check: canonical
  return url;
}

function decoded(encoded: string): string {
  try {
    return decodeURIComponent(encoded);
  } catch {
    refuse("does not name its store in the one way of writing it");
  }
}

function refuse(how: string): never {
  throw new ConclaveError(`address ${how}`, { code: "malformed" });
}
