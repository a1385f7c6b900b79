/** What strangers leave on a storage for whoever brings their files back by RECOVERY.md's own commands. */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { addMember, publicKeysOf } from "@conclave/core";
import { afterEach, beforeEach, describe, expect, it, type TestContext } from "vitest";
import { type Forgery, forge, forgedChange } from "../support/forge.ts";
import { digestOf, newestListing, newFile, plant, plantFor, type TarEntry, tar } from "../support/planting.ts";
import { type Recovered, type RecoveryOptions, recover } from "../support/recovery.ts";
import { type Device, keyOf, live, put, World } from "../support/world.ts";

const MINE = { "a/mine.txt": "mine", "b.txt": "also mine" };
const NO_SIGNATURE = `${Buffer.alloc(64).toString("base64")}\n`;

let world: World;
let folder: string;
let alice: Device;
beforeEach(async () => {
  world = new World();
  folder = mkdtempSync(join(tmpdir(), "conclave-recovery-"));
  alice = await world.device("alice");
  await world.found(alice);
  await put(live(alice), MINE);
});
afterEach(() => {
  world.close();
  rmSync(folder, { recursive: true, force: true });
});

function bring(context: TestContext, options: Partial<RecoveryOptions> = {}): Promise<Recovered> {
  return recover(context, { folder, store: world.store, kit: alice, group: live(alice).group, ...options });
}

function expectMine({ files, apart, status, said }: Recovered): void {
  expect({ files, apart, status }, said).toEqual({ files: MINE, apart: {}, status: 0 });
}

/** What the group's records are without their listing, which would vouch for all of them. */
function withoutListings(copy: string): void {
  rmSync(join(copy, live(alice).view.current.epoch, "listings"), { recursive: true });
}

/** As POSIX has it: each line begins with its own length. */
function extendedHeader(text: string): string {
  let length = text.length + 3;
  while (`${length} ${text}\n`.length > length) length += 1;
  return `${length} ${text}\n`;
}

function newestLine(type: string): string {
  const sql = "SELECT line FROM lines WHERE type LIKE ? ORDER BY rowid DESC";
  return Buffer.from(live(alice).index.get<{ line: Uint8Array }>(sql, `%${type}`)?.line ?? []).toString();
}

