import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { family, filesBelow, newStage } from "../support/stage.ts";

/** A group with a file of contents in it. */
async function filled() {
  const stage = newStage();
  const made = await family(stage);
  stage.files("docs", { "a.txt": "alpha".repeat(100), "b.txt": "beta" });
  await made.alice.json("upload", "docs", "family:");
  return { stage, ...made };
}

describe("status", () => {
  it("shows how the group stands", async () => {
    const { alice } = await filled();
    expect(await alice.json("status", "family")).toEqual({
      group: "family",
      id: expect.stringMatching(/^[0-9a-f]{64}$/),
      role: "owner",
      epoch: expect.stringMatching(/^[0-9a-f]{64}$/),
      members: 1,
      files: 2,
      bytes: 504,
      remaining: { objects: 0, bytes: 0 },
      requests: 0,
      refused: 0,
      guests: [],
      invitations: 0,
      strangers: [],
      lastChange: { by: "Alice", at: expect.stringMatching(/^\d{4}-/) },
      confirmed: { by: [], others: 0, at: null },
      store: expect.stringMatching(/^file:/),
      problems: [],
    });
  });
});

describe("verify", () => {
  it("finds a whole group well, and changes nothing", async () => {
    const { alice, store } = await filled();
    const before = filesBelow(store);
    for (const full of [[], ["--full"]]) {
      expect(await alice.json("verify", "family", ...full)).toMatchObject({
        ok: true,
        objects: 1,
        files: 2,
        problems: [],
      });
    }
    expect(filesBelow(store)).toEqual(before);
  });

  it("lets nobody in who asks meanwhile, as other commands do", async () => {
    const { alice, store, stage } = await filled();
    const { code } = await alice.json<{ code: string }>("device", "add");
    const words = ["init", "--device", code, "--no-passphrase"];
    const phone = stage.visitor("phone");
    await phone.refusal(...words);
    const before = filesBelow(store);
    await alice.json("verify", "family");
    expect(filesBelow(store)).toEqual(before);
    expect(await phone.refusal(...words)).toMatchObject({ code: "waiting" });
    await alice.json("status", "family");
    await phone.json(...words);
  });

  it.each(["/objects/", "/records/", "epochs/"])(
    "finds a file in %s that was cut, swapped or taken away",
    async (part) => {
      const { alice, store } = await filled();
      const key = filesBelow(store).find((path) => path.includes(part) && path.endsWith(".age")) ?? "";
      const bytes = readFileSync(join(store, key));
      const spoiled: (() => void)[] = [
        () => writeFileSync(join(store, key), bytes.subarray(0, -1)),
        () => writeFileSync(join(store, key), Uint8Array.from(bytes).fill(0, -20)),
        () => rmSync(join(store, key)),
      ];
      for (const spoil of spoiled) {
        spoil();
        const given = await alice("verify", "family", "--full", "--json");
        expect(given.exit).toBe(5);
        const { ok, problems } = JSON.parse(given.out) as { ok: boolean; problems: { key?: string; path?: string }[] };
        expect(ok).toBe(false);
        expect(problems.some((problem) => problem.key === key || problem.path !== undefined)).toBe(true);
        writeFileSync(join(store, key), bytes);
      }
      expect(await alice.json("verify", "family", "--full")).toMatchObject({ ok: true });
    },
  );

  it("lists a foreign file, which spoils nothing", async () => {
    const { alice, store } = await filled();
    const records = filesBelow(store).find((path) => path.includes("/records/")) ?? "";
    const foreign = records.replace(/[0-9a-f]{32}-1-/, `${"0".repeat(32)}-1-`);
    writeFileSync(join(store, foreign), "nothing of ours");
    const found = await alice.json<{ ok: boolean; problems: { code: string }[] }>("verify", "family");
    expect(found.ok).toBe(true);
    expect(found.problems.map(({ code }) => code)).toEqual(["foreign"]);
  });
});

describe("demo", () => {
  it("tells the whole story with a folder, and only reads it", async () => {
    const stage = newStage();
    const folder = stage.files("mine", { "a.txt": "alpha", "sub/b.bin": new Uint8Array(100_000).fill(3) });
    const visitor = stage.visitor("nobody");
    const { exit, out, err } = await visitor("demo", folder);
    expect({ exit, err }).toEqual({ exit: 0, err: "" });
    expect(out).toContain("All of it went as told.");
    expect(out).toContain("you were removed from this group by Alice (exit code 3)");
    expect(filesBelow(folder)).toEqual(["a.txt", "sub/b.bin"]);
    expect(await visitor.json("demo", folder)).toMatchObject({ files: 2, bytes: 100_005 });
  });

  it("tells it on an emulated Drive, where each has an account of their own", async () => {
    const stage = newStage();
    const folder = stage.files("mine", { "a.txt": "alpha", "sub/b.bin": new Uint8Array(100_000).fill(3) });
    const visitor = stage.visitor("nobody");
    const { exit, out, err } = await visitor("demo", folder, "--store", "gdrive");
    expect({ exit, err }).toEqual({ exit: 0, err: "" });
    expect(out).toContain("All of it went as told.");
    expect(out).toContain("signed in to carol@example.org");
    expect(out).toContain("The folder is not shared with Carol either.");
    expect(out).toContain("The provider's folder is not shared with bob@example.org any more.");
    expect(out).toMatch(/still keeps of what was deleted: \d+ of Bob's files/);
    expect(out).toMatch(/\(\d+ requests to the provider\)/);
    expect(filesBelow(folder)).toEqual(["a.txt", "sub/b.bin"]);
  });

  it("counts what it asks of the emulated Drive", async () => {
    const stage = newStage();
    const folder = stage.files("mine", { "a.txt": "alpha" });
    const told = stage.visitor("nobody").json<object>("demo", folder, "--store", "gdrive");
    expect(await told).toMatchObject({ files: 1, requests: { "oauth.token": 3 } });
  });

  it("fails where the folder is not there", async () => {
    expect((await newStage().visitor("nobody")("demo", "nowhere")).exit).toBe(4);
  });
});

describe("--stats", () => {
  it("tells requests, bytes and time on stderr", async () => {
    const { alice } = await filled();
    const { out, err } = await alice("cat", "family:docs/b.txt", "--stats");
    expect(out).toBe("beta");
    expect(err).toMatch(/^requests: 0 put, \d+ get, \d+ list, 0 delete; 0 B sent, .* received; [\d.]+ s\n$/);
  });
});
