/** Reading `epochs/`: grants of epochs that this device cannot open yet. Whatever else lies there is a stranger's. */

import { ConclaveError } from "../../errors.ts";
import { parseDeletionKey } from "../../group/deletion.ts";
import { EPOCHS_FOLDER, parseRecipientKey } from "../../group/epoch.ts";
import { audienceTag, type GrantName, openGrant, parseGrantKey } from "../../group/grant.ts";
import { verifyGrant } from "../../group/verified-grant.ts";
import { saveEntries } from "../../index/log-store.ts";
import { sealSecret } from "../../index/secrets.ts";
import { getIfThere, STORED_BYTES_MAX, type StoredObject } from "../../ports/store.ts";
import type { EpochId } from "../../records/shapes.ts";
import type { Session } from "../session.ts";
import { verifiedOf } from "../view.ts";
import { noteReading } from "../writing/outbox.ts";
import { keepNewerEntries } from "./update-needed.ts";

/** Most grants of one epoch that are fetched in one poll: a stranger may drop any number. */
const GRANTS_MAX = 64;

/** What `epochs/` showed. */
export interface EpochsListing {
  /** Keys of grants that lie there now. */
  readonly grants: ReadonlySet<string>;
  /** Keys of files that say that the group was deleted, by whomever. */
  readonly deletions: ReadonlySet<string>;
  /** Epochs whose recipient lies there and that this device has no identity for. */
  readonly unopened: readonly EpochId[];
}

/** Lists `epochs/`, and takes in what grants for this device say. */
export async function readEpochs(session: Session, signal?: AbortSignal): Promise<EpochsListing> {
  const grants = new Set<string>();
  const candidates: { readonly stored: StoredObject; readonly name: GrantName }[] = [];
  const recipients: EpochId[] = [];
  const deletions = new Set<string>();
  for await (const stored of session.store.list(EPOCHS_FOLDER, signal ? { signal } : {})) {
    const name = parseGrantKey(stored.key);
    const recipient = parseRecipientKey(stored.key);
    if (recipient) recipients.push(recipient);
    if (parseDeletionKey(stored.key)) deletions.add(stored.key);
    if (!name) continue;
    grants.add(stored.key);
    if (isForUs(session, name) && isWorthTrying(session, stored)) candidates.push({ stored, name });
  }
  for (const candidate of candidates.slice(0, GRANTS_MAX)) await readGrant(session, candidate, signal);
  return { grants, deletions, unopened: recipients.filter((epoch) => !holdsIdentity(session, epoch)) };
}

function isForUs(session: Session, name: GrantName): boolean {
  return name.audience === "all" || name.audience === audienceTag(name.epoch, { device: session.deviceKey });
}

/** Not what was read before, nor what did not fit, unless it is listed with another size since. */
function isWorthTrying(session: Session, stored: StoredObject): boolean {
  const known = session.index.get<{ state: string; size: number }>(
    "SELECT state, size FROM files WHERE key = ?",
    stored.key,
  );
  return known === undefined || known.state === "waiting" || (known.state !== "read" && known.size !== stored.size);
}

function holdsIdentity(session: Session, epoch: EpochId): boolean {
  return session.index.get("SELECT 1 FROM identities WHERE epoch = ?", epoch) !== undefined;
}

async function readGrant(
  session: Session,
  options: { readonly stored: StoredObject; readonly name: GrantName },
  signal?: AbortSignal,
): Promise<void> {
  const { stored, name } = options;
  const note = (state: "read" | "foreign" | "altered", detail?: string): void => {
    noteReading(session, { stored, epoch: name.epoch, kind: "grant", state, detail });
  };
  if (stored.size > STORED_BYTES_MAX) return note("foreign", "larger than any grant"); // check: size
  const bytes = await getIfThere(session.store, stored.key, {
    length: STORED_BYTES_MAX + 1,
    ...(signal ? { signal } : {}),
  });
  if (!bytes) return;
  try {
    const grant = await openGrant(session.crypto, { name, bytes, identities: session.device });
    if (grant === undefined) return note("foreign", "not for this device");
    const verified = await verifyGrant(session.crypto, {
      grant,
      group: session.group,
      known: verifiedOf(session.view.log),
    });
    await keepNewerEntries(session, grant.lines);
    session.index.transaction(() => {
      saveEntries(session.index, verified.entries);
      for (const { epoch, identity } of verified.identities) {
        const sealed = sealSecret(session.crypto, { signingKey: session.device.signingKey, secret: identity });
        session.index.run("INSERT OR IGNORE INTO identities(epoch, sealed) VALUES(?, ?)", epoch, sealed);
      }
      if (name.audience === "all") {
        session.index.run(
          "INSERT OR IGNORE INTO kept(key, epoch, bytes) VALUES(?, ?, ?)",
          stored.key,
          name.epoch,
          bytes,
        );
      }
      note("read");
    });
  } catch (error) {
    if (!(error instanceof ConclaveError)) throw error;
    note(error.message.includes("its name") ? "altered" : "foreign", error.message);
  }
}
