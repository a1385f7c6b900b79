/** Groups in a folder of Google Drive, by the command line, on an emulated Google. */
import { expect, it } from "vitest";
import { admitByAccount as admit, club, folderOf } from "../support/club.ts";
import { googleStage, signIn } from "../support/google.ts";

it("makes the folder, and gives an address that names it by its id", async () => {
  const { alice, store } = await club();
  expect(store).toMatch(/^gdrive:id=/);
  const { address } = await alice.json<{ address: string }>("address", "club");
  expect(decodeURIComponent(address)).toContain(store);
  expect((await alice("cat", "club:/docs/a.txt")).out).toBe("alice wrote this");
});

it("an editor who was added with an account reads and writes; once removed, the folder is shut as well", {
  timeout: 120_000,
}, async () => {
  const all = await club();
  const { alice } = all;
  const bob = await admit(all, { alice, name: "Bob" });
  all.stage.files("more", { "b.txt": "bob wrote this" });
  await bob.json("upload", "more", "club:/");
  expect((await alice("cat", "club:/more/b.txt")).out).toBe("bob wrote this");
  const removed = await alice.json<{ folderAccess: string }>("remove", "club", "Bob");
  expect(removed.folderAccess).toBe("withdrawn");
  for (const words of [
    ["ls", "club:/"],
    ["upload", "more", "club:/again"],
    ["status", "club"],
    ["reencrypt", "club"],
  ]) {
    const refused = await bob.refusal(...words);
    expect([3, 6]).toContain(refused.exit);
    expect(refused.hint).toMatch(/shared with bob@example\.org|admit you again/);
  }
  expect((await alice.json<{ ok: boolean }>("verify", "club", "--full")).ok).toBe(true);
});

it("keeps old objects as long as Drive may show others late, and says so", async () => {
  const all = await googleStage();
  const alice = await all.newcomer("Alice");
  await alice.json("create", "club", "gdrive:late");
  all.stage.files("docs", { "a.txt": "a" });
  await alice.json("upload", "docs", "club:/");
  await admit(all, { alice, name: "Bob" });
  const { err } = await alice("remove", "club", "Bob");
  expect(err).toContain("old objects stay until everybody can have seen");
  expect(err).not.toContain("sync client");
  const { problems } = await alice.json<{ problems: { code: string; detail: string }[] }>("status", "club");
  expect(problems).toMatchObject([{ code: "unsettled", detail: expect.stringContaining("older state") }]);
});

it("a viewer reads, and is told that it may not write", async () => {
  const all = await club();
  const carol = await admit(all, { alice: all.alice, name: "Carol", role: "viewer" });
  expect((await carol("cat", "club:/docs/a.txt")).out).toBe("alice wrote this");
  expect(await carol.refusal("mkdir", "club:/x")).toMatchObject({ exit: 3, code: "role-too-low" });
  const listed = await all.alice.json<{ name: string; access: string }[]>("members", "club");
  expect(listed.map(({ name, access }) => [name, access])).toContainEqual(["Carol", "read"]);
});

it("shows who reaches the folder without being a member, and leaves them alone", async () => {
  const all = await club();
  const { alice, store } = all;
  await all.onDrive("Alice", `${folderOf(store)}/permissions?sendNotificationEmail=false`, {
    method: "POST",
    json: { type: "user", role: "writer", emailAddress: "carol@example.org" },
  });
  expect((await alice.json<{ strangers: string[] }>("status", "club")).strangers).toEqual(["carol@example.org"]);
  expect((await alice("members", "club")).err).toContain("carol@example.org is no member");
});

it("refuses two people with one account", async () => {
  const all = await club();
  const { alice } = all;
  await admit(all, { alice, name: "Bob" });
  const carol = await all.newcomer("Carol");
  const { fingerprint } = await carol.json<{ fingerprint: string }>("id", "--card", "carol.card");
  const words = ["add", "club", "carol.card", "--fingerprint", fingerprint, "--account"];
  expect(await alice.refusal(...words, "BOB@example.org")).toMatchObject({ exit: 3, code: "account-taken" });
  expect(await alice.refusal(...words, "alice@example.org")).toMatchObject({ exit: 3, code: "account-taken" });
});

it("asks which account, where there are several, and remembers it with the group", async () => {
  const all = await googleStage();
  const alice = await all.newcomer("Alice");
  await signIn(alice, "bob@example.org");
  const refused = await alice.refusal("create", "club", "gdrive:club");
  expect(refused).toMatchObject({ exit: 2, code: "ambiguous-account", hint: expect.stringContaining("--account") });
  await alice.json("create", "club", "gdrive:club", "--account", "bob@example.org");
  expect((await alice.json<{ role: string }>("status", "club")).role).toBe("owner");
});

