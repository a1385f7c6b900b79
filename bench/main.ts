/**
 * Side by side, in one run: Conclave's commands as processes, beside `cp -r`, stock age and rclone's crypt where they are
 * installed. Times depend on the machine and on what else it does; the ratios are what to look at.
 *
 *   npm run bench                 10,000 files of 1 to 20 KiB, and one of 1 GiB
 *   npm run bench -- --quick      a tenth of that
 *   npm run bench -- --files N    another number of small files
 */
import { execFileSync, spawnSync } from "node:child_process";
import { createCipheriv, createHash, randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const { values } = parseArgs({
  options: { quick: { type: "boolean" }, files: { type: "string" }, keep: { type: "boolean" } },
});
const fileCount = Number(values.files ?? (values.quick ? 1_000 : 10_000));
const bigBytes = (values.quick ? 128 : 1024) * 1024 * 1024;
const MIB = 1024 * 1024;
const bin = createRequire(import.meta.url).resolve(
  fileURLToPath(new URL("../packages/cli/bin/conclave.js", import.meta.url)),
);
const scratch = mkdtempSync(join(tmpdir(), "conclave-bench-"));
const at = (...names: string[]) => join(scratch, ...names);

interface Result {
  readonly what: string;
  readonly seconds: number;
  /** Most resident memory of the process, in MB; undefined where it cannot be told. */
  readonly memory?: number;
}

function has(program: string): boolean {
  return spawnSync(program, ["--version"], { stdio: "ignore" }).error === undefined;
}

function timed(what: string, program: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Result {
  const watch = has("/usr/bin/time");
  const started = performance.now();
  const command = watch ? ["/usr/bin/time", "-f", "%M", "-o", at("memory"), program, ...args] : [program, ...args];
  execFileSync(command[0] as string, command.slice(1), {
    env: { ...process.env, ...env },
    stdio: ["ignore", "ignore", "inherit"],
  });
  const seconds = (performance.now() - started) / 1000;
  return watch
    ? { what, seconds, memory: Number(readFileSync(at("memory"), "utf8").trim()) / 1024 }
    : { what, seconds };
}

function conclave(home: string, ...args: string[]): Result {
  return timed(`conclave ${args[0]}`, process.execPath, [bin, "--quiet", "--no-progress", ...args], {
    CONCLAVE_HOME: at(home),
  });
}

function makeFiles(): number {
  let bytes = 0;
  let seed = 1;
  for (let index = 0; index < fileCount; index++) {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
    const content = randomBytes(1024 + (seed % (19 * 1024)));
    const folder = at("small", String(Math.floor(index / 100)));
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, `file-${index}.bin`), content);
    bytes += content.length;
  }
  return bytes;
}

function makeBig(): void {
  mkdirSync(at("big"), { recursive: true });
  for (let written = 0; written < bigBytes; written += 16 * MIB) {
    writeFileSync(at("big", "big.bin"), randomBytes(16 * MIB), { flag: "a" });
  }
}

/** One core's time for nothing but one cipher pass and the two digests that every byte gets. */
function cipherAndDigests(): Result {
  const bytes = randomBytes(64 * MIB);
  const key = randomBytes(32);
  const started = performance.now();
  createHash("sha256").update(bytes).digest();
  createHash("sha256").update(bytes).digest();
  for (let offset = 0; offset < bytes.length; offset += 65_536) {
    const cipher = createCipheriv("chacha20-poly1305", key, new Uint8Array(12), { authTagLength: 16 });
    cipher.update(bytes.subarray(offset, offset + 65_536));
    cipher.final();
  }
  return {
    what: "cipher and digests alone",
    seconds: (((performance.now() - started) / 1000) * bigBytes) / bytes.length,
  };
}

function rcloneConfig(): string {
  const secret = execFileSync("rclone", ["obscure", "a passphrase for a benchmark"], { encoding: "utf8" }).trim();
  writeFileSync(at("rclone.conf"), `[crypt]\ntype = crypt\nremote = ${at("rclone-store")}\npassword = ${secret}\n`);
  return at("rclone.conf");
}

