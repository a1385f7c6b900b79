/** What can be wrong with an account, a folder and the way to Google: each has a name, says what to do, and loses nothing. */
import { copyFileSync } from "node:fs";
import { join } from "node:path";
import { EMULATED_CLIENT, type Fault, virtualClock } from "@conclave/emulators";
import { describe, expect, it } from "vitest";
import { admitByAccount, club, folderOf } from "../support/club.ts";
import { accountOf, googleStage, signIn } from "../support/google.ts";
import type { Person } from "../support/stage.ts";

const DAY_MS = 24 * 3_600_000;

/** That all that was in the group is there, and new things can be put. */
async function expectWhole(person: Person): Promise<void> {
  expect((await person("cat", "club:/docs/a.txt")).out).toBe("alice wrote this");
  await person.json("upload", "docs", "club:/again");
  expect((await person.json<{ ok: boolean }>("verify", "club", "--full")).ok).toBe(true);
}

describe("a sign-in", () => {
  it("that was refused at the provider opens nothing, and can be tried again", async () => {
    const { google, newcomer, stage } = await googleStage();
    const alice = await newcomer("Alice");
    await alice.json("logout");
    google.consent.set("alice@example.org", "deny");
    const words = ["login", "gdrive", "--client-secret-file", "client.json", "--account", "alice@example.org"];
    expect(await alice.refusal(...words)).toMatchObject({ exit: 3, code: "consent-refused" });
    const create = ["create", "club", "gdrive:club"];
    expect(await alice.refusal(...create)).toMatchObject({
      exit: 3,
      code: "signed-out",
      hint: expect.stringMatching(/conclave login gdrive/),
    });
    google.consent.set("alice@example.org", "allow");
    await signIn(alice, "alice@example.org");
    await alice.json(...create);
    stage.files("docs", { "a.txt": "alice wrote this" });
    await alice.json("upload", "docs", "club:/");
    await expectWhole(alice);
  });

  it("that has expired, as of a client in testing after a week, is renewed by signing in again", async () => {
    const clock = virtualClock(Date.now());
    const { alice } = await club({ clock, clients: [{ ...EMULATED_CLIENT, refreshTokenLifeMs: 7 * DAY_MS }] });
    clock.advance(8 * DAY_MS);
    for (const words of [
      ["ls", "club:/"],
      ["upload", "docs", "club:/more"],
    ]) {
      const refused = await alice.refusal(...words);
      expect(refused).toMatchObject({
        exit: 3,
        code: "sign-in-expired",
        hint: expect.stringMatching(/conclave login gdrive/),
      });
    }
    await signIn(alice, "alice@example.org");
    await expectWhole(alice);
  });

  it("by a client id that Google does not know any more says where client ids come from", async () => {
    const { alice, google } = await club();
    google.expireAccessTokens();
    google.clients.delete(EMULATED_CLIENT.id);
    expect(await alice.refusal("ls", "club:/")).toMatchObject({
      exit: 3,
      code: "wrong-client",
      hint: expect.stringMatching(/google-drive\.md/),
    });
    google.clients.set(EMULATED_CLIENT.id, EMULATED_CLIENT);
    await expectWhole(alice);
  });

  it("whose file was copied to another home opens nothing there", async () => {
    const { alice, newcomer } = await club();
    const mallory = await newcomer("Carol");
    copyFileSync(join(alice.home, "accounts.json"), join(mallory.home, "accounts.json"));
    const refused = await mallory.refusal("create", "own", "gdrive:own");
    expect(refused).toMatchObject({
      exit: 3,
      code: "signed-out",
      message: expect.stringMatching(/another device/),
      hint: expect.stringMatching(/conclave login gdrive/),
    });
    expect(await mallory.json("accounts")).toHaveLength(1);
    await signIn(mallory, "carol@example.org");
    await mallory.json("create", "own", "gdrive:own", "--account", "carol@example.org");
    await expectWhole(alice);
  });

  it("that its owner has ended at Google, as after a theft, is of no use to whoever has the device", async () => {
    const { alice, google } = await club();
    google.revokeAccess("alice@example.org");
    const refused = await alice.refusal("ls", "club:/");
    expect(refused).toMatchObject({
      exit: 3,
      code: "sign-in-expired",
      hint: expect.stringMatching(/security settings/),
    });
    await signIn(alice, "alice@example.org");
    await expectWhole(alice);
  });
});

