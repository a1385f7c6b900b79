export type { Io } from "./io.ts";
export { main } from "./main.ts";
export { processIo } from "./process-io.ts";
