/** The whole story, told with real commands and checked as it goes. */
import { mkdir, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import type { Context } from "../context.ts";
import { humanSize } from "../terminal/units.ts";
import { admit, refuse, turnAway } from "./admission.ts";
import type { Ground } from "./ground.ts";
import { person, requireTold, type Say, told } from "./stage.ts";
import { firstDifference, sumOf } from "./tree.ts";

/** What the story is told with. */
export interface Setting {
  /** An empty folder for everything. */
  readonly folder: string;
  /** The files that the group shares. */
  readonly source: string;
  readonly ground: Ground;
  line(text: string): Promise<void>;
}

/** What it came to, for `--json`. */
export interface Outcome {
  readonly files: number;
  readonly bytes: number;
  readonly stored: { readonly files: number; readonly bytes: number };
  readonly seconds: Readonly<Record<"upload" | "uploadAgain" | "download" | "lockout" | "removal" | "verify", number>>;
  /** By kind; none where the storage is reached without. */
  readonly requests: Readonly<Record<string, number>>;
}

interface Cast extends Setting {
  readonly alice: Say;
  readonly bob: Say;
  readonly carol: Say;
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
  const { folder, ground } = setting;
  const say = (name: string): Say => person(context, { folder, name, world: ground.world });
  const cast: Cast = { ...setting, alice: say("Alice"), bob: say("Bob"), carol: say("Carol") };
  await chapter(cast, found);
  const uploads = await chapter(cast, fill);
  await chapter(cast, refuseStranger);
  const download = await chapter(cast, admitBob);
  const removal = await chapter(cast, removeBob);
  await chapter(cast, admitCarol);
  const verify = await chapter(cast, verifyAll);
  await chapter(cast, alterOneByte);
  const stored = await ground.stored();
  return {
    files: uploads.files,
    bytes: uploads.bytes,
    stored: { files: stored.size, bytes: sumOf(stored) },
    seconds: { upload: uploads.first, uploadAgain: uploads.again, download, ...removal, verify },
    requests: ground.requests(),
  };
}

/** Tells a chapter, and what it asked of the provider. */
async function chapter<Result>(cast: Cast, tellIt: (cast: Cast) => Promise<Result>): Promise<Result> {
  const before = requestsIn(cast);
  const result = await tellIt(cast);
  const requests = requestsIn(cast) - before;
  if (requests > 0) await cast.line(`   (${requests} requests to the provider)`);
  return result;
}

function requestsIn({ ground }: Cast): number {
  return Object.values(ground.requests()).reduce((sum, count) => sum + count, 0);
}

async function found({ alice, bob, carol, line, ground }: Cast): Promise<void> {
  await line(`1. Three people make an identity each, and Alice founds a group on ${ground.name}.`);
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
    const entered = await ground.enter(name, say);
    await line(`   ${name.padEnd(6)} ${made.fingerprint}${entered === undefined ? "" : `, ${entered}`}`);
  }
  const group = await told<{ id: string }>(alice("create", "family", ...ground.words, "--json"), "create");
  await line(`   The group's id is ${group.id.slice(0, 16)}..., the digest of its first signed entry.`);
}

async function fill({
  alice,
  line,
  source,
  ground,
}: Cast): Promise<{ files: number; bytes: number; first: number; again: number }> {
  await line("2. Alice uploads.");
  const first = await told<Transferred>(alice("upload", source, "family:", "--json"), "upload");
  requireTold(first.transferred === first.files, "the first upload transfers every file");
  const stored = await ground.stored();
  await line(`   ${first.files} files, ${humanSize(first.bytes)}, in ${first.seconds.toFixed(2)} s.`);
  await requireSealed(ground, stored);
  await line(
    `   The storage holds ${stored.size} files, ${humanSize(sumOf(stored))}: sealed, but for what tells that a group lies here.`,
  );
  const again = await told<Transferred>(alice("upload", source, "family:", "--json"), "the second upload");
  requireTold(again.transferred === 0 && again.skipped === first.files, "a second upload transfers nothing");
  await line(`   The same upload again transfers nothing, in ${again.seconds.toFixed(2)} s.`);
  return { files: first.files, bytes: first.bytes, first: first.seconds, again: again.seconds };
}

/** Every stored file is an age file, but the two kinds that are public on purpose. */
async function requireSealed(ground: Ground, stored: ReadonlyMap<string, number>): Promise<void> {
  for (const path of stored.keys()) {
    if (path === "conclave.json" || path.endsWith(".recipient")) continue;
    const head = new TextDecoder().decode(await ground.head(path, 21));
    requireTold(head === "age-encryption.org/v1", `${path} is an age file`);
  }
}

async function refuseStranger({ alice, carol, line, ground }: Cast): Promise<void> {
  await line("3. Carol has the address, but nobody has admitted her.");
  for (const each of await refuse({ alice, say: carol, name: "Carol", ground })) await line(`   ${each}`);
}

async function admitBob({ alice, bob, line, folder, source, ground }: Cast): Promise<number> {
  await line("4. Alice admits Bob, after they compared fingerprints; Bob downloads.");
  await admit({ alice, say: bob, name: "Bob", ground });
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

async function removeBob({ alice, bob, line, ground }: Cast): Promise<{ lockout: number; removal: number }> {
  await line("5. Alice removes Bob.");
  interface Removed {
    readonly epoch: string;
    readonly folderAccess: string;
    readonly kept: readonly string[];
    readonly reencrypted: { readonly objects: number; readonly bytes: number };
    readonly remaining: { readonly objects: number };
    readonly seconds: { readonly lockout: number; readonly total: number };
  }
  const { epoch, folderAccess, kept, reencrypted, remaining, seconds } = await told<Removed>(
    alice("remove", "family", "Bob", "--json"),
    "remove",
  );
  requireTold(remaining.objects === 0, "nothing is left to re-encrypt");
  const objects = [...(await ground.stored()).keys()].filter((path) => path.includes("/objects/"));
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
  const account = ground.accountOf("Bob");
  if (account !== undefined) {
    requireTold(folderAccess === "withdrawn", "the provider's folder is withdrawn too");
    await line(`   The provider's folder is not shared with ${account} any more.`);
    await line(`   The receipt says what the provider still keeps of what was deleted: ${keptText(kept)}.`);
  }
  for (const each of await turnAway({ alice, say: bob, name: "Bob", ground })) await line(`   ${each}`);
  return { lockout: seconds.lockout, removal: seconds.total };
}

/** On Drive only its owner deletes a file for good: others take it out of the folder. */
function keptText(kept: readonly string[]): string {
  if (kept.length === 0) return "nothing";
  return `${kept.length} of Bob's files, out of the folder but in his own Drive, under the old key`;
}

async function admitCarol({ alice, carol, line, folder, source, ground }: Cast): Promise<void> {
  await line("6. Alice admits Carol, who downloads what was re-encrypted.");
  await admit({ alice, say: carol, name: "Carol", ground });
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
async function alterOneByte({ carol, line, ground }: Cast): Promise<void> {
  await line("8. Somebody changes one byte on the storage.");
  const object = [...(await ground.stored()).keys()].find((path) => path.includes("/objects/")) ?? "";
  await ground.flip(object);
  const found = await carol("verify", "family", "--full");
  requireTold(found.exit === 5, `an altered byte is found with exit code 5, not ${found.exit}`);
  await ground.flip(object);
  await line("   It is found and named (exit code 5).");
}

async function requireSame(source: string, copy: string): Promise<void> {
  await mkdir(copy, { recursive: true });
  const different = await firstDifference(source, copy);
  requireTold(different === undefined, `${different} is the same`);
}
