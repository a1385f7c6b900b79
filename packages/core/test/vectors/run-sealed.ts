/** Everything that is sealed: records files, grants, notices, requests, deletions, objects. SPEC.md §4, §7, §9. */
import { expect } from "vitest";
import { openFile } from "../../src/age/file.ts";
import { layoutOf, writeHeaders } from "../../src/contents/archive.ts";
import { isBlobOf } from "../../src/contents/blob.ts";
import { openObject } from "../../src/contents/object.ts";
import { concatBytes } from "../../src/encoding/bytes.ts";
import { fromHex } from "../../src/encoding/hex.ts";
import { ConclaveError } from "../../src/errors.ts";
import { openDeletion, parseDeletionKey } from "../../src/group/deletion.ts";
import { deviceCodeKey } from "../../src/group/device-code.ts";
import { openDeviceRequest } from "../../src/group/device-request.ts";
import { audienceTag, encodeGrant, openGrant, parseGrantKey } from "../../src/group/grant.ts";
import { emptyLog, extendLog } from "../../src/group/log.ts";
import { endingEntry, openNotice, parseNoticeKey } from "../../src/group/notice.ts";
import { openRequest, parseRequestKey } from "../../src/group/request.ts";
import { verifyEntries } from "../../src/group/verified-entry.ts";
import { verifyGrant } from "../../src/group/verified-grant.ts";
import { writerTag } from "../../src/group/writer-tag.ts";
import type { Crypto } from "../../src/ports/crypto.ts";
import type { Pieces } from "../../src/records/change.ts";
import type { Suite } from "../../src/records/entry.ts";
import { type OpenEpoch, openRecords, padLines, parseRecordsKey } from "../../src/records/records-file.ts";
import { decodeSignedLines, encodeSignedLine, type SignedLine, signLine } from "../../src/records/signed-line.ts";
import { type Bytes, bytesOf, known, Refused, type Runner } from "./vector-file.ts";

interface Stored {
  /** Where it lies on the storage. */
  readonly key: string;
  readonly sealed: Bytes;
  readonly group: string;
}

/** Opens a file once more, past all checks, to compare what is in it with what would be written. */
async function expectPlaintext(
  crypto: Crypto,
  options: { sealed: Bytes; identity: string; suite: Suite; stanzas?: number; wanted: Uint8Array },
): Promise<void> {
  const { identity, suite, stanzas = 1, wanted } = options;
  const sealed = bytesOf(options.sealed);
  expect(await openFile(crypto, { sealed, identities: [identity], suite, maxStanzas: stanzas })).toEqual(wanted);
}

function padded(lines: readonly SignedLine[]): Uint8Array {
  return padLines(concatBytes(...lines.map(encodeSignedLine)));
}

export const runRecordsFile: Runner<Stored & { readonly epoch: OpenEpoch }> = async (crypto, input) => {
  const { key, sealed, group, epoch } = input;
  const name = known(parseRecordsKey(key));
  const { records, locations } = await openRecords(crypto, { name, bytes: bytesOf(sealed), epoch, group });
  const lines = [...records, ...locations].map(({ signed }) => signed);
  await expectPlaintext(crypto, { sealed, ...epoch, wanted: padded(lines) });
  for (const { record } of records) expect(writerTag(epoch.identity, record.writer)).toBe(name.tag);
  return {
    records: records.map(({ signed }) => signed.digest),
    locations: locations.map(({ signed }) => signed.digest),
  };
};

interface GrantCase extends Stored {
  readonly identities: { readonly hybridIdentity: string; readonly classicIdentity: string };
  /** The device that the grant is for; absent for one to all. */
  readonly device?: string;
  /** An entry that is known to be in the log. */
  readonly newest?: string;
}

export const runGrant: Runner<GrantCase> = async (crypto, input) => {
  const { key, sealed, group, identities, device, newest } = input;
  const name = known(parseGrantKey(key));
  const grant = await openGrant(crypto, { name, bytes: bytesOf(sealed), identities });
  if (!grant) throw new ConclaveError("not for this device", { code: "not-a-member" });
  const verified = await verifyGrant(crypto, { grant, group, ...(newest ? { newest } : {}) });
  const { suite } = grant;
  const identity = suite === "hybrid" ? identities.hybridIdentity : identities.classicIdentity;
  await expectPlaintext(crypto, { sealed, identity, suite, stanzas: 256, wanted: encodeGrant(grant) });
  expect(audienceTag(name.epoch, device ? { device } : "all")).toBe(name.audience);
  return {
    suite,
    epochs: verified.identities.map(({ epoch }) => epoch),
    entries: verified.entries.map(({ digest }) => digest),
    problems: verified.problems.map(({ code }) => code),
  };
};

