/** The stock program rclone as a client: it finds the emulator where it expects Google. */
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, expect, it } from "vitest";
import { makeCertificate } from "../../../tests/support/certificate.ts";
import { type ConnectProxy, startConnectProxy } from "../../../tests/support/connect-proxy.ts";
import { driveReferee, type Referee } from "../../../tests/support/drive-referee.ts";
import { driveRemote, GOOGLE_HOSTS } from "../../../tests/support/rclone-remote.ts";
import { find, requireOrSkip } from "../../../tests/support/require.ts";
import { type EmulatedGoogle, startGoogle } from "../src/index.ts";

const FLAGS = ["--disable-http2", "--drive-pacer-min-sleep=1ms", "--drive-upload-cutoff=4M", "--drive-chunk-size=1M"];
const run = promisify(execFile);

let folder: string;
let google: EmulatedGoogle;
let proxy: ConnectProxy;
let referee: Referee | undefined;
let rclone: (...words: readonly string[]) => Promise<string>;

beforeEach(async (context) => {
  const program = requireOrSkip(context, "rclone");
  const openssl = requireOrSkip(context, "openssl");
  folder = mkdtempSync(join(tmpdir(), "conclave-rclone-"));
  const { authorityFile, ...tls } = makeCertificate(openssl, folder, GOOGLE_HOSTS);
  const specs = find("specs");
  referee = specs === undefined ? undefined : driveReferee(specs);
  google = await startGoogle({
    tls,
    limits: { pageSizeMax: 7 },
    observe: (call, answer) => referee?.observe(call, answer),
  });
  proxy = await startConnectProxy(google.url, GOOGLE_HOSTS);
  const env = {
    PATH: process.env.PATH,
    HOME: folder,
    HTTPS_PROXY: proxy.url,
    ...driveRemote(folder, google.signIn("alice@example.org")),
  };
  rclone = async (...words) => {
    const options = { cwd: folder, env, timeout: 50_000 };
    return (await run(program, [...words, ...FLAGS, "--ca-cert", authorityFile], options)).stdout;
  };
});

afterEach(async () => {
  proxy?.close();
  await google?.close();
  if (folder) rmSync(folder, { recursive: true });
  expect(proxy?.strangers ?? []).toEqual([]);
  expect(referee?.objections ?? []).toEqual([]);
});

/** A tree with many small files, an odd name, an empty file and one that goes up in chunks. */
function makeTree(): string {
  const tree = join(folder, "tree");
  mkdirSync(join(tree, "many"), { recursive: true });
  for (let at = 0; at < 20; at++) writeFileSync(join(tree, "many", `${at}.txt`), `number ${at}`);
  writeFileSync(join(tree, "it's \\ odd ✓"), "odd");
  writeFileSync(join(tree, "empty"), "");
  writeFileSync(join(tree, "big"), Buffer.alloc(5_500_000, "big"));
  return tree;
}

it("copies a tree there and back, and finds every byte as it was", async () => {
  const tree = makeTree();
  await rclone("copy", tree, "g:there");
  await rclone("check", "--download", tree, "g:there");
  expect(google.requests.count("upload.chunk")).toBe(6);
  expect((await rclone("lsf", "-R", "--files-only", "g:there")).trim().split("\n")).toHaveLength(23);
  await rclone("copy", "g:there", join(folder, "back"));
  expect(readFileSync(join(folder, "back", "big")).equals(readFileSync(join(tree, "big")))).toBe(true);
  expect(google.requests.counts()).not.toHaveProperty("unknown");
});

it("speaks as Google describes it, and is answered so", async (context) => {
  requireOrSkip(context, "specs");
  makeTree();
  await rclone("copy", "tree/many", "g:many");
  expect(referee?.judged).toBeGreaterThan(20);
});

it("moves, copies within the storage, deletes, and empties the trash", async () => {
  makeTree();
  await rclone("copy", "tree/many", "g:many");
  await rclone("moveto", "g:many/1.txt", "g:elsewhere/one.txt");
  await rclone("copyto", "g:many/2.txt", "g:elsewhere/two.txt", "--drive-server-side-across-configs");
  expect(await rclone("cat", "g:elsewhere/one.txt", "--offset", "7", "--count", "1")).toBe("1");
  expect((await rclone("lsf", "g:elsewhere")).trim().split("\n")).toEqual(["one.txt", "two.txt"]);
  await rclone("delete", "g:many");
  expect(await rclone("lsf", "g:many")).toBe("");
  await rclone("cleanup", "g:");
  await rclone("purge", "g:elsewhere", "--drive-use-trash=false");
  expect(await rclone("lsf", "g:")).toBe("many/\n");
  expect(JSON.parse(await rclone("about", "--json", "g:"))).toMatchObject({ used: 0, trashed: 0 });
  expect(google.requests.counts()).not.toHaveProperty("unknown");
});

it("gets through an upload that breaks off, answers that get lost, and refusals", { timeout: 60_000 }, async () => {
  const tree = makeTree();
  google.faults.add(
    { on: "upload.chunk", skip: 2, fault: { type: "reset-request", afterBytes: 400_000 } },
    { on: "files.list", fault: { type: "error", status: 403, reason: "userRateLimitExceeded" }, times: 2 },
    { on: "upload.create", skip: 3, fault: { type: "error", status: 503 }, times: 2 },
    { on: "files.download", fault: { type: "reset-response", afterBytes: 2 } },
  );
  await rclone("copy", tree, "g:there");
  await rclone("check", "--download", tree, "g:there");
  expect(google.faults.isSpent()).toBe(true);
});
