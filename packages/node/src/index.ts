export { type NodeCrypto, nodeCrypto, WORKER_BYTES_MIN } from "./crypto.ts";
export { forgetCode, type KnownCode, listCodes, noteCode, noteCodeUsed } from "./device-codes.ts";
export { type LocalSource, openSource } from "./files/source.ts";
export { type LocalTarget, openTarget } from "./files/target.ts";
export {
  type GroupStore,
  isDrive,
  openGroupStore,
  openPlainFiles,
  resolvePlace,
  type StorePlace,
} from "./group-store.ts";
export { findGroup, forgetGroup, type KnownGroup, listGroups, noteGroup } from "./groups.ts";
export { type Home, type HomeOptions, homeFolder, openHome } from "./home.ts";
export { homeExposures } from "./home-exposure.ts";
export { withHomeLock } from "./home-lock.ts";
export {
  createIdentity,
  type IdentityState,
  identityState,
  keepUnlocked,
  lockIdentity,
  readIdentity,
} from "./identity-store.ts";
export { type Keychain, systemKeychain } from "./keychain.ts";
export {
  foundKnownGroup,
  joinKnownGroup,
  type OpenGroup,
  openGroup,
} from "./open-group.ts";
export { createPrivateFile, replacePrivateFile } from "./private-file.ts";
export { processRuns, systemClock } from "./runs.ts";
export { type Access, accessTo } from "./sign-in/access.ts";
export {
  type Account,
  type AccountSecrets,
  findAccount,
  isAccount,
  listAccounts,
  type Provider,
  readSecrets,
  removeAccount,
  saveAccount,
  type TokenKeeper,
} from "./sign-in/accounts.ts";
export { SignInError, type SignInErrorCode } from "./sign-in/error.ts";
export {
  GOOGLE_EMULATOR,
  type GoogleEndpoints,
  type GoogleScope,
  googleEndpoints,
  type OAuthClient,
  type Tokens,
} from "./sign-in/google.ts";
export { type SignedIn, type SignInOptions, signIn } from "./sign-in/sign-in.ts";
export { revokeTokens } from "./sign-in/token-request.ts";
export { openDatabase } from "./sqlite.ts";
export type { Unlocked } from "./unlocked.ts";
