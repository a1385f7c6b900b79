import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";

/** A new folder that goes with its test. */
export function scratch(): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "conclave-files-")));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
