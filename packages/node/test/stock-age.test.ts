/** No lock-in: what we seal opens with the stock `age` of a distribution, and the other way round. */
import { execFile, execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import {
  newDevice,
  newEpochIdentity,
  openFile,
  publicKeysOf,
  sealFile,
  webCrypto,
  writeIdentityFile,
} from "@conclave/core";
import { afterAll, beforeAll, describe, expect, it, type TestContext } from "vitest";
import { requireOrSkip } from "../../../tests/support/require.ts";
import { nodeCrypto } from "../src/crypto.ts";
import { openHome } from "../src/home.ts";
import { createIdentity } from "../src/identity-store.ts";

const run = promisify(execFile);
const crypto = nodeCrypto({ workers: 1 });
const suite = "classic";
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "conclave-age-"));
});
afterAll(async () => {
  rmSync(folder, { recursive: true });
  await crypto.close();
});

function path(name: string, content?: string | Uint8Array): string {
  const path = join(folder, name);
  if (content !== undefined) writeFileSync(path, content);
  return path;
}

describe("stock age", () => {
  it.for([0, 1, 65_536, 65_537, 3_000_000])(
    "opens %d bytes that we sealed, and we what it sealed",
    async (length, context) => {
      const age = requireOrSkip(context, "age");
      const { identity, recipient } = await newEpochIdentity(suite);
      const content = new Uint8Array(length).map((_, index) => index * 7);
      const key = path("key.txt", `${identity}\n`);
      for (const port of [crypto, webCrypto()]) {
        const { sealed } = await sealFile(port, { recipients: [recipient], plaintext: content.slice(), suite });
        const file = path("ours.age", sealed);
        // Not by -o: an old age makes no file of an empty one.
        const { stdout } = await run(age, ["-d", "-i", key, file], { encoding: "buffer", maxBuffer: 2 ** 24 });
        expect(stdout.equals(content)).toBe(true);
        await run(age, ["-r", recipient, "-o", path("theirs.age"), path("content", content)]);
        const theirs = new Uint8Array(readFileSync(path("theirs.age")));
        const opened = await openFile(port, { sealed: theirs, identities: [identity], suite });
        expect(Buffer.from(opened).equals(content)).toBe(true);
      }
    },
  );
});

const MAKE_A_TERMINAL = `
import os, pty, sys
passphrase, command = sys.argv[1].encode(), sys.argv[2:]
child, terminal = pty.fork()
if child == 0: os.execvp(command[0], command)
seen = b""
while True:
    try: data = os.read(terminal, 1024)
    except OSError: break
    if not data: break
    seen += data
    if b"passphrase" in seen:
        os.write(terminal, passphrase + b"\\n"); seen = b""
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
`;

/** age asks a terminal for passphrases, and nothing else: Python makes one. */
function ageAtTerminal(context: TestContext, passphrase: string, args: readonly string[]): Promise<unknown> {
  const age = requireOrSkip(context, "age");
  try {
    execFileSync("python3", ["-c", "import pty"], { stdio: "ignore" });
  } catch {
    context.skip("there is no python3 with pty on this machine");
  }
  return run("python3", ["-c", MAKE_A_TERMINAL, passphrase, age, ...args]);
}

describe("an identity file", () => {
  it("in clear is read by stock age, without the line of an age that knows post-quantum keys", async (context) => {
    const age = requireOrSkip(context, "age");
    const device = await newDevice(crypto, { label: "laptop\nwith a line" });
    const { classic } = await publicKeysOf(device);
    const text = writeIdentityFile(device);
    const { sealed } = await sealFile(crypto, { recipients: [classic], plaintext: new Uint8Array([1, 2]), suite });
    const file = path("to-device.age", sealed);
    // What the file itself advises: grep -v PQ.
    const old = path(
      "old.txt",
      text
        .split("\n")
        .filter((line) => !line.includes("PQ"))
        .join("\n"),
    );
    await run(age, ["-d", "-i", old, "-o", path("plain"), file]);
    expect([...readFileSync(path("plain"))]).toEqual([1, 2]);
  });

  it("under a passphrase is opened by stock age, and by no other passphrase", async (context) => {
    const device = await newDevice(crypto, { label: "laptop" });
    const home = openHome({ env: { CONCLAVE_HOME: path("home") } });
    await createIdentity(crypto, { home, device, passphrase: "correct horse" });
    const open = (passphrase: string) =>
      ageAtTerminal(context, passphrase, ["-d", "-o", path("opened"), home.sealedIdentity]);
    await open("correct horse");
    expect(readFileSync(path("opened"), "utf8")).toBe(writeIdentityFile(device));
    await expect(open("wrong horse")).rejects.toThrow();
  });
});
