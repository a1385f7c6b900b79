/** What lies in the open, or only at home: names, addresses, kits, identity files, archives, and what is derived. */
import { expect } from "vitest";
import { epochOf, recipientFile } from "../../src/age/epoch-identity.ts";
import { recipientOf } from "../../src/age/suite.ts";
import { entryHeader, hasFrameOf, layoutOf } from "../../src/contents/archive.ts";
import { isBlobOf } from "../../src/contents/blob.ts";
import { isPiece } from "../../src/contents/object.ts";
import { paddedLength, padme } from "../../src/contents/padme.ts";
import { type CodeKind, decodeCode, encodeCode } from "../../src/encoding/code.ts";
import { sha256Hex } from "../../src/encoding/digest.ts";
import { fromHex, toHex } from "../../src/encoding/hex.ts";
import { ConclaveError } from "../../src/errors.ts";
import { type Address, formatAddress, parseAddress } from "../../src/group/address.ts";
import { claimedGroup, conclaveJson } from "../../src/group/conclave-json.ts";
import { deviceCodeId, formatDeviceCode, parseDeviceCode } from "../../src/group/device-code.ts";
import { parseRecipientKey, readRecipientFile } from "../../src/group/epoch.ts";
import { audienceTag, parseGrantKey } from "../../src/group/grant.ts";
import { invitationKey } from "../../src/group/invitation.ts";
import { formatInvitationCode, parseInvitationCode } from "../../src/group/invitation-code.ts";
import { parseNoticeKey } from "../../src/group/notice.ts";
import { parseRequestKey, requestId } from "../../src/group/request.ts";
import { lackOf, type RoomAsked } from "../../src/group/room.ts";
import { writerTag } from "../../src/group/writer-tag.ts";
import { publicKeysOf, readIdentityFile, writeIdentityFile } from "../../src/identity/device.ts";
import { fingerprint, matchesFingerprint } from "../../src/identity/fingerprint.ts";
import { kitDevice, kitWords, readKitWords } from "../../src/identity/kit.ts";
import { formatKitShare, joinKit, parseKitShare } from "../../src/identity/kit-share.ts";
import type { Pieces } from "../../src/records/change.ts";
import { parseRecordsKey } from "../../src/records/records-file.ts";
import { archiveOf } from "./run-sealed.ts";
import { type Bytes, bytesOf, known, Refused, type Runner } from "./vector-file.ts";

/** Keys on the storage, by the kind of file. */
const KEYS = {
  records: parseRecordsKey,
  grant: parseGrantKey,
  notice: parseNoticeKey,
  request: parseRequestKey,
  recipient: parseRecipientKey,
} as const;

export const runKey: Runner<{ readonly kind: keyof typeof KEYS; readonly key: string }> = (_crypto, { kind, key }) =>
  known<unknown>(KEYS[kind](key));

export const runRecipientFile: Runner<{ readonly epoch: string; readonly file: Bytes }> = (_crypto, input) => {
  const recipient = readRecipientFile({ epoch: input.epoch, bytes: bytesOf(input.file) });
  expect(recipientFile(recipient)).toEqual(bytesOf(input.file));
  return { recipient };
};

export const runConclaveJson: Runner<{ readonly file: Bytes }> = (_crypto, input) => {
  const group = known(claimedGroup(bytesOf(input.file)));
  expect(conclaveJson(group)).toEqual(bytesOf(input.file));
  return { group };
};

export const runAddress: Runner<{ readonly address: string }> = (_crypto, input) => {
  const address: Address = parseAddress(input.address);
  expect(formatAddress(address)).toBe(input.address.trim());
  return address;
};

export const runCode: Runner<{ readonly kind: CodeKind; readonly typed: string }> = (_crypto, { kind, typed }) => {
  const bytes = decodeCode(kind, typed);
  expect(encodeCode(kind, bytes)).toBe(typed.replaceAll(/\s/g, "").toLowerCase());
  return { bytes: toHex(bytes) };
};

export const runInvitationCode: Runner<{ readonly typed: string }> = (_crypto, { typed }) => {
  const { address, secret, expires } = parseInvitationCode(typed);
  expect(formatInvitationCode({ address, secret, expires })).toBe(typed.replaceAll(/\s/g, "").toLowerCase());
  return { address, secret: toHex(secret), expires };
};

export const runDeviceCode: Runner<{ readonly typed: string }> = (_crypto, { typed }) => {
  const { secret, expires, groups } = parseDeviceCode(typed);
  expect(formatDeviceCode({ secret, expires, groups })).toBe(typed.replaceAll(/\s/g, "").toLowerCase());
  return { secret: toHex(secret), id: deviceCodeId(secret), expires, groups };
};

