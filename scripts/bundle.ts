/**
 * Puts the command and all that it imports into a few files, `packages/cli/dist/bundle`: finding and reading several
 * hundred modules took longer than most commands take to do their work. docs/decisions/0025.
 */
import { rm } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { rolldown } from "rolldown";

const root = new URL("../", import.meta.url);
const path = (relative: string): string => fileURLToPath(new URL(relative, root));
const target = path("packages/cli/dist/bundle");

const bundle = await rolldown({
  input: {
    index: path("packages/cli/src/index.ts"),
    // Found by its name beside whoever starts it.
    "crypto-worker": path("packages/node/src/crypto-worker.ts"),
  },
  platform: "node",
  // Native code stays where it was installed.
  external: [/^node:/, "@napi-rs/keyring"],
  resolve: { conditionNames: ["@conclave/source", "node", "import", "default"] },
});
await rm(target, { recursive: true, force: true });
await bundle.write({ dir: target, format: "esm", entryFileNames: "[name].js", chunkFileNames: "[name]-[hash].js" });
await bundle.close();
