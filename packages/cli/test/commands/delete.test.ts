import { existsSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openDatabase } from "@conclave/node";
import { describe, expect, it } from "vitest";
import { runMain, World } from "../support/run-main.ts";
import { admit, family, filesBelow, newStage, type Person } from "../support/stage.ts";

const groupsOf = async (person: Person) => (await person.json<{ name: string }[]>("groups")).map(({ name }) => name);

describe("delete", () => {
  it("leaves nothing on the storage but who did it, and others are told and can let go", async () => {
    const stage = newStage();
    const { alice, others, store } = await family(stage, ["Bob"]);
    const bob = others[0] as Person;
    stage.files("docs", { "a.txt": "alpha" });
    await alice.json("upload", "docs", "family:");
    await bob.json("ls", "family:");
    writeFileSync(join(store, "letter.txt"), "a stranger's");
    const before = filesBelow(store).length;
    expect(await alice.json("delete", "family", "--name", "family")).toMatchObject({
      name: "family",
      files: before - 1,
      refused: [],
      kept: [],
    });
    expect(filesBelow(store)).toEqual([expect.stringMatching(/^epochs\/.*-deleted-.*\.age$/), "letter.txt"]);
    expect(await groupsOf(alice)).toEqual([]);
    expect((await alice("id")).exit).toBe(0);
    for (const argv of [
      ["ls", "family:"],
      ["upload", "docs", "family:"],
      ["verify", "family"],
    ]) {
      const refusal = await bob.refusal(...argv);
      expect(refusal).toMatchObject({ exit: 4, code: "deleted" });
      expect(refusal.message).toMatch(/^Alice deleted this group from its storage on \d{4}-/);
    }
    expect(filesBelow(store)).toHaveLength(2);
    await bob.json("leave", "family");
    expect(await groupsOf(bob)).toEqual([]);
  });

  it.each<[string, readonly string[], string, number]>([
    ["without its name where nobody can be asked", [], "needs-input", 2],
    ["for another name", ["--name", "familie"], "usage", 2],
  ])("refuses %s", async (_, options, code, exit) => {
    const stage = newStage();
    const { alice, store } = await family(stage);
    const before = filesBelow(store);
    expect(await alice.refusal("delete", "family", ...options)).toMatchObject({ code, exit });
    expect(filesBelow(store)).toEqual(before);
    expect(await groupsOf(alice)).toEqual(["family"]);
  });

  it.each(["viewer", "editor", "admin"])("refuses a %s, and nothing is touched", async (role) => {
    const stage = newStage();
    const { alice, store } = await family(stage);
    const bob = await admit(stage, { alice, name: "Bob", role });
    const before = filesBelow(store);
    expect(await bob.refusal("delete", "family", "--name", "family")).toMatchObject({ code: "role-too-low", exit: 3 });
    expect(filesBelow(store)).toEqual(before);
  });

  it("asks for the name on a terminal", async () => {
    const stage = newStage();
    const { alice, store } = await family(stage);
    const world = new World({ terminal: true });
    world.env = { CONCLAVE_HOME: alice.home };
    world.stdin.write("family\n");
    expect(await runMain(["delete", "family"], { world })).toMatchObject({ exit: 0 });
    expect(filesBelow(store)).toHaveLength(1);
  });
});

describe("leave --local", () => {
  it("forgets a group whose storage is gone, and touches nothing else", async () => {
    const stage = newStage();
    const { alice, store } = await family(stage);
    rmSync(store, { recursive: true });
    expect(await alice.refusal("leave", "family")).toMatchObject({ exit: 6 });
    expect((await alice("leave", "family", "--local")).out).toBe("forgot family\n");
    expect(await groupsOf(alice)).toEqual([]);
    expect(existsSync(alice.home)).toBe(true);
  });

  it("lets somebody in again whose index another version has made, which every command says", async () => {
    const { alice, others } = await family(newStage(), ["Bob"]);
    const bob = others[0] as Person;
    const [{ id } = { id: "" }] = await bob.json<{ id: string }[]>("groups");
    const index = openDatabase(join(bob.home, "groups", id, "index.sqlite"));
    index.script("PRAGMA user_version = 1");
    index.close();
    expect(await bob.refusal("ls", "family:")).toMatchObject({
      exit: 1,
      code: "other-index",
      hint: expect.stringMatching(/leave GROUP --local/),
    });
    expect(await groupsOf(bob)).toEqual(["family"]);
    await bob.json("leave", "family", "--local");
    const { address } = await alice.json<{ address: string }>("address", "family");
    await bob.json("join", address, "--as", "family");
    expect((await bob("ls", "family:")).exit).toBe(0);
  });
});
