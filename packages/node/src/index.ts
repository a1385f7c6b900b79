export { type NodeCrypto, nodeCrypto, WORKER_BYTES_MIN } from "./crypto.ts";
export { openDatabase } from "./sqlite.ts";