describe("a folder", () => {
  it("that was moved is the same folder", async () => {
    const { alice, onDrive, store } = await club();
    const made = await onDrive<{ id: string }>("Alice", "/drive/v3/files", {
      method: "POST",
      json: { name: "Clubs", mimeType: "application/vnd.google-apps.folder" },
    });
    await onDrive("Alice", `${folderOf(store)}?addParents=${made.id}&removeParents=root`, {
      method: "PATCH",
      json: {},
    });
    await onDrive("Alice", folderOf(store), { method: "PATCH", json: { name: "another name" } });
    await expectWhole(alice);
  });

  it("that lies in the trash is told of, and all is there once it is taken out", async () => {
    const { alice, onDrive, store } = await club();
    await onDrive("Alice", folderOf(store), { method: "PATCH", json: { trashed: true } });
    for (const words of [
      ["ls", "club:/"],
      ["upload", "docs", "club:/more"],
      ["status", "club"],
      ["verify", "club"],
    ]) {
      const refused = await alice.refusal(...words);
      expect(refused).toMatchObject({
        exit: 6,
        code: "gone",
        message: expect.stringMatching(/trash/),
        hint: expect.stringMatching(/alice@example\.org/),
      });
    }
    await onDrive("Alice", folderOf(store), { method: "PATCH", json: { trashed: false } });
    await expectWhole(alice);
  });

  it("that is deleted is told of, and never taken for an empty group", async () => {
    const { alice, onDrive, store } = await club();
    await onDrive("Alice", folderOf(store), { method: "DELETE" });
    for (const words of [
      ["ls", "club:/"],
      ["upload", "docs", "club:/more"],
      ["reencrypt", "club"],
    ]) {
      expect(await alice.refusal(...words)).toMatchObject({
        exit: 6,
        code: "gone",
        hint: expect.stringMatching(/deleted/),
      });
    }
  });

  it("that was unshared is told of, with the account, until it is shared again", async () => {
    const all = await club();
    const bob = await admitByAccount(all, { alice: all.alice, name: "Bob" });
    const theirs = `${folderOf(all.store)}/permissions/${all.google.user("bob@example.org").id}`;
    await all.onDrive("Alice", theirs, { method: "DELETE" });
    const refused = await bob.refusal("upload", "docs", "club:/of bob");
    expect(refused).toMatchObject({ exit: 6, code: "gone", hint: expect.stringMatching(/bob@example\.org/) });
    await share(all, "writer");
    await expectWhole(bob);
  });

  it("that is not shared with a newcomer's account says so to them, and whom to ask", async () => {
    const all = await club();
    const bob = await all.newcomer("Bob");
    const { address } = await all.alice.json<{ address: string }>("address", "club");
    const refused = await bob.refusal("join", address);
    expect(refused).toMatchObject({
      exit: 6,
      code: "gone",
      message: expect.stringMatching(/not shared with this account/),
    });
    expect(refused.hint).toMatch(
      /whoever gave you this address .* bob@example\.org.*conclave add GROUP CARD --account/,
    );
    const { code } = await all.alice.json<{ code: string }>("invite", "club", "Bob");
    const invited = await bob.refusal("join", code);
    expect(invited).toMatchObject({ exit: 6, code: "gone", hint: expect.stringMatching(/whoever invited you/) });
    await share(all, "writer");
    expect(await bob.refusal("join", address)).toMatchObject({ exit: 3, code: "waiting" });
  });

  it("that was made readable only, behind the group's back, is named when somebody writes", async () => {
    const all = await club();
    const bob = await admitByAccount(all, { alice: all.alice, name: "Bob" });
    await share(all, "reader");
    const refused = await bob.refusal("upload", "docs", "club:/of bob");
    expect(refused).toMatchObject({ exit: 6, code: "read-only", hint: expect.stringMatching(/ask an admin/) });
    expect((await bob("cat", "club:/docs/a.txt")).out).toBe("alice wrote this");
    await share(all, "writer");
    await bob.json("upload", "docs", "club:/of bob");
    await expectWhole(bob);
    expect((await bob("cat", "club:/of bob/docs/a.txt")).out).toBe("alice wrote this");
  });

  /** Alice shares her folder with Bob, by hand. */
  async function share({ onDrive, store }: Awaited<ReturnType<typeof club>>, role: string): Promise<void> {
    const json = { type: "user", role, emailAddress: accountOf("Bob") };
    await onDrive("Alice", `${folderOf(store)}/permissions?sendNotificationEmail=false`, { method: "POST", json });
  }
});

