import { defineConfig } from "vitest/config";

const conditions = ["@conclave/source"];

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: { include: ["packages/*/test/**/*.test.ts", "tests/**/*.test.ts"], testTimeout: 30_000 },
});
