/**
 * Many small files to an emulated Google Drive: 150 ms a request, three new files a second, as Drive's users meet it.
 *
 *   node --conditions=@conclave/source bench/drive.ts [FILES]     default 10,000, of 1 to 9 KiB
 *
 * Beside it stands what one request for each file takes at that rate, however it is made; rclone's crypt sends them so.
 */
import { upload } from "@conclave/core";
import { startGoogle } from "@conclave/emulators";
import { openDatabase } from "@conclave/node";
import { findDriveFolder, openDriveStore } from "@conclave/stores";
import { sourceOfFiles } from "../tests/support/memory-files.ts";
import { budget, live, World } from "../tests/support/world.ts";

const LATENCY_MS = 150;
const CREATES_PER_SECOND = 3;
const count = Number(process.argv[2] ?? 10_000);

const google = await startGoogle({ latencyMs: LATENCY_MS, limits: { createsPerSecond: CREATES_PER_SECOND } });
const { accessToken } = google.signIn("alice@example.org");
const access = {
  auth: { token: async () => accessToken, renew: async () => accessToken },
  endpoints: { api: google.url },
};
const folder = await findDriveFolder(access, { name: "Bench", create: true });
const world = new World({ store: openDriveStore({ ...access, folder, cache: openDatabase(":memory:") }) });
const alice = await world.device("alice");
await world.found(alice, { settled: false });

const files = Object.fromEntries(
  Array.from({ length: count }, (_, index) => [
    `${Math.floor(index / 100)}/file-${index}.txt`,
    `${index} `.repeat(Math.ceil((1024 * (1 + (index % 9))) / `${index} `.length)),
  ]),
);
google.requests.clear();
const started = performance.now();
const done = await upload(live(alice), { tree: sourceOfFiles(files, 1), into: "", budget: budget() });
const seconds = (performance.now() - started) / 1000;
const each = count / CREATES_PER_SECOND;
process.stdout.write(
  `${done.transferred} files up in ${seconds.toFixed(1)} s, ${JSON.stringify(google.requests.counts())}\n` +
    `one request for each takes at least ${each.toFixed(0)} s: ${(each / seconds).toFixed(0)} times as long\n`,
);
world.close();
await google.close();