/** Each step of one set of files, ours and theirs one after the other, so that all meet the same machine. */
function compare(set: "small" | "big", bytes: number): void {
  const results: [string, Result[]][] = [
    ["up", []],
    ["again", []],
    ["down", []],
    ["removal", []],
  ];
  const [up, again, down, removal] = results.map(([, list]) => list) as [Result[], Result[], Result[], Result[]];
  const clean = (...names: string[]) => {
    for (const name of names) rmSync(at(name), { recursive: true, force: true });
  };

  up.push(timed("cp -r", "cp", ["-r", at(set), at("copy")]));
  up.push(conclave("alice", "upload", at(set), "bench:/"));
  if (has("rclone")) {
    const config = ["--config", rcloneConfig()];
    up.push(timed("rclone crypt", "rclone", ["copy", at(set), `crypt:${set}`, ...config]));
    again.push(timed("rclone crypt", "rclone", ["copy", at(set), `crypt:${set}`, ...config]));
    down.push(timed("rclone crypt", "rclone", ["copy", `crypt:${set}`, at("from-rclone"), ...config]));
  }
  if (has("age")) {
    execFileSync("age-keygen", ["-o", at("age.key")], { stdio: "ignore" });
    const recipient = /age1[0-9a-z]+/.exec(readFileSync(at("age.key"), "utf8"))?.[0] ?? "";
    up.push(timed("tar | age", "sh", ["-c", `tar -C ${at(set)} -cf - . | age -r ${recipient} > ${at("all.age")}`]));
    mkdirSync(at("from-age"), { recursive: true });
    down.push(
      timed("age | tar", "sh", ["-c", `age -d -i ${at("age.key")} ${at("all.age")} | tar -C ${at("from-age")} -xf -`]),
    );
  }
  again.push(conclave("alice", "upload", at(set), "bench:/"));
  down.push(
    timed("cp -r", "cp", ["-r", at("copy"), at("copy-2")]),
    conclave("alice", "download", `bench:/${set}`, at("from-conclave")),
  );
  execFileSync("diff", ["-r", at(set), at("from-conclave", set)], { stdio: "inherit" });
  removal.push(conclave("alice", "remove", "bench", "Bob"));
  clean("copy", "copy-2", "from-rclone", "from-age", "from-conclave", "all.age", "age.key", "rclone-store");

  const alone = set === "big" ? cipherAndDigests() : undefined;
  if (alone) up.push(alone);
  for (const [step, list] of results) {
    const ours = list.find(({ what }) => what.startsWith("conclave"))?.seconds ?? Number.NaN;
    for (const { what, seconds, memory } of list) {
      const rate = `${(bytes / MIB / seconds).toFixed(0)} MiB/s`;
      const ratio = what.startsWith("conclave") ? "" : `conclave takes ${(ours / seconds).toFixed(2)} of its time`;
      const held = memory === undefined ? "" : `${memory.toFixed(0)} MB`;
      console.log(
        `  ${step.padEnd(8)} ${what.padEnd(26)} ${seconds.toFixed(2).padStart(7)} s ${rate.padStart(11)} ${held.padStart(7)}  ${ratio}`,
      );
    }
  }
}

function admitBob(): void {
  const card = at("bob.card");
  execFileSync(process.execPath, [bin, "--quiet", "id", "--card", card], {
    env: { ...process.env, CONCLAVE_HOME: at("bob") },
    stdio: "ignore",
  });
  const id = execFileSync(process.execPath, [bin, "id", "--json"], {
    env: { ...process.env, CONCLAVE_HOME: at("bob") },
    encoding: "utf8",
  });
  const { fingerprint } = JSON.parse(id) as { fingerprint: string };
  conclave("alice", "add", "bench", card, "--fingerprint", fingerprint);
  rmSync(card);
}

try {
  const smallBytes = makeFiles();
  makeBig();
  for (const [home, name] of [
    ["alice", "Alice"],
    ["bob", "Bob"],
  ] as const) {
    conclave(home, "init", "--name", name, "--no-passphrase", "--kit", at(`${home}.kit`));
  }
  conclave("alice", "create", "bench", at("store"), "--settled");
  admitBob();
  console.log(`${fileCount} files, ${(smallBytes / MIB).toFixed(0)} MiB`);
  compare("small", smallBytes);
  admitBob();
  console.log(`1 file, ${(bigBytes / MIB).toFixed(0)} MiB (a removal re-encrypts the small files too)`);
  compare("big", bigBytes);
} finally {
  if (!values.keep) rmSync(scratch, { recursive: true, force: true });
}
