export { ConclaveError, type ConclaveErrorCode } from "./errors.ts";
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
