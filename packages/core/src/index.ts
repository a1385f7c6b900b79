export {
  CHUNK_BYTES,
  type ChunkRange,
  chunkLayout,
  chunkRange,
  NONCE_BYTES,
  plaintextLength,
  SEALED_CHUNK_BYTES,
  sealedLength,
  TAG_BYTES,
} from "./age/chunks.ts";
export {
  type EpochIdentity,
  epochIdentity,
  epochOf,
  newAgeIdentity,
  newEpochIdentity,
  recipientFile,
} from "./age/epoch-identity.ts";
export { fileLength, filePlaintextLength, openFile, plaintextMemory, sealFile } from "./age/file.ts";
export { headerBytes, type OpenedHeader, openHeader, STANZAS_MAX } from "./age/header.ts";
export {
  openWithPassphrase,
  type Scrypt,
  sealWithPassphrase,
  WORK_FACTOR_MAX,
  WORK_FACTOR_MIN,
} from "./age/passphrase.ts";
export { recipientOf, suiteOf } from "./age/suite.ts";
export { webCrypto } from "./age/web-crypto.ts";
export { ByteBudget } from "./contents/budget.ts";
export { decodeCode, encodeCode, isCode } from "./encoding/code.ts";
export { ConclaveError, type ConclaveErrorCode } from "./errors.ts";
export { type Address, formatAddress, parseAddress } from "./group/address.ts";
export { CONCLAVE_JSON_BYTES_MAX, CONCLAVE_JSON_KEY, claimedGroup } from "./group/conclave-json.ts";
export {
  type CodeGroup,
  type DeviceCode,
  deviceCodeId,
  formatDeviceCode,
  parseDeviceCode,
} from "./group/device-code.ts";
export { isSameAccount, rightOf } from "./group/folder-rights.ts";
export { invitationKey, signInvited } from "./group/invitation.ts";
export { formatInvitationCode, type InvitationCode, parseInvitationCode } from "./group/invitation-code.ts";
export { invitationId } from "./group/invitation-rules.ts";
export type { Invitation } from "./group/invitation-state.ts";
export { allInvitations, invitationOf, openInvitations } from "./group/invitations.ts";
export { findMember } from "./group/people.ts";
export { ownersDevices } from "./group/refusals.ts";
export { sealRequest } from "./group/request.ts";
export {
  currentEpoch,
  type Departure,
  formerMembers,
  type GroupState,
  isAtLeast,
  liveDevices,
  type Member,
  type MemberDevice,
  memberById,
  withAdmitted,
} from "./group/state.ts";
export {
  CARD_BYTES_MAX,
  decodeCardFile,
  encodeCardFile,
  makeCard,
  readCard,
  type SignedCard,
} from "./identity/card.ts";
export {
  type DeviceSecrets,
  IDENTITY_FILE_BYTES_MAX,
  newDevice,
  publicKeysOf,
  readIdentityFile,
  verifyingKeyOf,
  writeIdentityFile,
} from "./identity/device.ts";
export { makeDeviceCard, type SignedDeviceCard } from "./identity/device-card.ts";
export { fingerprint, matchesFingerprint } from "./identity/fingerprint.ts";
export { HOME_LEFT_OUT, HOME_NAMES, isHome } from "./identity/home-names.ts";
export { KIT_LABEL, KIT_WORDS, kitDevice, kitWords, newKitSecret, readKitWords } from "./identity/kit.ts";
export {
  formatKitShare,
  joinKit,
  type KitShare,
  parseKitShare,
  SHARES_MAX,
  SHARES_NEEDED_MIN,
  splitKit,
} from "./identity/kit-share.ts";
export { openSecret, sealSecret } from "./index/secrets.ts";
export type { Clock, Runs } from "./ports/clock.ts";
export type { Crypto, SealedPayload } from "./ports/crypto.ts";
export type {
  PlainFiles,
  SourceEntry,
  SourceFile,
  SourceProblem,
  SourceTree,
  TargetFile,
  TargetState,
  TargetTree,
} from "./ports/files.ts";
export type { SqlDatabase, SqlValue } from "./ports/sql.ts";
export {
  type CallOptions,
  type DeleteResult,
  type FolderAccess,
  type FolderRight,
  type FolderSharing,
  type GetOptions,
  type KeptObject,
  type ListOptions,
  type ObjectStore,
  type Retention,
  STORE_KEY,
  STORED_BYTES_MAX,
  type StoredObject,
  StoreError,
  type StoreErrorCode,
  type StoreTraits,
} from "./ports/store.ts";
export type { PublicKeys } from "./records/card.ts";
export { isAdmissibleKey, verifySignature } from "./records/ed25519.ts";
export type { ContentsMode, Role, Suite } from "./records/entry.ts";
export { catchUp } from "./session/duties.ts";
export type { Progress, WorkOptions } from "./session/events.ts";
export { contentReader, sourceOf } from "./session/files/blob-sources.ts";
export { type DownloadOptions, download } from "./session/files/download.ts";
export {
  copyPath,
  emptyTrash,
  makeFolder,
  movePath,
  type Purged,
  purgePath,
  removePath,
  restorePath,
} from "./session/files/edit.ts";
export { type ReadBack, readBack } from "./session/files/read-back.ts";
export type { Failure, Transfer } from "./session/files/transfer.ts";
export { requireEditor, type UploadOptions, upload } from "./session/files/upload.ts";
export { type Glance, glanceAt } from "./session/glance.ts";
export type { News, Reporting } from "./session/news.ts";
export { openSession } from "./session/open.ts";
export { answerDevices, askForDevice, type CodeAnswer, type OpenCode } from "./session/people/device-requests.ts";
export { admitDevice, removeDevices, replaceKit } from "./session/people/devices.ts";
export {
  type AccessChanges,
  type AccessGap,
  accessGaps,
  folderReach,
  requireFreeAccount,
  settleFolderAccess,
} from "./session/people/folder-access.ts";
export { foundGroup } from "./session/people/found.ts";
export { isFoundingUnfinished, isNothingPut } from "./session/people/founding.ts";
export {
  changeUntil,
  findInvitation,
  INVITATION_DAYS_MAX,
  invite,
  type NewInvitation,
  withdraw,
} from "./session/people/invitations.ts";
export { addressRecipient, askToJoin, hasNewerEpoch, joinGroup } from "./session/people/join.ts";
export { everybodyIn, memberNames, namesInLog } from "./session/people/member-names.ts";
export {
  addMember,
  admitMember,
  changeRole,
  leaveGroup,
  type NewEpoch,
  removeMember,
  rotate,
} from "./session/people/membership.ts";
export { askForGrant, epochStarter, lacksGrant } from "./session/people/missing-grant.ts";
export { openWithKit, recover, type SeenByKit } from "./session/people/recover.ts";
export { findRequest, type JoinRequest, listRequests } from "./session/people/requests.ts";
export { settle } from "./session/people/settle.ts";
export type { Problem, ProblemCode } from "./session/problem.ts";
export { confirmBy, unconfirmedSince } from "./session/reading/confirmed.ts";
export { excuseHidden, hiddenFrom, whoWasHeard } from "./session/reading/hidden-epochs.ts";
export { type OneHistory, type OpenFork, openForks } from "./session/reading/histories.ts";
export { readAll, refresh } from "./session/reading/refresh.ts";
export { isSettled } from "./session/reading/settled.ts";
export type { Shown } from "./session/reading/shown.ts";
export { judgedChanges } from "./session/reading/verdicts.ts";
export { whyIncomplete } from "./session/reading/vouched.ts";
export type { Session, SessionPorts } from "./session/session.ts";
export { catchUpToDelete, type Deleted, deleteGroup, requireOwner } from "./session/upkeep/delete-group.ts";
export {
  type Amount,
  isReencryptionLeft,
  type Reencryption,
  reencrypt,
  remaining,
} from "./session/upkeep/reencrypt.ts";
export { type Rehearsal, type RehearsedCut, rehearseRemoval } from "./session/upkeep/rehearse.ts";
export { misfittingRecords, problemsOf, type Status, statusOf } from "./session/upkeep/status.ts";
export { type Verification, verify } from "./session/upkeep/verify.ts";
export { flushOutbox } from "./session/writing/outbox.ts";
export { type FilePiece, filePieces } from "./tree/blobs.ts";
export { findEntries } from "./tree/find.ts";
export { conflicts, countTree, listFolder, type Resolved, resolvePath } from "./tree/listing.ts";
export { type PathVersions, versionsAt } from "./tree/plan-restore.ts";
export { type TrashEntry, trash, trashedWith } from "./tree/trash.ts";
export type { FileVersion } from "./tree/versions-of.ts";
export type { TreeEntry, ViewEntry } from "./tree/view.ts";