export const runNotice: Runner<Stored & { readonly epoch: OpenEpoch; readonly log: Bytes }> = async (crypto, input) => {
  const { key, sealed, group, epoch } = input;
  const name = known(parseNoticeKey(key));
  const lines = await openNotice(crypto, { name, bytes: bytesOf(sealed), epoch });
  const { entries, problems } = await verifyEntries(crypto, [...decodeSignedLines(bytesOf(input.log)), ...lines]);
  for (const problem of problems) throw problem;
  const last = lines.at(-1)?.digest ?? "";
  const ending = endingEntry(extendLog(emptyLog(group), entries), { epoch: epoch.epoch, entry: last });
  await expectPlaintext(crypto, { sealed, ...epoch, wanted: padded(lines) });
  return { entries: lines.map(({ digest }) => digest), ends: ending?.digest ?? null };
};

export const runRequest: Runner<Stored & { readonly epoch: OpenEpoch }> = async (crypto, input) => {
  const { key, sealed, group, epoch } = input;
  const name = known(parseRequestKey(key));
  const { card, invited } = await openRequest(crypto, { group, name, bytes: bytesOf(sealed), epoch });
  const lines = [card.signed, ...(invited ? [invited.signed] : [])];
  await expectPlaintext(crypto, { sealed, ...epoch, wanted: padded(lines) });
  return { member: card.member, invitation: invited?.invitation ?? null };
};

interface DeviceRequestCase extends Stored {
  readonly epoch: OpenEpoch;
  /** The code's secret in hexadecimal, to write the word again. */
  readonly code: string;
  readonly time: number;
}

export const runDeviceRequest: Runner<DeviceRequestCase> = async (crypto, input) => {
  const { key, sealed, group, epoch, time } = input;
  const name = known(parseRequestKey(key));
  const { device, code } = await openDeviceRequest(crypto, { group, name, bytes: bytesOf(sealed), epoch });
  const value = { type: "conclave/v1/device-request", group, device: device.id, code, time } as const;
  const word = await signLine(crypto, { value, signingKey: deviceCodeKey(fromHex(input.code)) });
  await expectPlaintext(crypto, { sealed, ...epoch, wanted: padded([device.signed, word]) });
  return { device: device.id, member: device.card.member, code };
};

export const runDeletion: Runner<Stored & { readonly epoch: OpenEpoch }> = async (crypto, input) => {
  const { key, sealed, group, epoch } = input;
  const name = known(parseDeletionKey(key));
  const { device, head } = await openDeletion(crypto, { group, name, bytes: bytesOf(sealed), epoch });
  return { device, head };
};

interface ObjectCase {
  readonly epoch: OpenEpoch;
  readonly blob: string;
  readonly salt: string;
  readonly pieces: Pieces;
  /** Each piece's bytes. */
  readonly contents: readonly Bytes[];
  readonly object: string;
  readonly sealed: Bytes;
}

export const runObject: Runner<ObjectCase> = async (crypto, input) => {
  const { epoch, blob, salt, pieces, object } = input;
  if (!isBlobOf({ blob, salt, pieces })) throw new Refused("corrupt");
  const { identity, suite } = epoch;
  const sealed = bytesOf(input.sealed);
  const length = sealed.length;
  const archive = await openObject(crypto, { sealed, object, pieces, identity, suite });
  expect(archive).toEqual(archiveOf(pieces, input.contents));
  return { length };
};

/** The archive of these pieces, written anew. */
export function archiveOf(pieces: Pieces, contents: readonly Bytes[]): Uint8Array {
  const { offsets, length } = layoutOf(pieces.map(([, size]) => size));
  const archive = new Uint8Array(length);
  for (const [index, each] of contents.entries()) archive.set(bytesOf(each), offsets[index]);
  return writeHeaders(archive, pieces);
}
