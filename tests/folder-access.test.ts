/** The provider's folder follows the log: who is let in, who is shut out, and who finishes what was left half done. */
import {
  addMember,
  catchUp,
  changeRole,
  findMember,
  folderReach,
  invite,
  leaveGroup,
  problemsOf,
  type Role,
  removeMember,
  requireFreeAccount,
  rotate,
  StoreError,
  settleFolderAccess,
  withdraw,
} from "@conclave/core";
import { describe, expect, it } from "vitest";
import { openWorld } from "./support/open-world.ts";
import { type Device, live } from "./support/world.ts";

/** A folder that is shared by a list, and whose provider can be made to refuse or to be away. */
class Folder {
  readonly list = new Map<string, "read" | "write" | "owner">([["alice@x.org", "owner"]]);
  readonly calls: string[] = [];
  /** Calls that fail from now on, by their beginning. */
  failing: string | undefined;

  /** This folder as one account sees it. Only its owner may share it. */
  as(own: string) {
    const call = (what: string): void => {
      this.calls.push(what);
      if (this.failing !== undefined && what.startsWith(this.failing)) {
        throw new StoreError("the provider is away", { code: "unavailable" });
      }
    };
    const isOwner = this.list.get(own) === "owner";
    return {
      account: async () => own,
      list: async () => {
        call("list");
        return [...this.list].map(([account, right]) => ({ account, right }));
      },
      grant: async (account: string, right: "read" | "write") => {
        call(`grant ${account} ${right}`);
        if (!isOwner) throw new StoreError("only the owner may share it", { code: "read-only" });
        this.list.set(account, right);
      },
      withdraw: async (account: string) => {
        call(`withdraw ${account}`);
        if (!isOwner || this.list.get(account) === "owner") return "refused" as const;
        return this.list.delete(account) ? ("withdrawn" as const) : ("absent" as const);
      },
    };
  }
}

/** A device whose store is this folder, as one account. */
function at(device: Device, folder: Folder, account: string): Device {
  const session = live(device);
  device.session = { ...session, store: { ...session.store, sharing: folder.as(account) } };
  return device;
}

async function shared() {
  const world = openWorld();
  const folder = new Folder();
  const alice = await world.device("Alice");
  await world.found(alice);
  at(alice, folder, "alice@x.org");
  const add = async (name: string, role: Role, account?: string): Promise<Device> => {
    const device = await world.device(name);
    await addMember(live(alice), { card: device.card, role, ...(account === undefined ? {} : { account }) });
    await world.join(device, world.address(live(alice)));
    return at(device, folder, account ?? `${name.toLowerCase()}@private.org`);
  };
  const remove = (by: Device, name: string) =>
    removeMember(live(by), { member: findMember(live(by).view.state, name), contents: "now" });
  return { world, folder, alice, add, remove };
}

const accessProblems = (device: Device) => problemsOf(live(device)).filter(({ code }) => code === "access");

it("lets editors write and viewers read, and follows a change of role", async () => {
  const { folder, alice, add } = await shared();
  await add("Bob", "editor", "Bob@x.org");
  await add("Carol", "viewer", "carol@x.org");
  await catchUp(live(alice));
  expect(Object.fromEntries(folder.list)).toMatchObject({ "Bob@x.org": "write", "carol@x.org": "read" });
  await changeRole(live(alice), { member: findMember(live(alice).view.state, "Carol"), role: "editor" });
  await catchUp(live(alice));
  expect(folder.list.get("carol@x.org")).toBe("write");
});

it("shuts out whoever was removed, and nobody who never was a member", async () => {
  const { folder, alice, add, remove } = await shared();
  await add("Bob", "editor", "bob@x.org");
  await settleFolderAccess(live(alice));
  folder.list.set("stranger@x.org", "write");
  await remove(alice, "Bob");
  expect(await settleFolderAccess(live(alice))).toMatchObject({ withdrawn: ["bob@x.org"], gaps: [] });
  expect([...folder.list.keys()]).toEqual(["alice@x.org", "stranger@x.org"]);
  expect((await folderReach(live(alice)))?.strangers).toEqual([{ account: "stranger@x.org", right: "write" }]);
});

it("shuts out whoever left, after an admin's device has changed the key", async () => {
  const { folder, alice, add } = await shared();
  const bob = await add("Bob", "editor", "bob@x.org");
  await settleFolderAccess(live(alice));
  await leaveGroup(live(bob));
  const { epoch } = live(alice).view.current;
  await catchUp(live(alice));
  expect(live(alice).view.current.epoch).not.toBe(epoch);
  expect(folder.list.has("bob@x.org")).toBe(false);
});

it.each(["list", "withdraw"])("a removal whose %s fails is shown, and finished by the next command", async (call) => {
  const { folder, alice, add, remove } = await shared();
  await add("Bob", "editor", "bob@x.org");
  await settleFolderAccess(live(alice));
  folder.failing = call;
  await remove(alice, "Bob");
  expect((await settleFolderAccess(live(alice))).gaps).toMatchObject([{ act: "withdraw", account: "bob@x.org" }]);
  expect(accessProblems(alice)).toMatchObject([{ detail: expect.stringContaining("the provider is away") }]);
  folder.failing = undefined;
  await catchUp(live(alice));
  expect(folder.list.has("bob@x.org")).toBe(false);
  expect(accessProblems(alice)).toEqual([]);
});

