/** What a device sees of its group: a pure consequence of the entries and words in its index. */

import { ConclaveError } from "../errors.ts";
import { type Choice, chooseBranch, type Hold } from "../group/branch.ts";
import { emptyLog, extendLog, type Log, namedEpoch } from "../group/log.ts";
import { currentEpoch, type Epoch, type GroupState, type Member, memberOfDevice } from "../group/state.ts";
import type { VerifiedEntry } from "../group/verified-entry.ts";
import type { Word } from "../group/words.ts";
import { countEntries, loadEntries } from "../index/log-store.ts";
import { readMeta } from "../index/meta.ts";
import { openSecret } from "../index/secrets.ts";
import type { SqlDatabase } from "../ports/sql.ts";
import type { OpenEpoch } from "../records/records-file.ts";
import type { DeviceKey, EpochId, RecordDigest } from "../records/shapes.ts";

export interface View {
  readonly log: Log;
  readonly choice: Choice;
  /** The group at the newest entry of the chosen branch. */
  readonly state: GroupState;
  /** This device's person, if listed. */
  readonly me: Member | undefined;
  /** The epoch to seal to. */
  readonly current: Epoch;
  /** Every epoch that this device can open, by id: only such as a counting entry names. */
  readonly opened: ReadonlyMap<EpochId, OpenEpoch>;
  /** How many entries the index held: more of them, and another process of this home has taken some in since. */
  readonly entries: number;
}

/** Computes the view from the index. `before`, an earlier one of the same index, saves reading what it knows already. */
export function look(options: {
  readonly index: SqlDatabase;
  readonly group: string;
  readonly deviceKey: DeviceKey;
  readonly signingKey: Uint8Array;
  readonly before?: View;
}): View {
  const { index, group, deviceKey, signingKey, before } = options;
  const entries = countEntries(index);
  const { log, choice } = chooseFrom(index, before?.log ?? emptyLog(group));
  if (!choice) throw new ConclaveError("the local index lacks the group's first entry", { code: "corrupt" });
  const state = choice.state;
  const opened = openEpochs({ index, log, signingKey, known: before?.opened ?? new Map() });
  return { log, choice, state, me: memberOfDevice(state, deviceKey), current: currentEpoch(state), opened, entries };
}

/** The log as the index has it, and the branch of it that this device follows; none where the first entry is not there. */
export function chooseFrom(index: SqlDatabase, base: Log): { readonly log: Log; readonly choice: Choice | undefined } {
  const log = extendLog(base, loadEntries(index, { except: verifiedOf(base) }));
  return { log, choice: chooseBranch(log, { words: knownWords(index), ...holdOf(index) }) };
}

/** Which entries the records say that their devices have known. */
export function knownWords(index: SqlDatabase): Word[] {
  return index.all<{ device: DeviceKey; entry: RecordDigest }>("SELECT device, entry FROM words");
}

/** What this device holds on to where the records lead elsewhere, or do not decide. */
function holdOf(index: SqlDatabase): Hold {
  const pinned = readMeta<string>(index, "pinned");
  const settled = readMeta<string>(index, "settled");
  const stood = index.all<{ entry: RecordDigest }>("SELECT entry FROM followed WHERE stood = 1");
  return {
    ...(pinned === undefined ? {} : { pinned }),
    ...(settled === undefined ? {} : { settled }),
    stood: new Set(stood.map(({ entry }) => entry)),
  };
}

function openEpochs(options: {
  readonly index: SqlDatabase;
  readonly log: Log;
  readonly signingKey: Uint8Array;
  readonly known: ReadonlyMap<EpochId, OpenEpoch>;
}): Map<EpochId, OpenEpoch> {
  const { index, log, signingKey, known } = options;
  const opened = new Map<EpochId, OpenEpoch>();
  for (const { epoch, sealed } of index.all<{ epoch: EpochId; sealed: Uint8Array }>(
    "SELECT epoch, sealed FROM identities",
  )) {
    const named = namedEpoch(log, epoch);
    if (named === undefined) continue;
    const identity = known.get(epoch)?.identity ?? openSecret({ signingKey, sealed });
    opened.set(epoch, {
      epoch,
      recipient: named.recipient,
      identity,
      suite: log.nodes.get(log.group)?.state.suite ?? "hybrid",
    });
  }
  return opened;
}

/** Every entry of a log that was verified, whatever came of it: so that none is verified twice. */
export function verifiedOf(log: Log): ReadonlyMap<RecordDigest, VerifiedEntry> {
  return new Map([
    ...[...log.nodes.values()].map(({ digest, verified }) => [digest, verified] as const),
    ...[...log.refused].map(([digest, { verified }]) => [digest, verified] as const),
    ...log.pending,
  ]);
}

const listedDevices = new WeakMap<Log, ReadonlySet<DeviceKey>>();

/** Every device that some branch of the log has ever listed. */
export function everListed(log: Log): ReadonlySet<DeviceKey> {
  let listed = listedDevices.get(log);
  if (!listed) {
    const devices = [...log.nodes.values()].flatMap(({ state }) => state.members.flatMap((member) => member.devices));
    listed = new Set(devices.map((device) => device.verifyingKey));
    listedDevices.set(log, listed);
  }
  return listed;
}
