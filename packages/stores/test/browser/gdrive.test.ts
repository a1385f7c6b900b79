/** Google Drive from a page: the contract of every store, and a group of two people with an account each. */
import {
  addMember,
  ByteBudget,
  catchUp,
  download,
  findMember,
  foundGroup,
  joinGroup,
  kitDevice,
  makeCard,
  newDevice,
  newKitSecret,
  type ObjectStore,
  publicKeysOf,
  reencrypt,
  removeMember,
  type SessionPorts,
  upload,
  webCrypto,
} from "@conclave/core";
import { expect, inject, it } from "vitest";
import { memoryTarget, sourceOfFiles } from "../../../../tests/support/memory-files.ts";
import { memoryDatabase } from "../../../core/test/support/sqlite.ts";
import { findDriveFolder, openDriveStore } from "../../src/gdrive.ts";
import { describeStore } from "../store-contract.ts";

const { url, tokens } = inject("google");
const crypto = webCrypto();

function accessOf(name: keyof typeof tokens) {
  const token = async () => tokens[name];
  return { auth: { token, renew: token }, endpoints: { api: url, writesPerSecond: 1000 } };
}

function storeIn(folder: string, name: keyof typeof tokens): ObjectStore {
  return openDriveStore({ ...accessOf(name), folder, cache: memoryDatabase(), freshMs: 0 });
}

const newFolder = () =>
  findDriveFolder(accessOf("alice"), { name: `Group ${globalThis.crypto.randomUUID()}`, create: true });

describeStore("the store of a page", async () => ({ store: storeIn(await newFolder(), "alice") }));

async function person(name: keyof typeof tokens, folder: string) {
  const device = await newDevice(crypto, { label: "phone" });
  const kit = await publicKeysOf(kitDevice(newKitSecret(crypto)));
  const ports: SessionPorts = {
    store: storeIn(folder, name),
    index: memoryDatabase(),
    crypto,
    clock: { now: Date.now },
    runs: { current: name, isAlive: () => false },
    device,
  };
  return { ports, card: await makeCard(crypto, { name, device, kit, time: Date.now() }) };
}

it("keeps a group of two people, whole in pages: files go up and come back, and a removal shuts out", async () => {
  const folder = await newFolder();
  const [alice, bob] = [await person("alice", folder), await person("bob", folder)];
  await alice.ports.store.sharing?.grant("bob@example.org", "write");
  const hers = await foundGroup(alice.ports, { card: alice.card, suite: "hybrid", settled: true });
  const budget = () => new ByteBudget(64 * 1024 * 1024);
  const files = { "docs/letter.txt": "of alice", "big.bin": new Uint8Array(6_000_000).fill(7) };
  await upload(hers, { tree: sourceOfFiles(files), into: "", budget: budget() });
  await addMember(hers, { card: bob.card, role: "editor" });
  const { state, current } = hers.view;
  const address = { group: hers.group, entry: state.head, epoch: current.epoch, store: "gdrive:" };
  const his = await joinGroup(bob.ports, { address });
  if (!his) throw new Error("bob was not let in");
  await catchUp(his);
  const target = memoryTarget();
  expect(await download(his, { path: "", target, budget: budget() })).toMatchObject({ failed: [] });
  expect(target.texts()).toMatchObject({ "docs/letter.txt": "of alice" });

  await removeMember(hers, { member: findMember(hers.view.state, "bob"), contents: "now" });
  await reencrypt(hers, { budget: budget() });
  await expect(catchUp(his)).rejects.toMatchObject({ code: "removed" });
});