it("an addition that could not be shared is shown, and finished by the next command", async () => {
  const { folder, alice, add } = await shared();
  folder.failing = "grant";
  await add("Bob", "editor", "bob@x.org");
  expect((await settleFolderAccess(live(alice))).gaps).toMatchObject([{ act: "grant", account: "bob@x.org" }]);
  expect(accessProblems(alice)).toHaveLength(1);
  folder.failing = undefined;
  await catchUp(live(alice));
  expect(folder.list.get("bob@x.org")).toBe("write");
  expect(accessProblems(alice)).toEqual([]);
});

it("a removal by an admin who may not share the folder is finished by its owner's device", async () => {
  const { folder, alice, add, remove } = await shared();
  const dave = await add("Dave", "admin", "dave@x.org");
  await add("Bob", "editor", "bob@x.org");
  await catchUp(live(alice));
  await catchUp(live(dave));
  await remove(dave, "Bob");
  expect((await settleFolderAccess(live(dave))).gaps).toMatchObject([{ account: "bob@x.org" }]);
  expect(accessProblems(dave)).toHaveLength(1);
  await catchUp(live(alice));
  expect(folder.list.has("bob@x.org")).toBe(false);
  await catchUp(live(dave));
  expect(accessProblems(dave)).toEqual([]);
});

it("leaves an account in that somebody was admitted again with, and the one that is used here", async () => {
  const { folder, alice, add, remove } = await shared();
  await add("Bob", "editor", "bob@x.org");
  await remove(alice, "Bob");
  await add("Bob again", "editor", "BOB@x.org");
  await settleFolderAccess(live(alice));
  expect([...folder.list.keys()]).toContain("BOB@x.org");
  await add("Eve", "editor", "alice@x.org");
  await remove(alice, "Eve");
  expect((await settleFolderAccess(live(alice))).gaps).toMatchObject([{ why: expect.stringContaining("yourself") }]);
  expect(folder.list.get("alice@x.org")).toBe("owner");
});

it("refuses two people with one account", async () => {
  const { alice, add } = await shared();
  await add("Bob", "editor", "bob@x.org");
  const ask = (account: string) => requireFreeAccount(live(alice), { account, member: "f".repeat(64) });
  await expect(ask("BOB@x.org")).rejects.toMatchObject({ code: "account-taken" });
  await expect(ask("alice@X.org")).rejects.toMatchObject({ code: "account-taken" });
  await expect(ask("carol@x.org")).resolves.toBe(undefined);
});

it("asks the provider nothing while the log says the same, nor for members without the right", async () => {
  const { world, folder, alice, add } = await shared();
  const bob = await add("Bob", "editor", "bob@x.org");
  await catchUp(live(alice));
  folder.calls.length = 0;
  await catchUp(live(alice));
  await catchUp(live(bob));
  expect(folder.calls).toEqual([]);
  world.clock.time += 61 * 60_000;
  await catchUp(live(alice));
  expect(folder.calls).toEqual(["list"]);
});

it("asks nothing at all of a group without accounts", async () => {
  const { folder, alice, add } = await shared();
  await add("Bob", "editor");
  await catchUp(live(alice));
  expect(folder.calls).toEqual([]);
});

describe("whoever is invited with an account", () => {
  const inviteTo = (by: Device, account: string, role: Role = "viewer") =>
    invite(live(by), { name: "Bob", role, forMs: 3_600_000, account });

  it("reaches the folder to leave a request there, and as a member what the role asks for", async () => {
    const { world, folder, alice } = await shared();
    const { secret } = await inviteTo(alice, "bob@x.org");
    expect(await settleFolderAccess(live(alice))).toMatchObject({ granted: ["bob@x.org"] });
    expect(folder.list.get("bob@x.org")).toBe("write");
    expect((await folderReach(live(alice)))?.strangers).toEqual([]);
    await world.ask(await world.device("Bob"), world.address(live(alice)), secret);
    await catchUp(live(alice));
    expect(live(alice).view.state.members.map(({ name }) => name)).toEqual(["Alice", "Bob"]);
    await catchUp(live(alice));
    expect(folder.list.get("bob@x.org")).toBe("read");
  });

  it.each(["is withdrawn", "ends with an epoch", "expires"])("is shut out when the invitation %s", async (how) => {
    const { world, folder, alice } = await shared();
    const { invitation } = await inviteTo(alice, "bob@x.org");
    await inviteTo(alice, "carol@x.org", "editor");
    await settleFolderAccess(live(alice));
    if (how === "is withdrawn") await withdraw(live(alice), { invitation });
    else if (how === "expires") world.clock.time += 3_600_001;
    else await rotate(live(alice), { contents: "on-change" });
    await catchUp(live(alice));
    const left = how === "is withdrawn" ? ["alice@x.org", "carol@x.org"] : ["alice@x.org"];
    expect([...folder.list.keys()]).toEqual(left);
  });

  it("stays in where another invitation, or a membership, has the same account; an owner is never shut out", async () => {
    const { folder, alice, add } = await shared();
    const first = await inviteTo(alice, "bob@x.org");
    const second = await inviteTo(alice, "BOB@x.org");
    const own = await inviteTo(alice, "alice@x.org");
    await settleFolderAccess(live(alice));
    for (const { invitation } of [first, own]) await withdraw(live(alice), { invitation });
    expect(await settleFolderAccess(live(alice))).toMatchObject({ withdrawn: [], gaps: [] });
    await add("Bob", "editor", "bob@x.org");
    await withdraw(live(alice), { invitation: second.invitation });
    expect(await settleFolderAccess(live(alice))).toMatchObject({ withdrawn: [], gaps: [] });
    expect(Object.fromEntries(folder.list)).toEqual({ "alice@x.org": "owner", "BOB@x.org": "write" });
  });
});
