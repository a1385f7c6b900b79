import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, it, onTestFinished } from "vitest";
import { requireOrSkip } from "../../../tests/support/require.ts";

const run = promisify(execFile);
const CHILD = new URL("./support/keychain-child.ts", import.meta.url).pathname;
const NODE = [process.execPath, "--conditions=@conclave/source", CHILD];

function scratch(): NodeJS.ProcessEnv {
  const folder = mkdtempSync(join(tmpdir(), "conclave-keychain-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return { PATH: process.env.PATH, HOME: folder, XDG_DATA_HOME: folder, XDG_RUNTIME_DIR: folder, SCRATCH: folder };
}

it("keeps an identity unlocked in the system's keychain until it is locked", { timeout: 60_000 }, async (context) => {
  const bus = requireOrSkip(context, "dbus-run-session");
  const daemon = requireOrSkip(context, "gnome-keyring-daemon");
  const script = `printf 'keys\\n' | "$0" --unlock --components=secrets > /dev/null && exec "$@"`;
  const { stdout } = await run(bus, ["--", "sh", "-c", script, daemon, ...NODE], { env: scratch() });
  expect(JSON.parse(stdout)).toEqual({
    found: true,
    asked: { atFirst: 1, whenKept: 0, underAnotherPassphrase: 1, whenLocked: 1 },
    sameKeys: true,
    locked: [true, false],
  });
});

it("does without where there is no keychain", async () => {
  const [program = "", ...argv] = NODE;
  const env = { ...scratch(), DBUS_SESSION_BUS_ADDRESS: "unix:path=/nonexistent" };
  const { stdout } = await run(program, argv, { env });
  expect(JSON.parse(stdout)).toEqual({ found: process.platform !== "linux" });
});
