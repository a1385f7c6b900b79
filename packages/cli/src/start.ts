/** Runs the command for this process. Importing it is running it. */
import { main } from "./main.ts";
import { processIo } from "./process-io.ts";

// Not `process.exit`: what was written to a pipe may still be on its way.
process.exitCode = await main(process.argv.slice(2), processIo());
