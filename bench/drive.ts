/**
 * Many small files to an emulated Google Drive: 150 ms a request, three new files a second, as Drive's users meet it.
 *
 *   node --conditions=@conclave/source bench/drive.ts [FILES] [SAMPLE]     default 10,000 and 300, of 1 to 9 KiB
 *
 * The sample is also sent by Debian's rclone with its crypt, in the same run to an emulator of the same kind; it needs
 * `rclone` and `openssl`. Of all the files only Conclave sends more: rclone's one request for each would take an hour.
 */
import { execFile, execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { upload } from "@conclave/core";
import { type GoogleOptions, startGoogle } from "@conclave/emulators";
import { openDatabase } from "@conclave/node";
import { findDriveFolder, openDriveStore } from "@conclave/stores";
import { makeCertificate } from "../tests/support/certificate.ts";
import { startConnectProxy } from "../tests/support/connect-proxy.ts";
import { sourceOfFiles } from "../tests/support/memory-files.ts";
import { driveRemote, GOOGLE_HOSTS } from "../tests/support/rclone-remote.ts";
import { budget, live, World } from "../tests/support/world.ts";

const LATENCY_MS = 150;
const CREATES_PER_SECOND = 3;
const DRIVE: GoogleOptions = { latencyMs: LATENCY_MS, limits: { createsPerSecond: CREATES_PER_SECOND } };
const [all, sample] = [Number(process.argv[2] ?? 10_000), Number(process.argv[3] ?? 300)];

type Files = Readonly<Record<string, string>>;
interface Sent {
  readonly seconds: number;
  readonly requests: Readonly<Record<string, number>>;
}

function makeFiles(count: number): Files {
  return Object.fromEntries(
    Array.from({ length: count }, (_, index) => [
      `${Math.floor(index / 100)}/file-${index}.txt`,
      `${index} `.repeat(Math.ceil((1024 * (1 + (index % 9))) / `${index} `.length)),
    ]),
  );
}

async function byConclave(files: Files): Promise<Sent> {
  const google = await startGoogle(DRIVE);
  const { accessToken } = google.signIn("alice@example.org");
  const access = {
    auth: { token: async () => accessToken, renew: async () => accessToken },
    endpoints: { api: google.url },
  };
  const folder = await findDriveFolder(access, { name: "Bench", create: true });
  const world = new World({ store: openDriveStore({ ...access, folder, cache: openDatabase(":memory:") }) });
  const alice = await world.device("alice");
  await world.found(alice, { settled: false });
  google.requests.clear();
  const started = performance.now();
  await upload(live(alice), { tree: sourceOfFiles(files, 1), into: "", budget: budget() });
  const seconds = (performance.now() - started) / 1000;
  const requests = google.requests.counts();
  world.close();
  await google.close();
  return { seconds, requests };
}

async function byRclone(files: Files): Promise<Sent> {
  const scratch = mkdtempSync(join(tmpdir(), "conclave-bench-"));
  const { authorityFile, ...tls } = makeCertificate("openssl", scratch, GOOGLE_HOSTS);
  const google = await startGoogle({ ...DRIVE, tls });
  const proxy = await startConnectProxy(google.url, GOOGLE_HOSTS);
  try {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(scratch, "files", path)), { recursive: true });
      writeFileSync(join(scratch, "files", path), text);
    }
    const env = {
      PATH: process.env.PATH,
      HOME: scratch,
      HTTPS_PROXY: proxy.url,
      ...driveRemote(scratch, google.signIn("alice@example.org")),
      RCLONE_CONFIG_C_TYPE: "crypt",
      RCLONE_CONFIG_C_REMOTE: "g:bench",
      RCLONE_CONFIG_C_PASSWORD: execFileSync("rclone", ["obscure", "bench"], { encoding: "utf8" }).trim(),
    };
    const words = ["copy", "files", "c:", "--disable-http2", "--ca-cert", authorityFile];
    const started = performance.now();
    await promisify(execFile)("rclone", words, { cwd: scratch, env });
    return { seconds: (performance.now() - started) / 1000, requests: google.requests.counts() };
  } finally {
    proxy.close();
    await google.close();
    rmSync(scratch, { recursive: true });
  }
}

function say(what: string, count: number, { seconds, requests }: Sent): void {
  process.stdout.write(`${what}: ${count} files up in ${seconds.toFixed(1)} s, ${JSON.stringify(requests)}\n`);
}

const [own, others] = [await byConclave(makeFiles(sample)), await byRclone(makeFiles(sample))];
say("conclave", sample, own);
say("rclone crypt", sample, others);
process.stdout.write(`rclone crypt takes ${(others.seconds / own.seconds).toFixed(1)} times as long\n`);
if (all > 0) {
  const whole = await byConclave(makeFiles(all));
  say("conclave", all, whole);
  const least = all / CREATES_PER_SECOND;
  const times = (least / whole.seconds).toFixed(0);
  process.stdout.write(`one request for each takes at least ${least.toFixed(0)} s: ${times} times as long\n`);
}