export const runKitShare: Runner<{ readonly typed: readonly string[] }> = async (_crypto, { typed }) => {
  const shares = typed.map(parseKitShare);
  const secret = await joinKit(shares);
  expect(shares.map(formatKitShare)).toEqual(typed.map((each) => each.replaceAll(/\s/g, "").toLowerCase()));
  return { kit: shares[0]?.kit, secret: toHex(secret) };
};

export const runKit: Runner<{ readonly typed: string }> = async (_crypto, { typed }) => {
  const secret = readKitWords(typed);
  const { signingKey, hybridIdentity, classicIdentity, ...rest } = kitDevice(secret);
  const { verifyingKey, hybrid, classic } = await publicKeysOf({
    signingKey,
    hybridIdentity,
    classicIdentity,
    ...rest,
  });
  const keys = { signingKey: toHex(signingKey), hybridIdentity, classicIdentity };
  return { words: kitWords(secret), secret: toHex(secret), ...keys, verifyingKey, hybrid, classic };
};

export const runIdentityFile: Runner<{ readonly file: Bytes }> = async (_crypto, input) => {
  const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytesOf(input.file));
  const device = await readIdentityFile(text);
  expect(writeIdentityFile(device)).toBe(text);
  return publicKeysOf(device);
};

export const runFingerprint: Runner<{ readonly member: string; readonly typed: string }> = (_crypto, input) => {
  if (!matchesFingerprint(input.member, input.typed)) {
    throw new ConclaveError("not this member's fingerprint", { code: "fingerprint-mismatch" });
  }
  return { fingerprint: fingerprint(input.member) };
};

export const runLayout: Runner<{ readonly sizes: readonly number[] }> = (_crypto, { sizes }) => layoutOf(sizes);

interface ArchiveCase {
  readonly pieces: Pieces;
  readonly contents: readonly Bytes[];
  readonly archive: Bytes;
}

export const runArchive: Runner<ArchiveCase> = async (crypto, { pieces, contents, archive }) => {
  const bytes = bytesOf(archive);
  if (!hasFrameOf(bytes, pieces)) throw new Refused("corrupt");
  const { offsets } = layoutOf(pieces.map(([, size]) => size));
  for (const [index, piece] of pieces.entries()) {
    const offset = offsets[index] ?? 0;
    if (!(await isPiece(crypto, bytes.subarray(offset, offset + piece[1]), piece))) throw new Refused("corrupt");
  }
  expect(archiveOf(pieces, contents)).toEqual(bytes);
  return { sha256: sha256Hex(bytes) };
};

/** A runner for a value that follows from inputs: a case is ok if `output` is that value. */
function derived<Input>(derive: (input: Input) => unknown): Runner<Input & { readonly output: unknown }> {
  return (_crypto, input) => {
    if (derive(input) !== input.output) throw new Refused("mismatch");
    return undefined;
  };
}

export const runDerived = {
  epoch: derived((input: { recipient: string }) => epochOf(input.recipient)),
  "writer-tag": derived((input: { identity: string; writer: string }) => writerTag(input.identity, input.writer)),
  "audience-tag": derived((input: { epoch: string; device: string }) => audienceTag(input.epoch, input)),
  "request-id": derived((input: { group: string; device: string; invitation?: string }) => requestId(input)),
  "invitation-key": derived((input: { secret: string }) => invitationKey(fromHex(input.secret)).invitation),
  padme: derived((input: { count: number }) => padme(input.count)),
  "padded-length": derived((input: { bytes: number }) => paddedLength(input.bytes)),
  "tar-header": derived((input: { entry: string; size: number }) =>
    toHex(entryHeader({ name: input.entry, size: input.size })),
  ),
} as const;

/** A blob's id has no function of its own: a declaration is looked at whole. */
export const runBlobId: Runner<{ readonly salt: string; readonly pieces: Pieces; readonly output: string }> = (
  _crypto,
  { salt, pieces, output },
) => {
  if (!isBlobOf({ blob: output, salt, pieces })) throw new Refused("mismatch");
};

export const runRoom: Runner<RoomAsked> = (_crypto, asked) => {
  const lack = lackOf(asked);
  if (lack !== null) throw new ConclaveError(`no room: ${lack}`, { code: "log-full" });
};

export const runRecipient: Runner<{ readonly identity: string }> = async (_crypto, { identity }) => ({
  recipient: await recipientOf(identity),
});