describe("Drive", () => {
  it("that is full says whose storage, and the same command goes on once there is room", async () => {
    const { alice, google, stage } = await club();
    google.user("alice@example.org").quotaBytes = 1;
    stage.files("more", { "b.txt": "bob wrote this" });
    expect(await alice.refusal("upload", "more", "club:/")).toMatchObject({
      exit: 6,
      code: "full",
      hint: expect.stringMatching(/make room/),
    });
    google.user("alice@example.org").quotaBytes = undefined;
    await alice.json("upload", "more", "club:/");
    expect((await alice("cat", "club:/more/b.txt")).out).toBe("bob wrote this");
    await expectWhole(alice);
  });

  it("that takes a file for malware gives it to whoever put it, and the others are told whom to ask", async () => {
    const all = await club();
    const { alice } = all;
    const bob = await admitByAccount(all, { alice, name: "Bob" });
    for (const item of all.google.cloud.items.values()) {
      item.isAbusive = item.properties.get("conclave-path")?.endsWith("/objects") === true;
    }
    const refused = await bob("cat", "club:/docs/a.txt");
    expect(refused).toMatchObject({ exit: 6, out: "", err: expect.stringMatching(/malware[\s\S]*member who put it/) });
    const { exit, err } = await bob("download", "club:/docs", "here");
    expect({ exit, err }).toEqual({ exit: 6, err: expect.stringMatching(/malware[\s\S]*member who put it/) });
    await expectWhole(alice);
  });

  it.each<[what: string, fault: Fault, message: RegExp]>([
    ["a page", { type: "html", status: 200 }, /web page/],
    ["a page that says it is an error", { type: "html", status: 403 }, /web page/],
    ["a way out of TLS", { type: "redirect-plain" }, /not protected by TLS|leads elsewhere/],
  ])("in whose place %s answers is not believed, and the next command goes on", async (_, fault, message) => {
    const { alice, google } = await club();
    for (const on of ["changes.list", "files.download", "upload.*"]) {
      google.faults.add({ on, fault, chance: 1 });
      const words =
        on === "changes.list"
          ? ["ls", "club:/"]
          : on === "files.download"
            ? ["verify", "club", "--full"]
            : ["upload", "docs", "club:/x"];
      const refused = await alice.refusal(...words);
      expect(refused).toMatchObject({
        exit: 6,
        code: "untrusted",
        message: expect.stringMatching(message),
        hint: expect.stringMatching(/another network/),
      });
      google.faults.clear();
    }
    await expectWhole(alice);
  });

  it("in whose place a page answers the request for a token is not believed either", async () => {
    const { alice, google } = await club();
    google.expireAccessTokens();
    google.faults.add({ on: "oauth.token", fault: { type: "html", status: 200 } });
    expect(await alice.refusal("ls", "club:/")).toMatchObject({ exit: 6, code: "untrusted-answer" });
    await expectWhole(alice);
  });
});
