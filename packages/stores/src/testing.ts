export { type Alter, altering, flipped, hiding, rewrite, swap } from "./hostile/alter.ts";
export { type Hooks, hostileStore } from "./hostile/client.ts";
export {
  type Call,
  Crash,
  crashAt,
  type Fault,
  failAt,
  failing,
  loseAnswerAt,
  type Matches,
  onCall,
  type Verb,
} from "./hostile/fault.ts";
export { type LaggingStorage, laggingStorage } from "./hostile/lag.ts";
export { type OwnedStorage, ownedStorage } from "./hostile/owned.ts";
export { type RecordedCall, type Recorder, recording } from "./hostile/record.ts";
export { replaying, restoreSnapshot, type Snapshot, takeSnapshot } from "./hostile/snapshot.ts";
export { memoryStore } from "./memory.ts";
