export { main } from "./main.ts";
export type { Io } from "./terminal/io.ts";
export { processIo } from "./terminal/process-io.ts";
