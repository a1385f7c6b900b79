import { cpSync, existsSync, mkdirSync, renameSync, rmdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, it } from "vitest";
import { admit, family, filesBelow, newStage, type Person } from "../support/stage.ts";

interface Address {
  readonly address: string;
  readonly group: string;
}

describe("create", () => {
  it("founds a group on a folder that it makes, and lists it", async () => {
    const stage = newStage();
    const { alice, store } = await family(stage);
    const [group] = await alice.json<{ id: string; epoch: string }[]>("groups");
    expect(group).toEqual({
      name: "family",
      store: pathToFileURL(store).href,
      id: expect.stringMatching(/^[0-9a-f]{64}$/),
      role: "owner",
      epoch: expect.stringMatching(/^[0-9a-f]{64}$/),
      waiting: [],
    });
    expect(filesBelow(store)).toContain("conclave.json");
    expect(filesBelow(store)).toContain(`epochs/${group?.epoch}.recipient`);
    expect(filesBelow(join(alice.home, "groups"))).toContain(`${group?.id}/index.sqlite`);
  });

  it("founds a classic group, which its status shows no difference of", async () => {
    const stage = newStage();
    const { alice } = await family(stage, ["Bob"], ["--classic", "--settled"]);
    expect(await alice.json("status", "family")).toMatchObject({ members: 2, problems: [] });
  });

  it.each([
    ["in a folder that is missing", "nowhere/store", 6, "unavailable"],
    ["in a folder that is not empty", "full", 1, "exists"],
    ["where a group is", "store", 1, "exists"],
    ["in a file", "full/a.txt", 6, "unavailable"],
    ["on a storage that is not built yet", "dropbox:family", 1, "unsupported"],
  ])("is refused %s, and nothing is noted", async (_, place, exit, code) => {
    const stage = newStage();
    stage.files("full", { "a.txt": "x" });
    const { alice } = await family(stage);
    expect(await alice.refusal("create", "other", place)).toMatchObject({ exit, code });
    expect(await alice.json<unknown[]>("groups")).toHaveLength(1);
    expect(filesBelow(join(alice.home, "groups")).filter((path) => path.endsWith("index.sqlite"))).toHaveLength(1);
  });

  it("refuses a name that is taken, or cannot be one", async () => {
    const stage = newStage();
    const { alice } = await family(stage);
    expect(await alice.refusal("create", "family", "store2")).toMatchObject({ exit: 1, code: "exists" });
    expect(existsSync(join(stage.folder, "store2"))).toBe(false);
    for (const name of ["a/b", "..", "-x"]) expect((await alice("create", "--", name, "s")).exit).toBe(2);
  });

  it("takes a group back that its storage took nothing of, so that the same command works later", async () => {
    const stage = newStage();
    const alice = await stage.newcomer("Alice");
    mkdirSync(join(stage.folder, "store"));
    // Behind a link nothing is ever stored, and it is nothing of the group's either.
    symlinkSync(stage.folder, join(stage.folder, "store", "epochs"));
    expect(await alice.refusal("create", "family", "store")).toMatchObject({ exit: 6 });
    expect(await alice.json("groups")).toEqual([]);
    expect(filesBelow(join(alice.home, "groups"))).toEqual([]);
    rmSync(join(stage.folder, "store", "epochs"));
    await alice.json("create", "family", "store");
  });

  it("finishes a founding that was broken off, with whatever command comes next", async () => {
    const stage = newStage();
    const alice = await stage.newcomer("Alice");
    mkdirSync(join(stage.folder, "store"));
    // The last of the first files cannot be stored.
    mkdirSync(join(stage.folder, "store", "conclave.json"));
    expect(await alice.refusal("create", "family", "store", "--settled")).toMatchObject({ exit: 6 });
    expect(await alice.refusal("mkdir", "family:x")).toMatchObject({ exit: 6 });
    rmdirSync(join(stage.folder, "store", "conclave.json"));
    await alice.json("create", "family", "store", "--settled");
    expect(filesBelow(join(stage.folder, "store"))).toContain("conclave.json");
    expect(await alice.refusal("create", "family", "store")).toMatchObject({ exit: 1, code: "exists" });
  });
});

