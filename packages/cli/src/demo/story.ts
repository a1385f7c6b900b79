/** The whole story, told with real commands and checked as it goes. */
import { mkdir, open, readFile, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import type { Context } from "../context.ts";
import { humanSize } from "../units.ts";
import { type Given, person, requireTold, type Say, told } from "./stage.ts";
import { filesIn, firstDifference, sumOf } from "./tree.ts";

/** What the story is told with. */
export interface Setting {
  /** An empty folder for everything. */
  readonly folder: string;
  /** The files that the group shares. */
  readonly source: string;
  line(text: string): Promise<void>;
}

/** What it came to, for `--json`. */
export interface Outcome {
  readonly files: number;
  readonly bytes: number;
  readonly stored: { readonly files: number; readonly bytes: number };
  readonly seconds: Readonly<Record<"upload" | "uploadAgain" | "download" | "lockout" | "removal" | "verify", number>>;
}

interface Cast extends Setting {
  readonly alice: Say;
  readonly bob: Say;
  readonly carol: Say;
  readonly store: string;
}

interface Transferred {
  readonly files: number;
  readonly bytes: number;
  readonly transferred: number;
  readonly skipped: number;
  readonly seconds: number;
}

/** Tells the story. Rejects where anything is not as told. */
export async function tell(context: Context, setting: Setting): Promise<Outcome> {
  const { folder } = setting;
  const [alice, bob, carol] = ["Alice", "Bob", "Carol"].map((name) => person(context, folder, name)) as [Say, Say, Say];
  const cast: Cast = { ...setting, alice, bob, carol, store: join(folder, "store") };
  await found(cast);
  const uploads = await fill(cast);
  await refuseStranger(cast);
  const download = await admitBob(cast);
  const removal = await removeBob(cast);
  await admitCarol(cast);
  const verify = await verifyAll(cast);
  await alterOneByte(cast);
  const stored = await filesIn(cast.store);
  return {
    files: uploads.files,
    bytes: uploads.bytes,
    stored: { files: stored.size, bytes: sumOf(stored) },
    seconds: { upload: uploads.first, uploadAgain: uploads.again, download, ...removal, verify },
  };
}

async function found({ alice, bob, carol, line, store }: Cast): Promise<void> {
  await line("1. Three people make an identity each, and Alice founds a group on a folder.");
  for (const [name, say] of [
    ["Alice", alice],
    ["Bob", bob],
    ["Carol", carol],
  ] as const) {
    const kit = ["--kit", `kit of ${name}.txt`];
    const made = await told<{ fingerprint: string }>(
      say("init", "--name", name, "--no-passphrase", ...kit, "--json"),
      "init",
    );
    await line(`   ${name.padEnd(6)} ${made.fingerprint}`);
  }
  const group = await told<{ id: string }>(alice("create", "family", store, "--settled", "--json"), "create");
  await line(`   The group's id is ${group.id.slice(0, 16)}..., the digest of its first signed entry.`);
}

async function fill({
  alice,
  line,
  source,
  store,
}: Cast): Promise<{ files: number; bytes: number; first: number; again: number }> {
  await line("2. Alice uploads.");
  const first = await told<Transferred>(alice("upload", source, "family:", "--json"), "upload");
  requireTold(first.transferred === first.files, "the first upload transfers every file");
  const stored = await filesIn(store);
  await line(`   ${first.files} files, ${humanSize(first.bytes)}, in ${first.seconds.toFixed(2)} s.`);
  await requireSealed(store, stored);
  await line(
    `   The storage holds ${stored.size} files, ${humanSize(sumOf(stored))}: sealed, but for what tells that a group lies here.`,
  );
  const again = await told<Transferred>(alice("upload", source, "family:", "--json"), "the second upload");
  requireTold(again.transferred === 0 && again.skipped === first.files, "a second upload transfers nothing");
  await line(`   The same upload again transfers nothing, in ${again.seconds.toFixed(2)} s.`);
  return { files: first.files, bytes: first.bytes, first: first.seconds, again: again.seconds };
}

/** Every stored file is an age file, but the two kinds that are public on purpose. */
async function requireSealed(store: string, stored: ReadonlyMap<string, number>): Promise<void> {
  for (const path of stored.keys()) {
    if (path === "conclave.json" || path.endsWith(".recipient")) continue;
    await using file = await open(join(store, path));
    const { buffer } = await file.read(new Uint8Array(21), 0, 21, 0);
    requireTold(new TextDecoder().decode(buffer) === "age-encryption.org/v1", `${path} is an age file`);
  }
}

async function refuseStranger({ alice, carol, line }: Cast): Promise<void> {
  await line("3. Carol has the address, but nobody has admitted her.");
  const refused = await carol("join", await addressOf(alice), "--as", "family");
  requireTold(refused.exit === 3, `a stranger is refused with exit code 3, not ${refused.exit}`);
  await line(`   ${firstLine(refused)} (exit code 3)`);
  const asking = await requestsOf(alice);
  requireTold(
    asking.some(({ name, state }) => name === "Carol" && state === "waiting"),
    "her request is seen",
  );
  await line("   Alice sees that Carol asks. Carol was given no key.");
}

async function admitBob({ alice, bob, line, folder, source }: Cast): Promise<number> {
  await line("4. Alice admits Bob, after they compared fingerprints; Bob downloads.");
  await admit({ alice, say: bob, name: "Bob" });
  const into = join(folder, "Bob's copy");
  const given = await told<Transferred>(bob("download", "family:/", into, "--json"), "Bob's download");
  await requireSame(source, join(into, basename(source)));
  await line(`   ${given.transferred} files in ${given.seconds.toFixed(2)} s, and every one is equal to Alice's.`);
  const note = join(folder, "note.txt");
  await writeFile(note, "from Bob\n");
  await told(bob("upload", note, "family:from Bob", "--json"), "Bob's upload");
  const read = await alice("cat", "family:from Bob/note.txt");
  requireTold(read.out === "from Bob\n", "Alice reads what Bob wrote");
  await line("   Bob adds a note, and Alice reads it.");
  return given.seconds;
}

async function removeBob({ alice, bob, line, store }: Cast): Promise<{ lockout: number; removal: number }> {
  await line("5. Alice removes Bob.");
  interface Removed {
    readonly epoch: string;
    readonly reencrypted: { readonly objects: number; readonly bytes: number };
    readonly remaining: { readonly objects: number };
    readonly seconds: { readonly lockout: number; readonly total: number };
  }
  const { epoch, reencrypted, remaining, seconds } = await told<Removed>(
    alice("remove", "family", "Bob", "--json"),
    "remove",
  );
  requireTold(remaining.objects === 0, "nothing is left to re-encrypt");
  const objects = [...(await filesIn(store)).keys()].filter((path) => path.includes("/objects/"));
  requireTold(
    objects.length > 0 && objects.every((path) => path.startsWith(epoch)),
    "every object is of the new epoch",
  );
  await line(
    `   The key has changed after ${seconds.lockout.toFixed(2)} s; after ${seconds.total.toFixed(2)} s everything is`,
  );
  await line(
    `   re-encrypted (${reencrypted.objects} objects, ${humanSize(reencrypted.bytes)}), and no object of the old key is left.`,
  );
  const refused = await bob("ls", "family:");
  requireTold(refused.exit === 3, `Bob is refused with exit code 3, not ${refused.exit}`);
  await line(`   Bob tries: ${lineWith(refused, "error: ")} (exit code 3)`);
  const asking = await requestsOf(alice);
  requireTold(
    asking.some(({ name, state }) => name === "Bob" && state === "refused"),
    "his attempt is seen",
  );
  await line("   Alice sees that he tried.");
  return { lockout: seconds.lockout, removal: seconds.total };
}

async function admitCarol({ alice, carol, line, folder, source }: Cast): Promise<void> {
  await line("6. Alice admits Carol, who downloads what was re-encrypted.");
  await admit({ alice, say: carol, name: "Carol" });
  const into = join(folder, "Carol's copy");
  await told(carol("download", "family:/", into, "--json"), "Carol's download");
  await requireSame(source, join(into, basename(source)));
  await line("   Every file is equal to Alice's.");
}

async function verifyAll({ carol, line }: Cast): Promise<number> {
  await line("7. Carol verifies all of it.");
  interface Verified {
    readonly ok: boolean;
    readonly records: number;
    readonly objects: number;
    readonly files: number;
    readonly seconds: number;
  }
  const found = await told<Verified>(carol("verify", "family", "--full", "--json"), "verify");
  requireTold(found.ok, "all is well");
  await line(
    `   ${found.records} records and ${found.objects} objects of ${found.files} files: all well, in ${found.seconds.toFixed(2)} s.`,
  );
  return found.seconds;
}

/** The storage lies, and is caught; then what it held is put back. */
async function alterOneByte({ carol, line, store }: Cast): Promise<void> {
  await line("8. Somebody changes one byte on the storage.");
  const object = [...(await filesIn(store)).keys()].find((path) => path.includes("/objects/")) ?? "";
  const path = join(store, object);
  const before = await readFile(path);
  const altered = Uint8Array.from(before);
  const middle = Math.floor(altered.length / 2);
  altered[middle] = (altered[middle] ?? 0) ^ 1;
  await writeFile(path, altered);
  const found = await carol("verify", "family", "--full");
  requireTold(found.exit === 5, `an altered byte is found with exit code 5, not ${found.exit}`);
  await writeFile(path, before);
  await line("   It is found and named (exit code 5).");
}

/** From the request to the first look, as two people do it. */
async function admit({
  alice,
  say,
  name,
}: {
  readonly alice: Say;
  readonly say: Say;
  readonly name: string;
}): Promise<void> {
  const address = await addressOf(alice);
  const asked = await say("join", address, "--as", "family");
  requireTold(asked.exit === 3, `${name} waits at first`);
  const { fingerprint } = await told<{ fingerprint: string }>(say("id", "--json"), "id");
  await told(alice("add", "family", name, "--fingerprint", fingerprint, "--json"), "add");
  await told(say("join", address, "--as", "family", "--json"), "join");
}

async function addressOf(say: Say): Promise<string> {
  return (await told<{ address: string }>(say("address", "family", "--json"), "address")).address;
}

async function requestsOf(say: Say): Promise<readonly { readonly name: string; readonly state: string }[]> {
  const { exit, out } = await say("requests", "family", "--json");
  requireTold(exit === 0, "requests are listed");
  return JSON.parse(out) as { name: string; state: string }[];
}

async function requireSame(source: string, copy: string): Promise<void> {
  await mkdir(copy, { recursive: true });
  const different = await firstDifference(source, copy);
  requireTold(different === undefined, `${different} is the same`);
}

function firstLine({ err }: Given): string {
  return (err.split("\n")[0] ?? "").replace(/^error: /, "");
}

function lineWith({ err }: Given, start: string): string {
  return (err.split("\n").find((line) => line.startsWith(start)) ?? "").slice(start.length);
}
