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
export { ConclaveError, type ConclaveErrorCode } from "./errors.ts";
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
  writeIdentityFile,
} from "./identity/device.ts";
export { fingerprint, matchesFingerprint } from "./identity/fingerprint.ts";
export { KIT_LABEL, KIT_WORDS, kitDevice, kitWords, newKitSecret, readKitWords } from "./identity/kit.ts";
export type { Clock, Runs } from "./ports/clock.ts";
export type { Crypto, SealedPayload } from "./ports/crypto.ts";
export type {
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
  type GetOptions,
  type ListOptions,
  type ObjectStore,
  STORE_KEY,
  STORED_BYTES_MAX,
  type StoredObject,
  StoreError,
  type StoreErrorCode,
  type StoreTraits,
} from "./ports/store.ts";