describe("join", () => {
  it("leaves a request once, is told to wait, and opens the group once admitted", async () => {
    const stage = newStage();
    const { alice, store } = await family(stage);
    const bob = await stage.newcomer("Bob");
    const { address } = await alice.json<Address>("address", "family");
    const { fingerprint } = await bob.json<{ fingerprint: string }>("id");
    for (let time = 0; time < 2; time++) {
      const refused = await bob.refusal("join", address, "--as", "fam");
      expect(refused).toMatchObject({ exit: 3, code: "waiting", hint: expect.stringContaining(fingerprint) });
    }
    expect(filesBelow(join(store, "requests"))).toHaveLength(1);
    expect(await bob.json("groups")).toEqual([]);
    const waiting = await alice.json<{ id: string }[]>("requests", "family");
    expect(waiting).toEqual([
      {
        id: expect.any(String),
        name: "Bob",
        fingerprint,
        reason: null,
        state: "waiting",
        at: expect.stringMatching(/^\d{4}-/),
      },
    ]);
    await alice.json("add", "family", "Bob", "--role", "viewer", "--fingerprint", fingerprint);
    expect(await alice.json("requests", "family")).toEqual([]);
    expect(await bob.json("join", address, "--as", "fam")).toMatchObject({ name: "fam", role: "viewer" });
    expect(await bob.json<{ name: string }[]>("groups")).toMatchObject([{ name: "fam", role: "viewer" }]);
  });

  it("names a group by its folder, and apart from others", async () => {
    const stage = newStage();
    const { alice } = await family(stage);
    const bob = await stage.newcomer("Bob");
    await bob.json("create", "store", "mine");
    const { fingerprint } = await bob.json<{ fingerprint: string }>("id", "--card", "bob.card");
    await alice.json("add", "family", "bob.card", "--fingerprint", fingerprint);
    const { address } = await alice.json<Address>("address", "family");
    expect(await bob.json("join", address)).toMatchObject({ name: "store-2" });
  });

  it("reaches the same storage at another place", async () => {
    const stage = newStage();
    const { alice, store } = await family(stage);
    const { address } = await alice.json<Address>("address", "family");
    renameSync(store, join(stage.folder, "moved"));
    const bob = await stage.newcomer("Bob");
    expect(await bob.refusal("join", address)).toMatchObject({ exit: 6, code: "unavailable" });
    expect(await bob.refusal("join", address, "--store", "moved")).toMatchObject({ exit: 3, code: "waiting" });
  });

  it.each([
    ["a folder that holds no group", "empty"],
    ["a folder that holds another group", "other"],
  ])("is refused at %s", async (_, place) => {
    const stage = newStage();
    const { alice } = await family(stage);
    await alice.json("create", "second", "other");
    mkdirSync(join(stage.folder, "empty"));
    const { address } = await alice.json<Address>("address", "family");
    const bob = await stage.newcomer("Bob");
    const before = filesBelow(join(stage.folder, place));
    expect(await bob.refusal("join", address, "--store", place)).toMatchObject({ exit: 4, code: "not-found" });
    expect(filesBelow(join(stage.folder, place))).toEqual(before);
  });

  it("refuses what is no address, or one that was cut", async () => {
    const stage = newStage();
    const { alice } = await family(stage);
    const { address } = await alice.json<Address>("address", "family");
    for (const text of ["nonsense", address.slice(0, 100), `${address}/x`, address.replace("v1", "v2")]) {
      expect((await alice("join", text)).exit).toBe(1);
    }
  });

  it("on a group that one has confirms it, and finds out that the storage went back behind the address", async () => {
    const stage = newStage();
    const { alice, others, store } = await family(stage, ["Bob"]);
    const [bob] = others;
    const { address, group } = await alice.json<Address>("address", "family");
    expect(await bob?.json("join", address)).toMatchObject({ name: "family" });
    const older = `${address.slice(0, "conclave:v1/".length + 65)}${"0".repeat(64)}${address.slice("conclave:v1/".length + 129)}`;
    expect(older).toContain(group);
    expect(await bob?.refusal("join", older)).toMatchObject({ exit: 5, code: "rollback" });
    rmSync(store, { recursive: true });
    expect(await bob?.refusal("join", address)).toMatchObject({ exit: 6, code: "unavailable" });
  });
});

