import {
  cpSync,
  existsSync,
  linkSync,
  lstatSync,
  readFileSync,
  renameSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { runMain, World } from "../support/run-main.ts";
import { admit, family, filesBelow, newStage, type Stage } from "../support/stage.ts";

const FILES = { "a.txt": "alpha", "sub/b.txt": "beta", "sub/deep/c.txt": "gamma", "bad\u001b[2J": "escaped" };

function plain(stage: Stage): string {
  return stage.files("plain", FILES);
}

describe("import", () => {
  it("takes plain files in, reads them back, and leaves the originals unless told otherwise", async () => {
    const stage = newStage();
    const { alice, others } = await family(stage, ["Bob"]);
    const folder = plain(stage);
    expect(await alice.json("import", "plain", "family:old")).toMatchObject({
      files: 4,
      transferred: 4,
      verified: 4,
      deleted: 0,
      failed: [],
    });
    expect(filesBelow(folder)).toHaveLength(4);
    expect((await others[0]?.("cat", "family:old/sub/deep/c.txt"))?.out).toBe("gamma");
  });

  it("deletes originals and folders that are empty then, and says what providers keep", async () => {
    const stage = newStage();
    const { alice } = await family(stage);
    const folder = plain(stage);
    symlinkSync("a.txt", join(folder, "link"));
    const { exit, out, err } = await alice("import", "plain", "family:", "--delete-originals");
    expect([exit, out]).toEqual([0, expect.stringMatching(/read back 4 whole; deleted 4 originals\n$/)]);
    expect(err).toContain("1 symbolic link: kept as links");
    expect(err).toContain("older versions");
    expect(filesBelow(folder)).toEqual([]);
    expect(existsSync(join(folder, "sub"))).toBe(false);
    expect(lstatSync(join(folder, "link")).isSymbolicLink()).toBe(true);
    expect(await alice.json("verify", "family", "--full")).toMatchObject({ ok: true });
    expect(await alice.json("import", "plain", "family:", "--delete-originals")).toMatchObject({
      files: 0,
      deleted: 0,
    });
  });

  it("leaves a home of private keys out, and never deletes it", async () => {
    const stage = newStage();
    const { alice } = await family(stage);
    const folder = plain(stage);
    cpSync(alice.home, join(folder, "sub/conclave"), { recursive: true });
    const { exit, out } = await alice("import", "plain", "family:", "--delete-originals", "--json");
    expect(exit).toBe(1);
    const failed = [{ path: "sub/conclave", error: expect.stringContaining("Conclave home") }];
    expect(JSON.parse(out)).toMatchObject({ files: 4, verified: 4, deleted: 4, failed });
    expect(filesBelow(join(folder, "sub/conclave"))).toEqual(filesBelow(alice.home));
    expect((await alice("ls", "-R", "family:")).out).not.toContain("identity.txt");
    const before = filesBelow(alice.home);
    expect(await alice.refusal("import", alice.home, "family:home", "--delete-originals")).toMatchObject({
      exit: 1,
      code: "conflict",
      hint: expect.stringContaining("nor in a Conclave home"),
    });
    expect(filesBelow(alice.home)).toEqual(before);
  });

  it("keeps and names an original that is not what the group holds", async () => {
    const stage = newStage();
    const { alice } = await family(stage);
    const folder = plain(stage);
    utimesSync(join(folder, "a.txt"), 1000, 1000);
    await alice.json("import", "plain", "family:");
    // The same size and time, so that an upload passes it over.
    writeFileSync(join(folder, "a.txt"), "ALPHA");
    utimesSync(join(folder, "a.txt"), 1000, 1000);
    const { exit, out } = await alice("import", "plain", "family:", "--delete-originals", "--json");
    expect(exit).toBe(1);
    expect(JSON.parse(out)).toMatchObject({ verified: 3, deleted: 3, failed: [{ path: "a.txt" }] });
    expect(readFileSync(join(folder, "a.txt"), "utf8")).toBe("ALPHA");
  });

  /** Answers the question whether to delete, once something was done that nobody but the person at the prompt sees. */
  async function answering(meanwhile: (folder: string) => void): Promise<{ exit: number; left: string[] }> {
    const stage = newStage();
    const { alice } = await family(stage);
    const folder = stage.files("plain", { "a.txt": "alpha", "b.txt": "beta" });
    for (const name of ["a.txt", "b.txt"]) utimesSync(join(folder, name), 1000, 1000);
    const world = new World({ terminal: true });
    world.env = { CONCLAVE_HOME: alice.home };
    world.cwd = stage.folder;
    world.stdin.once("resume", () => {
      meanwhile(folder);
      world.stdin.write("y\n");
    });
    const { exit } = await runMain(["import", "plain", "family:"], { world });
    return { exit, left: filesBelow(folder).map((name) => readFileSync(join(folder, name), "utf8")) };
  }

  it.each<[string, (file: string) => void]>([
    ["was written to", (file) => writeFileSync(file, "ALPHA")],
    [
      "was put in its place",
      (file) => {
        writeFileSync(`${file}.new`, "ALPHA");
        renameSync(`${file}.new`, file);
      },
    ],
  ])("keeps an original that %s after it was read back, with its old size and time", async (_, change) => {
    const given = await answering((folder) => {
      change(join(folder, "a.txt"));
      utimesSync(join(folder, "a.txt"), 1000, 1000);
    });
    expect(given).toEqual({ exit: 1, left: ["ALPHA"] });
  });

  it("deletes all names of one file", async () => {
    const stage = newStage();
    const { alice } = await family(stage);
    const folder = stage.files("plain", { "a.txt": "alpha" });
    linkSync(join(folder, "a.txt"), join(folder, "b.txt"));
    linkSync(join(folder, "a.txt"), join(folder, "c.txt"));
    expect(await alice.json("import", "plain", "family:", "--delete-originals")).toMatchObject({ deleted: 3 });
    expect(filesBelow(folder)).toEqual([]);
  });

  it("keeps originals that the storage does not give back whole", async () => {
    const stage = newStage();
    const { alice, store } = await family(stage);
    const folder = plain(stage);
    await alice.json("import", "plain", "family:");
    for (const path of filesBelow(store).filter((each) => each.includes("/objects/"))) {
      const bytes = readFileSync(join(store, path));
      bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
      writeFileSync(join(store, path), bytes);
    }
    const { exit, out } = await alice("import", "plain", "family:", "--delete-originals", "--json");
    expect(exit).toBe(5);
    expect(JSON.parse(out)).toMatchObject({ verified: 0, deleted: 0 });
    expect(filesBelow(folder)).toHaveLength(4);
  });

  it.each<[string, (stage: Stage) => string]>([
    ["a group's own folder", () => "store"],
    ["a folder in a group's", () => "store/epochs"],
    [
      "a folder that holds a group",
      (stage) => {
        stage.files(".", { "note.txt": "beside the group" });
        return ".";
      },
    ],
  ])("refuses %s", async (_, folderOf) => {
    const stage = newStage();
    const { alice, store } = await family(stage);
    const before = filesBelow(store);
    expect(await alice.refusal("import", folderOf(stage), "family:", "--delete-originals")).toMatchObject({
      exit: 1,
      code: "conflict",
    });
    expect(filesBelow(store)).toEqual(before);
  });

  it.each<[string, readonly string[], number]>([
    ["a folder that is not there", ["nowhere", "family:"], 4],
    ["a kind of storage that is not built", ["s3://bucket/x", "family:"], 1],
  ])("refuses %s", async (_, argv, exit) => {
    const { alice } = await family(newStage());
    expect((await alice.refusal("import", ...argv)).exit).toBe(exit);
  });

  it("refuses a viewer before anything is read", async () => {
    const stage = newStage();
    const { alice } = await family(stage);
    const eve = await admit(stage, { alice, name: "Eve", role: "viewer" });
    plain(stage);
    expect(await eve.refusal("import", "plain", "family:")).toMatchObject({ exit: 3 });
  });

  it.each([
    ["y", 0],
    ["n", 4],
  ])("asks at a terminal: %s leaves %i originals", async (answer, left) => {
    const stage = newStage();
    const { alice } = await family(stage);
    const folder = plain(stage);
    const world = new World({ terminal: true });
    world.env = { CONCLAVE_HOME: alice.home };
    world.cwd = stage.folder;
    world.stdin.write(`${answer}\n`);
    expect((await runMain(["import", "plain", "family:"], { world })).exit).toBe(0);
    expect(filesBelow(folder)).toHaveLength(left);
  });
});
