/** Tries a real storage: `npm run smoke -- gdrive --account EMAIL`. Without an account it says how to give one, and does nothing. */
import { smoke } from "./smoke/smoke.ts";

const interrupted = new AbortController();
process.once("SIGINT", () => interrupted.abort(new Error("interrupted")));
process.once("SIGTERM", () => interrupted.abort(new Error("interrupted")));
process.exitCode = await smoke(process.argv.slice(2), {
  env: process.env,
  say: (line) => process.stdout.write(`${line}\n`),
  signal: interrupted.signal,
});
