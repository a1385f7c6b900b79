import { availableParallelism } from "node:os";
import { resolve } from "node:path";
import { playwright } from "@vitest/browser-playwright";
import { defineConfig, type TestProjectConfiguration } from "vitest/config";
import { CountReporter, type LeftOut } from "./scripts/count-reporter.ts";
import { find, isRequired, reasonWithout } from "./tests/support/require.ts";

const browserTests = "packages/*/test/browser/**/*.test.ts";
const chromium = find("chromium");
const vectors = find("vectors");
const conditions = ["@conclave/source"];

/** Tests that run in Node. */
function inNode(name: string, folder: string): TestProjectConfiguration {
  return {
    extends: true,
    test: { name, include: [`${folder}/**/*.test.ts`], exclude: [browserTests] },
  };
}

/** Tests of core and stores in a real browser: the same code, and mostly the same tests, by import. */
function inChromium(executablePath: string): TestProjectConfiguration {
  const args = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
  ];
  return {
    extends: true,
    // What is not named here would be bundled when it is first met, with a reload in the middle of a test.
    optimizeDeps: { include: ["fast-check"], exclude: ["@sqlite.org/sqlite-wasm"] },
    resolve: {
      conditions,
      alias: [
        { find: /^.*\/sqlite\.ts$/, replacement: resolve("packages/core/test/support/sqlite-wasm.ts") },
        { find: "node:assert/strict", replacement: resolve("packages/stores/test/browser/assert.ts") },
      ],
    },
    server: { fs: { allow: vectors ? [".", vectors] : ["."] } },
    test: {
      name: "browser",
      include: [browserTests],
      globalSetup: "packages/stores/test/browser/google.ts",
      browser: {
        enabled: true,
        headless: true,
        screenshotFailures: false,
        provider: playwright({ launchOptions: { executablePath, args } }),
        instances: [{ browser: "chromium" }],
      },
    },
  };
}

const leftOut: LeftOut[] = chromium
  ? []
  : [{ name: browserTests, reason: reasonWithout("chromium"), isFailure: isRequired("chromium") }];

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // Vitest itself would leave one core to its own work, which is little: on two cores everything took twice as long.
    maxWorkers: availableParallelism(),
    reporters: ["default", new CountReporter(leftOut)],
    provide: { vectors },
    projects: [
      inNode("core", "packages/core/test"),
      inNode("stores", "packages/stores/test"),
      inNode("node", "packages/node/test"),
      inNode("emulators", "packages/emulators/test"),
      inNode("cli", "packages/cli/test"),
      inNode("end-to-end", "tests"),
      ...(chromium ? [inChromium(chromium)] : []),
    ],
  },
});

declare module "vitest" {
  /** What `inject` gives to tests that have no process to ask, as in a browser. */
  interface ProvidedContext {
    /** The folder of `CONCLAVE_VECTORS`. */
    readonly vectors: string | undefined;
  }
}