describe("attack 55: recovery with stock tools, where a stranger", () => {
  it("plants listings: without a signature, signed by a key of their own, or in another's name", async (context) => {
    const stranger = await world.device("stranger");
    const { operations: rows, archive } = newFile("planted.txt", "planted");
    await plant(alice, "objects", archive);
    const signed = await newestListing(alice, { rows, by: stranger });
    const lines = Buffer.from(signed).toString().trimEnd().split("\n");
    await plant(alice, "listings", signed);
    await plant(alice, "listings", await newestListing(alice, { rows, by: stranger, claimed: alice }));
    await plant(alice, "listings", `${lines.slice(0, -1).join("\n")}\n`);
    await plant(alice, "listings", "no listing\n");
    const recovered = await bring(context);
    expectMine(recovered);
    expect(recovered.said.match(/a listing that nobody has signed who is in the group/g)).toHaveLength(4);
  }, 600_000);

  it("plants changes: signed by a key of their own, or in another's name", async (context) => {
    const stranger = await world.device("stranger");
    const { operations, archive } = newFile("planted.txt", "planted");
    await plant(alice, "objects", archive);
    const change = forgedChange({ head: live(alice).view.state.head, operations });
    const inHerName: Forgery = (slot) => change({ ...slot, device: keyOf(alice.secrets) });
    for (const record of [change, inHerName]) await forge(live(alice), { as: stranger.secrets, records: [record] });
    expectMine(await bring(context, { spoil: withoutListings }));
  }, 600_000);

  it("plants what is no record, among it lines that would pass for another's, and true ones with a wrong signature", async (context) => {
    const { group, view } = live(alice);
    const slot = { group, device: keyOf(alice.secrets), writer: "ab".repeat(16), number: 1, previous: null, time: 1 };
    const { operations } = newFile("b.txt", "planted");
    const planted = JSON.stringify(forgedChange({ head: view.state.head, operations })(slot));
    const genuine = newestLine("change");
    const lines = [
      `{\n${NO_SIGNATURE}`,
      `{}],["${digestOf(genuine)}",${planted}\n${NO_SIGNATURE}`,
      `{}] ["${digestOf(genuine)}",${planted}\n${NO_SIGNATURE}`,
      `${planted}\n; touch here\n${planted}\n$(touch here)\n`,
      `${genuine}\n${NO_SIGNATURE}${newestLine("found")}\n${NO_SIGNATURE}`,
      `{"type":"conclave/v1/change","x":"\0"}\n\0\n`,
      `${"[".repeat(100_000)}\n${NO_SIGNATURE}`,
      `{"type":"conclave/v1/change","group":"${group}","device":"${"../".repeat(20)}x","y":1}\n../../x\n`,
      `\x1b]0;title\x07\n\n\xff\xfe\n`,
    ];
    for (const line of [...lines, lines.join("")]) await plant(alice, "records", line);
    const recovered = await bring(context, { spoil: withoutListings });
    expectMine(recovered);
    expect(recovered.said).not.toContain("\x1b");
  }, 600_000);

  it("signs, with a key of their own, lines that are cut off or hold anything anywhere", async (context) => {
    const stranger = await world.device("stranger");
    const { group, view } = live(alice);
    const start = (type: string) =>
      `{"type":"conclave/v1/${type}","group":"${group}","device":"${keyOf(stranger.secrets)}",`;
    const anything = [
      '"act":{"act":"add","card":"{","role":{}}',
      '"act":[],"head":{},"previous":[1]',
      '"parents":{"a":[{}]},"operations":[null,1,{"op":"blob","pieces":{}},{"op":"file","extents":7}],"time":"x"',
    ];
    for (const type of ["found", "entry", "change", "receipt"]) {
      const lines = ["", "{", ...anything.map((rest) => `"parent":"${view.state.head}",${rest}}`)];
      for (const rest of lines) {
        const text = `${start(type)}${rest}`;
        const message = new Uint8Array(Buffer.from(`conclave/v1/${type}\0${text}`));
        const signature = await world.crypto.sign({ signingKey: stranger.secrets.signingKey, message });
        await plant(alice, "records", `${text}\n${Buffer.from(signature).toString("base64")}\n`);
      }
    }
    expectMine(await bring(context, { spoil: withoutListings }));
  }, 600_000);

  it("plants archives: pieces under others' names, paths out, links, devices, names behind names, tar bombs", async (context) => {
    const [mine, alsoMine] = [digestOf("mine"), digestOf("also mine")];
    const out = `${"../".repeat(12)}${join(folder, "escaped").slice(1)}`;
    const through = (type: string, link: string) =>
      tar([
        { name: mine, type, link },
        { name: mine, bytes: "through" },
      ]);
    const behind = (type: string, name: string): TarEntry[] => [
      { name: "././@LongLink", type, bytes: `${name}\0` },
      { name: "short", bytes: "escaped" },
    ];
    // A hole of a tebibyte, in a header alone.
    const tebibyte = "\x80\0\0\0\0\0\x01\0\0\0\0\0";
    const hole = [
      [257, "ustar  \0"],
      [386, `${tebibyte}${"0".repeat(11)}\0`],
      [483, tebibyte],
    ] as const;
    const archives: readonly (Uint8Array | string)[] = [
      tar([{ name: mine, bytes: "not mine" }]),
      tar([
        { name: mine, bytes: "also mine" },
        { name: alsoMine, bytes: "mine" },
      ]),
      tar([
        { name: out, bytes: "escaped" },
        { name: join(folder, "escaped"), bytes: "escaped" },
      ]),
      tar([
        { name: "here", type: "2", link: folder },
        { name: "here/escaped", bytes: "escaped" },
      ]),
      ...["/etc/passwd", join(folder, "kit.txt")].flatMap((link) => [through("1", link), through("2", link)]),
      tar([{ name: mine, type: "6" }, { name: alsoMine, type: "3" }, { name: "d/", type: "5" }, { name: `d/${mine}` }]),
      tar([...behind("L", out), ...behind("L", mine), ...behind("K", out)]),
      tar([
        { name: "g", type: "g", bytes: extendedHeader(`path=${out}`) },
        { name: "x", bytes: "escaped" },
      ]),
      tar([mine, "else"].map((name) => ({ name, type: "S", over: hole }))),
      tar([{ name: mine, size: 8 ** 11 - 1, bytes: "cut" }]),
      tar(Array.from({ length: 2000 }, (_, index) => ({ name: `${index}`.padStart(64, "0") }))),
      "no archive",
      "",
    ];
    // Some are met before the good ones, and some after them.
    const { epoch, recipient } = live(alice).view.current;
    for (const plaintext of archives) {
      for (const first of ["0", "z"])
        await plantFor(alice, { recipient, start: `${epoch}/objects/${first}-`, plaintext });
    }
    expectMine(await bring(context));
  }, 600_000);

  it("plants grants to the kit, with keys that are none, that call programs, or that are of no epoch here", async (context) => {
    const { classic } = await publicKeysOf(alice.kit);
    const { group, view } = live(alice);
    const { epoch } = view.current;
    const keys = [
      "AGE-PLUGIN-TOUCH-1QQPQZRFR7ZZ2WCV",
      `AGE-SECRET-KEY-1${"Q".repeat(58)}`,
      "x\nAGE-PLUGIN-X-1",
      "$(touch x)",
    ];
    const identities = keys.flatMap((key) => [digestOf(""), epoch, "../../x", ""].map((each) => [each, key]));
    const headers = [
      JSON.stringify({ type: "conclave/v1/grant", group, identities }),
      JSON.stringify({ type: "conclave/v1/grant", group, identities: [[1, {}], null, "x"] }),
      `{"identities":[["${epoch}",`,
    ];
    for (const found of [newestLine("found"), `{"type":"conclave/v1/found"}`]) {
      for (const header of headers) {
        const plaintext = `${header}\n${found}\n${NO_SIGNATURE}`;
        for (const start of ["epochs/0", "epochs/z"])
          await plantFor(alice, { recipient: classic, start: `${start}-`, plaintext });
      }
    }
    const recovered = await bring(context);
    expectMine(recovered);
    expect(recovered.said.match(/of another group/g)).toHaveLength(2 * headers.length);
  }, 600_000);

  it("leaves files with nasty names, folders, links and pipes in the group's folders", async (context) => {
    const { epoch } = live(alice).view.current;
    const names = [
      "-rf .age",
      "a b.age",
      "*.age",
      "line\nfeed.age",
      "\x1b[2J.age",
      "$(touch x).age",
      "';touch x;'.age",
    ];
    const spoil = (copy: string) => {
      for (const place of ["epochs", `${epoch}/records`, `${epoch}/listings`, `${epoch}/objects`]) {
        const at = (digit: number) => join(copy, place, `${`${digit}`.repeat(32)}.age`);
        for (const name of names) writeFileSync(join(copy, place, name), "planted");
        mkdirSync(at(0));
        symlinkSync("/dev/zero", at(1));
        symlinkSync("/nowhere", at(2));
        execFileSync("mkfifo", [at(3)]);
      }
      mkdirSync(join(copy, "-x y\n*/records"), { recursive: true });
    };
    const recovered = await bring(context, { spoil });
    expectMine(recovered);
    expect(recovered.said).not.toContain("\x1b");
  }, 600_000);

  it("puts a group of their own in the place of the group, or beside it", async (context) => {
    const theirs = new World();
    try {
      const stranger = await theirs.device("stranger");
      await theirs.found(stranger);
      await addMember(live(stranger), { card: alice.card, role: "owner" });
      await put(live(stranger), { "b.txt": "theirs" });
      for await (const { key } of theirs.store.list("")) await world.store.put(key, await theirs.store.get(key));
      const known = await bring(context, { folder: mkdtempSync(join(folder, "known-")) });
      expectMine(known);
      expect(known.said).toContain("of another group");
      const replaced = await bring(context, { folder: mkdtempSync(join(folder, "replaced-")), store: theirs.store });
      expect(replaced).toMatchObject({ files: {}, apart: {}, status: 1 });
      const unknown = await bring(context, { folder: mkdtempSync(join(folder, "unknown-")), group: "" });
      expect(unknown.files).toEqual({ "b.txt": "theirs" });
      expect(unknown.said).toContain("CAUTION: only the folder itself says that it holds the group");
      expect(unknown.said).toContain('in the group: "stranger", owner');
    } finally {
      theirs.close();
    }
  }, 600_000);
});
