/** The commands of every day on a group in Google Drive, where who reaches the folder is the provider's to say. */
import { expect, it, vi } from "vitest";
import { accountOf, googleStage, signIn } from "../support/google.ts";

// Each tells a long story of whole commands.
vi.setConfig({ testTimeout: 120_000 });

async function club() {
  const all = await googleStage();
  const alice = await all.newcomer("Alice");
  await alice.json("create", "club", "gdrive:club", "--settled");
  all.stage.files("docs", { "a.txt": "alice wrote this" });
  await alice.json("upload", "docs", "club:/");
  return { ...all, alice };
}

interface Invited {
  readonly code: string;
  readonly folderAccess: string;
}

it("an invitation with an account shares the folder, so that its code is all that a newcomer needs", async () => {
  const { alice, newcomer } = await club();
  const words = ["invite", "club", "Bob", "--role", "viewer", "--account", accountOf("Bob")];
  const { code, folderAccess } = await alice.json<Invited>(...words);
  expect(folderAccess).toBe("granted");
  const bob = await newcomer("Bob");
  expect((await bob("join", code, "--as", "club")).exit).toBe(3);
  await alice("status", "club");
  await bob.json("join", code, "--as", "club");
  expect((await bob("cat", "club:/docs/a.txt")).out).toBe("alice wrote this");
  expect(await alice.json("remove", "club", "Bob")).toMatchObject({ folderAccess: "withdrawn" });
});

it("an invitation that is taken back takes the folder back; one without an account says what is missing", async () => {
  const { alice, google } = await club();
  const shared = () => {
    const folder = [...google.cloud.items.values()].find(({ name }) => name === "club");
    return [...(folder?.permissions.values() ?? [])]
      .map(({ userId }) => google.cloud.users.get(userId ?? "")?.email)
      .sort();
  };
  await alice.json("invite", "club", "Bob", "--account", accountOf("Bob"));
  expect(shared()).toEqual(["alice@example.org", "bob@example.org"]);
  await alice.json("invitations", "club", "--withdraw", "Bob");
  expect(shared()).toEqual(["alice@example.org"]);
  const { err } = await alice("invite", "club", "Carol");
  expect(err).toMatch(/not shared with Carol.*--account EMAIL/);
  expect(err).toContain("conclave login gdrive");
});

it("a second device comes in by its code once it is signed in, and its person comes back by the kit", async () => {
  const { alice, visitor } = await club();
  const { code } = await alice.json<{ code: string }>("device", "add");
  const phone = visitor("Phone");
  const enrol = ["init", "--device", code, "--no-passphrase"] as const;
  expect(await phone.refusal(...enrol)).toMatchObject({ exit: 3, hint: expect.stringContaining("login gdrive") });
  await signIn(phone, accountOf("Alice"));
  expect((await phone(...enrol)).exit).toBe(3);
  await alice("status", "club");
  expect((await phone(...enrol)).exit).toBe(0);
  expect((await phone("cat", "club:/docs/a.txt")).out).toBe("alice wrote this");
  const { address } = await phone.json<{ address: string }>("address", "club");
  await alice("kit", "--new", "--file", "kit.txt");
  const back = visitor("Back");
  const recover = ["recover", "kit.txt", address, "--as", "club", "--no-passphrase"] as const;
  expect(await back.refusal(...recover)).toMatchObject({ exit: 3, hint: expect.stringContaining("login gdrive") });
  await signIn(back, accountOf("Alice"));
  expect((await back(...recover)).exit).toBe(0);
  expect((await back("cat", "club:/docs/a.txt")).out).toBe("alice wrote this");
});

it("history, copies, search, purges and the end of a group go as on any storage", async () => {
  const { alice, stage, google } = await club();
  stage.files("docs", { "a.txt": "another text" });
  await alice.json("upload", "docs", "club:/");
  expect(await alice.json("versions", "club:/docs/a.txt")).toHaveLength(2);
  await alice.json("restore", "club:/docs/a.txt", "--version", "1");
  expect((await alice("cat", "club:/docs/a.txt")).out).toBe("alice wrote this");
  await alice.json("cp", "club:/docs", "club:/copy");
  expect(await alice.json("find", "club:", "a.t")).toHaveLength(2);
  await alice.json("rm", "club:/docs");
  expect(await alice.json("trash", "club")).not.toHaveLength(0);
  await alice.json("trash", "club", "--empty");
  expect(await alice.json("trash", "club")).toHaveLength(0);
  expect(await alice.json("verify", "club", "--full")).toMatchObject({ ok: true });
  await alice.json("delete", "club", "--name", "club");
  const left = [...google.cloud.items.values()].map(({ name }) => name).filter((name) => name.endsWith(".age"));
  expect(left).toEqual([expect.stringContaining("-deleted-")]);
});