describe("every command on a group", () => {
  it.each([
    ["ls", "family:"],
    ["status", "family"],
    ["members", "family"],
    ["upload", "x", "family:"],
  ])("%s %s says that the storage is not there", async (...argv) => {
    const stage = newStage();
    stage.files(".", { x: "x" });
    const { alice, store } = await family(stage);
    renameSync(store, `${store}-away`);
    const refused = await alice.refusal(...argv.filter((word) => word !== undefined));
    expect(refused).toMatchObject({ exit: 6, code: "unavailable", message: expect.stringContaining(store) });
  });

  it("says which groups there are where one is not", async () => {
    const { alice } = await family(newStage());
    expect(await alice.refusal("ls", "famly:")).toMatchObject({
      exit: 4,
      code: "not-found",
      message: expect.stringContaining("family"),
    });
  });

  it.each([
    ["gone", /had seen of it is gone/],
    ["damaged", /is damaged/],
  ])(
    "says that what this device had seen is %s, and takes a member's address in its place, not the storage's word",
    async (how, why) => {
      const stage = newStage();
      const { alice, others, store } = await family(stage, ["Bob"]);
      const [bob, yesterday] = [others[0] as Person, join(stage.folder, "yesterday")];
      cpSync(store, yesterday, { recursive: true });
      await admit(stage, { alice, name: "Carol" });
      for (const file of filesBelow(join(bob.home, "groups"))) rmSync(join(bob.home, "groups", file));
      const { id } = (await alice.json<{ id: string }[]>("groups"))[0] ?? { id: "" };
      if (how === "damaged")
        writeFileSync(join(bob.home, "groups", id, "index.sqlite"), "no database at all ".repeat(100));
      for (const argv of [
        ["ls", "family:"],
        ["mkdir", "family:x"],
        ["status", "family"],
      ]) {
        const refused = {
          exit: 1,
          code: "no-index",
          hint: expect.stringMatching(/leave GROUP --local.* join it again/),
        };
        expect(await bob.refusal(...argv)).toMatchObject(refused);
      }
      const waiting = [expect.stringMatching(why)];
      expect(await bob.json("groups")).toMatchObject([{ name: "family", waiting }]);
      await bob.json("leave", "family", "--local");
      const { address } = await alice.json<Address>("address", "family");
      expect(await bob.refusal("join", address, "--store", yesterday)).toMatchObject({ exit: 5, code: "rollback" });
      await bob.json("join", address, "--as", "family");
      expect(await bob.json("members", "family")).toHaveLength(3);
    },
  );

  it("finds a storage that was emptied, shows what it knew, and exits with 5", async () => {
    const stage = newStage();
    const { alice, store } = await family(stage);
    stage.files("docs", { "a.txt": "a" });
    await alice.json("upload", "docs", "family:");
    rmSync(store, { recursive: true });
    mkdirSync(store);
    const given = await alice("ls", "-R", "family:");
    expect(given).toMatchObject({ exit: 5, out: "docs/\ndocs/a.txt\n" });
    expect(given.err).toMatch(
      /\nerror: the storage does not show .*\nhint: nothing at all lies there: .* mounted.*--accept-rollback\n$/,
    );
    const refused = {
      exit: 5,
      code: "rollback",
      hint: expect.stringMatching(/^nothing at all lies there: .* mounted/),
    };
    expect(await alice.refusal("mkdir", "family:new")).toMatchObject(refused);
    expect((await alice("verify", "family")).exit).toBe(5);
    const status = await alice("status", "family", "--json");
    expect(status.exit).toBe(5);
    expect(JSON.parse(status.out)).toMatchObject({ problems: [{ code: "rollback", detail: expect.any(String) }] });
  });

  it("goes on from what the storage shows once that is accepted, and puts its records back", async () => {
    const stage = newStage();
    const { alice, others, store } = await family(stage, ["Bob"]);
    const [bob] = others;
    await bob?.json("mkdir", "family:by bob");
    await alice.json("mkdir", "family:by alice");
    const newest = filesBelow(store).filter((path) => path.includes("/records/"));
    await alice.json("mkdir", "family:later");
    for (const path of filesBelow(store)) {
      if (path.includes("/records/") && !newest.includes(path)) rmSync(join(store, path));
    }
    const hint = expect.stringMatching(/^if you know why the storage went back/);
    expect(await alice.refusal("mkdir", "family:x")).toMatchObject({ exit: 5, code: "rollback", hint });
    await alice.json("mkdir", "family:x", "--accept-rollback");
    expect((await bob?.json<{ path: string }[]>("ls", "family:"))?.map(({ path }) => path)).toEqual([
      "by alice",
      "by bob",
      "later",
      "x",
    ]);
  });
});

it("admits people with each role", async () => {
  const stage = newStage();
  const { alice } = await family(stage);
  for (const role of ["viewer", "editor", "admin", "owner"]) await admit(stage, { alice, name: role, role });
  const members = await alice.json<{ name: string; role: string }[]>("members", "family");
  expect(members.map(({ name, role }) => [name, role])).toEqual([
    ["Alice", "owner"],
    ["viewer", "viewer"],
    ["editor", "editor"],
    ["admin", "admin"],
    ["owner", "owner"],
  ]);
});
