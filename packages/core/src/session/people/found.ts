/** Founding a group on an empty storage. */

import { newEpochIdentity } from "../../age/epoch-identity.ts";
import { ConclaveError } from "../../errors.ts";
import { CONCLAVE_JSON_KEY, conclaveJson } from "../../group/conclave-json.ts";
import { foundOf } from "../../group/draft.ts";
import { recipientFile, recipientKey } from "../../group/epoch.ts";
import { foundState } from "../../group/fold.ts";
import { sealGrant } from "../../group/grant.ts";
import { verifyEntry } from "../../group/verified-entry.ts";
import type { SignedCard } from "../../identity/card.ts";
import { saveEntries } from "../../index/log-store.ts";
import { sealSecret } from "../../index/secrets.ts";
import { drawWriter, readWriter, writeWriter } from "../../index/writer.ts";
import { listStored } from "../../ports/list-stored.ts";
import type { ObjectStore } from "../../ports/store.ts";
import type { Suite } from "../../records/entry.ts";
import { sealRecords } from "../../records/records-file.ts";
import { signLine } from "../../records/signed-line.ts";
import { bindIndex, openSession } from "../open.ts";
import { takeFile } from "../reading/take.ts";
import type { Session, SessionPorts } from "../session.ts";
import { queue } from "../writing/outbox.ts";

/**
 * Founds a group in the local index and queues its first files; `flushOutbox` puts them. So a crash in between leaves a
 * group that the next command finishes, if the caller has noted it.
 *
 * @param options.card - Of this device's person, who becomes the first owner.
 * @param options.settled - The storage itself says, or the founder does, that a finished put has left this machine.
 * @throws ConclaveError `exists` if the storage is not empty.
 */
export async function foundGroup(
  ports: SessionPorts,
  options: {
    readonly card: SignedCard;
    readonly suite: Suite;
    readonly settled: boolean;
    readonly lagSeconds?: number;
  },
): Promise<Session> {
  await requireEmpty(ports.store);
  const { crypto, clock, device, index } = ports;
  const { card, suite, settled, lagSeconds = null } = options;
  const { identity, recipient, epoch } = await newEpochIdentity(suite);
  bindIndex(ports, "");
  drawWriter(ports);
  const { writer } = readWriter(index);
  const record = foundOf({ card, writer, suite, settled, lagSeconds, recipient, time: clock.now() });
  const signed = await signLine(crypto, { value: record, signingKey: device.signingKey });
  const verified = await verifyEntry(crypto, signed);
  const { state } = foundState(verified);
  if (!state) throw new Error("a group's own first entry does not count");
  const opened = { epoch, recipient, identity, suite };
  const records = await sealRecords(crypto, { epoch: opened, writer, first: 1, records: [signed] });
  const grant = await sealGrant(crypto, { state, audience: "all", identities: [[epoch, identity]], lines: [signed] });
  index.transaction(() => {
    bindIndex(ports, signed.digest);
    saveEntries(index, [verified]);
    const sealed = sealSecret(crypto, { signingKey: device.signingKey, secret: identity });
    index.run("INSERT INTO identities(epoch, sealed) VALUES(?, ?)", epoch, sealed);
    index.run("INSERT INTO kept(key, epoch, bytes) VALUES(?, ?, ?)", grant.key, epoch, grant.bytes);
    writeWriter(index, { writer, number: 1, previous: signed.digest });
    queue(index, [
      { key: recipientKey(epoch), bytes: recipientFile(recipient), epoch, kind: "recipient" },
      { ...records, epoch, kind: "records" },
      { ...grant, epoch, kind: "grant" },
      { key: CONCLAVE_JSON_KEY, bytes: conclaveJson(signed.digest), epoch, kind: "plain" },
    ]);
  });
  const session = openSession(ports);
  takeFile(session, { records: [{ record, signed }], locations: [] }, { epoch, key: records.key });
  return session;
}

async function requireEmpty(store: ObjectStore): Promise<void> {
  for await (const { key } of listStored(store, "")) {
    const what = key === CONCLAVE_JSON_KEY || key.startsWith("epochs/") ? "a group already" : "other files";
    throw new ConclaveError(`the storage holds ${what}, for example ${key}`, { code: "exists" });
  }
}
