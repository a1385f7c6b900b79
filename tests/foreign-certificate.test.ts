/** Somebody stands between this machine and Google, with a certificate of their own: real processes, real TLS, a real proxy. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { get } from "node:https";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { startGoogle } from "@conclave/emulators";
import { expect, it, onTestFinished } from "vitest";
import { signInWords, writeClientFile } from "../packages/cli/test/support/google.ts";
import { makeCertificate } from "./support/certificate.ts";
import { startConnectProxy } from "./support/connect-proxy.ts";
import { GOOGLE_HOSTS } from "./support/rclone-remote.ts";
import { requireOrSkip } from "./support/require.ts";

const BIN = resolve("packages/cli/bin/conclave.js");

it("gets nothing: the certificate is named, exit 6, and all goes on by a way that is trusted", {
  timeout: 120_000,
}, async (context) => {
  const openssl = requireOrSkip(context, "openssl");
  const folder = mkdtempSync(join(tmpdir(), "conclave-certificate-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const { authorityFile, ...tls } = makeCertificate(openssl, folder, GOOGLE_HOSTS);
  const google = await startGoogle({ tls });
  onTestFinished(() => google.close());
  const proxy = await startConnectProxy(google.url, GOOGLE_HOSTS);
  onTestFinished(() => proxy.close());
  writeClientFile(folder);
  writeFileSync(join(folder, "a.txt"), "alpha");

  /** Runs the command behind the proxy, as one who trusts its authority or as one who does not. */
  async function run(trusts: boolean, ...argv: readonly string[]) {
    const child = spawn(process.execPath, [BIN, ...argv], {
      cwd: folder,
      env: {
        PATH: process.env.PATH,
        CONCLAVE_HOME: join(folder, "home"),
        NODE_USE_ENV_PROXY: "1",
        HTTPS_PROXY: proxy.url,
        ...(trusts && { NODE_EXTRA_CA_CERTS: authorityFile }),
      },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const said = { out: "", err: "" };
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      said.out += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      said.err += text;
      const page = /^ {2}(https:\S+)$/m.exec(text)?.[1];
      if (page !== undefined) browse(page);
    });
    const [exit] = await once(child, "close");
    return { exit, ...said };
  }

  /** A browser that trusts the authority, and allows. */
  function browse(page: string): void {
    const { host, pathname, search } = new URL(page);
    const { port } = new URL(google.url);
    const options = { host: "127.0.0.1", port, path: pathname + search, servername: host, headers: { host } };
    get({ ...options, ca: readFileSync(authorityFile) }, ({ headers }) => void fetch(headers.location ?? ""));
  }

  for (const words of [
    ["init", "--name", "Alice", "--no-passphrase"],
    [...signInWords, "--account", "alice@example.org"],
    ["create", "club", "gdrive:club"],
  ]) {
    expect(await run(true, ...words), words.join(" ")).toMatchObject({ exit: 0 });
  }
  google.requests.clear();
  const refused = await run(false, "upload", "a.txt", "club:/");
  expect(refused).toMatchObject({ exit: 6, err: expect.stringMatching(/certificate[\s\S]*another network/) });
  google.expireAccessTokens();
  expect(google.requests.length).toBe(0);
  expect(await run(true, "upload", "a.txt", "club:/")).toMatchObject({ exit: 0 });
  expect(await run(true, "cat", "club:/a.txt")).toMatchObject({ exit: 0, out: "alpha" });
});
