/**
 * What an attacker uses and an honest client never would: single formats of the core, without the session's rules. In one
 * place, so that nothing else depends on where the core keeps them.
 */
// biome-ignore-start lint/style/noRestrictedImports: attackers do not keep to the public interface.

export { newEpochIdentity } from "../../packages/core/src/age/epoch-identity.ts";
export { declareBlob } from "../../packages/core/src/contents/blob.ts";
export { sealObject } from "../../packages/core/src/contents/object.ts";
export { equalBytes } from "../../packages/core/src/encoding/bytes.ts";
export { nameDigest } from "../../packages/core/src/encoding/digest.ts";
export { conclaveJson } from "../../packages/core/src/group/conclave-json.ts";
export { sealDeletion } from "../../packages/core/src/group/deletion.ts";
export { encodeGrant, sealGrant } from "../../packages/core/src/group/grant.ts";
export { pathTo } from "../../packages/core/src/group/log.ts";
export { LOG_WEIGHT_MAX } from "../../packages/core/src/group/log-limits.ts";
export { sealNotice } from "../../packages/core/src/group/notice.ts";
export { openSecret } from "../../packages/core/src/index/secrets.ts";
export type { Change, Operation } from "../../packages/core/src/records/change.ts";
export type { Act, Entry } from "../../packages/core/src/records/entry.ts";
export type { Location } from "../../packages/core/src/records/location.ts";
export type { Receipt } from "../../packages/core/src/records/receipt.ts";
export type { NumberedRecord } from "../../packages/core/src/records/record.ts";
export {
  type OpenEpoch,
  openRecords,
  parseRecordsKey,
  sealRecords,
} from "../../packages/core/src/records/records-file.ts";
export { type SignedLine, signLine } from "../../packages/core/src/records/signed-line.ts";
export { signListing } from "../../packages/core/src/session/files/listing.ts";
export { parseListingKey } from "../../packages/core/src/session/files/listing-due.ts";
export { openListing } from "../../packages/core/src/session/files/open-listing.ts";
export { grantToListed } from "../../packages/core/src/session/people/missing-grant.ts";
export { blobsToMove, moveContents } from "../../packages/core/src/session/upkeep/move-contents.ts";
export { publish, requireOpened } from "../../packages/core/src/session/writing/publish.ts";
export { runsOf } from "../../packages/core/src/session/writing/reseal.ts";
// biome-ignore-end lint/style/noRestrictedImports: as above.
