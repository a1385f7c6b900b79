export { type NodeCrypto, nodeCrypto, WORKER_BYTES_MIN } from "./crypto.ts";
export { type LocalSource, openSource } from "./files/source.ts";
export { type LocalTarget, openTarget } from "./files/target.ts";
export { type Home, type HomeOptions, homeFolder, openHome } from "./home.ts";
export { createIdentity, type IdentityState, identityState, readIdentity } from "./identity-store.ts";
export { createPrivateFile, replacePrivateFile } from "./private-file.ts";
export { processRuns, systemClock } from "./runs.ts";
export { openDatabase } from "./sqlite.ts";