it("says what to do where nobody is signed in, or not any more", async () => {
  const all = await googleStage();
  const alice = await all.stage.newcomer("Nobody");
  expect(await alice.refusal("create", "club", "gdrive:club")).toMatchObject({ exit: 3, code: "signed-out" });
  const bob = await all.newcomer("Bob");
  await bob.json("create", "club", "gdrive:club");
  all.google.revokeAccess("bob@example.org");
  expect(await bob.refusal("ls", "club:/")).toMatchObject({ exit: 3, code: "sign-in-expired" });
  await signIn(bob, "bob@example.org");
  expect(await bob.json("ls", "club:/")).toEqual([]);
  await bob.json("logout");
  expect(await bob.refusal("ls", "club:/")).toMatchObject({ exit: 3, code: "signed-out" });
});

it("goes on by itself when its access tokens have ended", async () => {
  const { alice, google } = await club();
  google.expireAccessTokens();
  expect((await alice("cat", "club:/docs/a.txt")).out).toBe("alice wrote this");
});

it("says that the folder is gone, not that nothing is in it", async () => {
  const { alice, onDrive, store } = await club();
  await onDrive("Alice", folderOf(store), { method: "PATCH", json: { trashed: true } });
  const refused = await alice.refusal("upload", "docs", "club:/more");
  expect(refused).toMatchObject({ exit: 6, code: "gone", hint: expect.stringContaining("trash") });
});

it("a further device comes in by the account that it names, and remembers it", async () => {
  const all = await club();
  const { code } = await all.alice.json<{ code: string }>("device", "add");
  const laptop = all.visitor("Laptop");
  const asking = ["init", "--device", code, "--no-passphrase", "--account", "alice@example.org"];
  expect(await laptop.refusal(...asking)).toMatchObject({ exit: 3, code: "signed-out" });
  await signIn(laptop, "alice@example.org");
  await signIn(laptop, "bob@example.org");
  expect(await laptop.refusal(...asking)).toMatchObject({ exit: 3, code: "waiting" });
  await all.alice.json("status", "club");
  await laptop.json(...asking);
  expect((await laptop("cat", "club:/docs/a.txt")).out).toBe("alice wrote this");
  expect(await laptop.json("groups")).toMatchObject([{ name: "club" }]);
});

it("a recovery by kit names the account that reaches the folder, and remembers it", async () => {
  const all = await googleStage();
  const alice = all.visitor("Alice");
  await alice.json("init", "--name", "Alice", "--no-passphrase", "--kit", "kit.txt");
  await signIn(alice, "alice@example.org");
  await alice.json("create", "club", "gdrive:club", "--settled");
  all.stage.files("docs", { "a.txt": "alice wrote this" });
  await alice.json("upload", "docs", "club:/");
  const { address } = await alice.json<{ address: string }>("address", "club");
  const later = all.visitor("Later");
  const words = ["recover", "kit.txt", address, "--as", "club", "--no-passphrase", "--kit", "new-kit.txt"];
  expect(await later.refusal(...words)).toMatchObject({ exit: 3, code: "signed-out" });
  await signIn(later, "alice@example.org");
  await signIn(later, "bob@example.org");
  expect(await later.refusal(...words)).toMatchObject({ exit: 2, code: "ambiguous-account" });
  expect(await later.refusal(...words, "--account", "bob@example.org")).toMatchObject({ exit: 6, code: "gone" });
  await later.json(...words, "--account", "alice@example.org");
  expect((await later("cat", "club:/docs/a.txt")).out).toBe("alice wrote this");
});

it("does not record another account of a member, says so, and does where they are removed and added again", async () => {
  const all = await club();
  const bob = await all.newcomer("Bob");
  const { fingerprint } = await bob.json<{ fingerprint: string }>("id", "--card", "bob.card");
  const adding = ["add", "club", "bob.card", "--fingerprint", fingerprint];
  await all.alice.json(...adding);
  const { exit, err } = await all.alice(...adding, "--account", "bob@example.org");
  expect({ exit, err }).toEqual({ exit: 0, err: expect.stringContaining("is not recorded") });
  await all.alice.json("remove", "club", "Bob");
  expect(await all.alice.json(...adding, "--account", "bob@example.org")).toMatchObject({ folderAccess: "granted" });
  const { address } = await all.alice.json<{ address: string }>("address", "club");
  await bob.json("join", address, "--as", "club");
  expect(await all.alice.json("remove", "club", "Bob")).toMatchObject({ folderAccess: "withdrawn" });
});
