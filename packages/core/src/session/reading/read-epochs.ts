/** Reading `epochs/`: grants of epochs that this device cannot open yet. Whatever else lies there is a stranger's. */

import { ConclaveError, MisfitError } from "../../errors.ts";
import { parseDeletionKey } from "../../group/deletion.ts";
import { EPOCHS_FOLDER, parseRecipientKey } from "../../group/epoch.ts";
import { audienceTag, type GrantName, openGrant, parseGrantKey } from "../../group/grant.ts";
import { givesItsEpoch, type VerifiedGrant, verifyGrant } from "../../group/verified-grant.ts";
import { saveEntries } from "../../index/log-store.ts";
import { sealSecret } from "../../index/secrets.ts";
import { listStored } from "../../ports/list-stored.ts";
import type { SqlDatabase } from "../../ports/sql.ts";
import { getIfThere, STORED_BYTES_MAX, type StoredObject } from "../../ports/store.ts";
import type { EpochId } from "../../records/shapes.ts";
import type { Session } from "../session.ts";
import { verifiedOf } from "../view.ts";
import { forgetUnlisted, noteFile, worthTrying } from "./known-files.ts";
import { keepNewerEntries } from "./update-needed.ts";

/** Most grants of one epoch that are fetched in one poll: a stranger may drop any number. */
const GRANTS_MAX = 64;
/** Most grants to all of one epoch that are kept, to be put back if they vanish. */
const KEPT_GRANTS_MAX = 4;

/** What is said of a grant that this device's keys do not open: of others' nothing else can be known. */
export const NOT_FOR_THIS_DEVICE = "not for this device";

/** What `epochs/` showed. */
export interface EpochsListing {
  /** Keys of grants that lie there now. */
  readonly grants: ReadonlySet<string>;
  /** Keys of files that say that the group was deleted, by whomever. */
  readonly deletions: ReadonlySet<string>;
  /** Epochs whose recipient lies there and that this device has no identity for. */
  readonly unopened: readonly EpochId[];
}

interface Candidate {
  readonly stored: StoredObject;
  readonly name: GrantName;
}

/** Lists `epochs/`, and takes in what grants for this device say. */
export async function readEpochs(session: Session, signal?: AbortSignal): Promise<EpochsListing> {
  const grants = new Set<string>();
  const candidates: Candidate[] = [];
  const recipients: EpochId[] = [];
  const deletions = new Set<string>();
  for await (const stored of listStored(session.store, EPOCHS_FOLDER, signal ? { signal } : {})) {
    const name = parseGrantKey(stored.key);
    const recipient = parseRecipientKey(stored.key);
    if (recipient) recipients.push(recipient);
    if (parseDeletionKey(stored.key)) deletions.add(stored.key);
    if (!name) continue;
    grants.add(stored.key);
    if (isForUs(session, name)) candidates.push({ stored, name });
  }
  forgetUnlisted(session, { kind: "grant", listed: grants });
  for (const candidate of nextToRead(session, candidates)) await readGrant(session, candidate, signal);
  return { grants, deletions, unopened: recipients.filter((epoch) => !holdsIdentity(session, epoch)) };
}

function isForUs(session: Session, name: GrantName): boolean {
  return name.audience === "all" || name.audience === audienceTag(name.epoch, { device: session.deviceKey });
}

/** What one poll fetches: what is named for this device alone first, as a stranger cannot draw that name. */
function nextToRead(session: Session, candidates: readonly Candidate[]): Candidate[] {
  const [own, others] = [true, false].map((isOwn) =>
    worthTrying(
      session,
      candidates.filter(({ name }) => (name.audience !== "all") === isOwn),
    ),
  ) as [Candidate[], Candidate[]];
  return [...own, ...others].slice(0, GRANTS_MAX);
}

function holdsIdentity(session: Session, epoch: EpochId): boolean {
  return session.index.get("SELECT 1 FROM identities WHERE epoch = ?", epoch) !== undefined;
}

async function readGrant(session: Session, { stored, name }: Candidate, signal?: AbortSignal): Promise<void> {
  const note = (state: "read" | "foreign" | "altered", options: { detail?: string; fits?: boolean } = {}): void =>
    noteFile(session, { key: stored.key, size: stored.size, epoch: name.epoch, kind: "grant", state, ...options });
  if (stored.size > STORED_BYTES_MAX) return note("foreign", { detail: "larger than any grant", fits: false }); // check: size
  const bytes = await getIfThere(session.store, stored.key, {
    length: STORED_BYTES_MAX + 1,
    ...(signal ? { signal } : {}),
  });
  if (!bytes) return;
  try {
    const grant = await openGrant(session.crypto, { name, bytes, identities: session.device });
    if (grant === undefined) return note("foreign", { detail: NOT_FOR_THIS_DEVICE });
    const known = verifiedOf(session.view.log);
    const verified = await verifyGrant(session.crypto, { grant, group: session.group, known });
    // Else whoever has some log of the group could have any number kept, put back, and missed once they are gone.
    if (!givesItsEpoch(verified, name)) return note("foreign", { detail: "without the key of its epoch" }); // check: key
    await keepNewerEntries(session, grant.lines);
    session.index.transaction(() => {
      takeGrant(session, verified);
      if (name.audience === "all") keepGrant(session.index, { key: stored.key, epoch: name.epoch, bytes });
      note("read");
    });
  } catch (error) {
    if (!(error instanceof ConclaveError)) throw error;
    const isMisfit = error instanceof MisfitError;
    note(isMisfit ? "altered" : "foreign", { detail: error.message, fits: !isMisfit });
  }
}

/**
 * Takes in what a grant has proved: epochs' identities, and the log. Of that only what counts: else whoever can seal to this
 * device could fill its index with entries that nobody has signed who was ever listed.
 */
export function takeGrant(
  { index, crypto, device }: Pick<Session, "index" | "crypto" | "device">,
  { entries, log, identities }: Pick<VerifiedGrant, "entries" | "log" | "identities">,
): void {
  saveEntries(
    index,
    entries.filter(({ digest }) => log.nodes.has(digest)), // check: role
  );
  for (const { epoch, identity } of identities) {
    const sealed = sealSecret(crypto, { signingKey: device.signingKey, secret: identity });
    index.run("INSERT OR IGNORE INTO identities(epoch, sealed) VALUES(?, ?)", epoch, sealed);
  }
}

/** Keeps a grant to all, so that it can be put back. An epoch has one, unless somebody who holds its key plays. */
export function keepGrant(
  index: SqlDatabase,
  { key, epoch, bytes }: { readonly key: string; readonly epoch: EpochId; readonly bytes: Uint8Array },
): void {
  const kept = index.get<{ n: number }>("SELECT count(*) AS n FROM kept WHERE epoch = ?", epoch)?.n ?? 0;
  if (kept >= KEPT_GRANTS_MAX) return; // check: size
  index.run("INSERT OR IGNORE INTO kept(key, epoch, bytes) VALUES(?, ?, ?)", key, epoch, bytes);
}
