/** Attacks by whoever can write to the storage: things that are too large, and heaps of things that mean nothing. */
import { addMember, answerDevices, catchUp, joinGroup, listRequests, rotate, type Session } from "@conclave/core";
import { describe, expect, it } from "vitest";
import { details, people } from "../support/attacked.ts";
import { openWorld } from "../support/open-world.ts";
import { type Device, live, put, type World } from "../support/world.ts";

const hex = (number: number) => number.toString(16).padStart(32, "0");
/** Largest of each kind, in bytes. */
const [REQUEST, NOTICE, STORED] = [32 * 1024, 8 * 1024 * 1024, 34 * 1024 * 1024];
const REQUESTS_MAX = 500;

async function group() {
  return people({ world: openWorld() });
}

/** The keys that fit which a device fetches while it does something, from its start on. */
async function fetchedBy(device: Device, pattern: RegExp, work: () => Promise<unknown>): Promise<string[]> {
  const keys: string[] = [];
  device.hooks.fault = ({ verb, key }) => {
    if (verb === "get" && pattern.test(key)) keys.push(key);
    return undefined;
  };
  await work();
  return keys;
}

/** From now on a device sees things of this kind listed with another size than they have. */
function listAs(device: Device, options: { readonly pattern: RegExp; readonly size: number }, world: World): void {
  const { store } = world;
  device.store = {
    traits: store.traits,
    put: store.put,
    get: store.get,
    delete: store.delete,
    async *list(folder, call) {
      for await (const object of store.list(folder, call))
        yield options.pattern.test(object.key) ? { ...object, size: options.size } : object;
    },
  };
}

const answering = (session: Session) =>
  answerDevices(session, { codes: [{ code: "ab".repeat(32), device: undefined }] });

describe("what is larger than anything of its kind", () => {
  it.each([
    ["join requests", listRequests],
    ["requests of further devices", answering],
  ])("is not fetched among %s", async (_, look) => {
    const { world, alice } = await group();
    const [fits, larger] = [`requests/${hex(1)}-${hex(1)}.age`, `requests/${hex(2)}-${hex(2)}.age`];
    await world.store.put(fits, new Uint8Array(REQUEST));
    await world.store.put(larger, new Uint8Array(REQUEST + 1));
    await world.store.put("requests/holiday.jpg", new Uint8Array(1));
    expect(await fetchedBy(alice, /^requests/, () => look(world.restart(alice)))).toEqual([fits]);
  });

  it("is not fetched among notices", async () => {
    const { world, bob } = await group();
    const { epoch } = live(bob).view.current;
    const [fits, larger] = [`${epoch}/notice-${hex(1)}.age`, `${epoch}/notice-${hex(2)}.age`];
    await world.store.put(fits, new Uint8Array(NOTICE));
    await world.store.put(larger, new Uint8Array(NOTICE + 1));
    await world.store.put(`${epoch}/holiday.jpg`, new Uint8Array(1));
    expect(await fetchedBy(bob, /notice|holiday/, () => catchUp(world.restart(bob)))).toEqual([fits]);
  });

  it("is not fetched among records", async () => {
    const { world, alice, bob } = await group();
    await put(live(alice), { "a.txt": "new" });
    listAs(bob, { pattern: /records/, size: STORED }, world);
    expect(await fetchedBy(bob, /records/, () => catchUp(world.restart(bob)))).toHaveLength(1);
    await put(live(alice), { "b.txt": "newer" });
    listAs(bob, { pattern: /records/, size: STORED + 1 }, world);
    expect(await fetchedBy(bob, /records/, () => catchUp(world.restart(bob)))).toEqual([]);
    expect(details(live(bob), "foreign")).toEqual([expect.stringContaining("larger than any records file")]);
  });

  it("is not fetched among grants", async () => {
    const { world, alice, bob } = await group();
    listAs(bob, { pattern: /^epochs/, size: STORED + 1 }, world);
    const { epoch } = await rotate(live(alice), { contents: "background" });
    expect(await fetchedBy(bob, /^epochs.*age$/, () => catchUp(world.restart(bob)))).toEqual([]);
    expect(live(bob).view.opened.has(epoch)).toBe(false);
    listAs(bob, { pattern: /^epochs/, size: STORED }, world);
    await catchUp(world.restart(bob));
    expect(live(bob).view.opened.has(epoch)).toBe(true);
  });

  it("is not fetched by a newcomer, among grants or records", async () => {
    const { world, alice } = await group();
    const [dave, eve] = [await world.device("dave"), await world.device("eve")];
    for (const { card } of [dave, eve]) await addMember(live(alice), { card, role: "editor" });
    const address = world.address(live(alice));
    for (const folder of ["epochs", `${address.epoch}/records`])
      await world.store.put(`${folder}/holiday.jpg`, new Uint8Array(1));
    const join = (device: Device) => joinGroup(world.ports(device), { address });
    listAs(dave, { pattern: /^epochs/, size: STORED + 1 }, world);
    expect(await fetchedBy(dave, /^epochs.*age$/, async () => expect(await join(dave)).toBeUndefined())).toEqual([]);
    // The grant to him ends before the address's entry, which is among the records.
    listAs(dave, { pattern: /records/, size: STORED + 1 }, world);
    const refused = () => expect(join(dave)).rejects.toMatchObject({ code: "rollback" });
    expect(await fetchedBy(dave, /records/, refused)).toEqual([]);
    dave.store = undefined;
    expect((await join(dave))?.view.state.head).toBe(address.entry);
  });
});

describe("what opens with no key", () => {
  it("among the grants does not keep a newcomer from asking", async () => {
    const { world, alice } = await group();
    const address = world.address(live(alice));
    await world.store.put(`epochs/${address.epoch}-all-${hex(1)}.age`, new Uint8Array(2000));
    const dave = await world.device("dave");
    expect(await joinGroup(world.ports(dave), { address })).toBeUndefined();
    await world.ask(dave, address);
    expect(await listRequests(live(alice))).toMatchObject([{ state: "waiting" }]);
  });
});

describe("a heap of requests", () => {
  it.each([
    ["join requests", listRequests],
    ["requests of further devices", answering],
  ])("is not gone through beyond the limit by who looks for %s", async (_, look) => {
    const { world, alice } = await group();
    for (let at = 0; at <= REQUESTS_MAX; at++)
      await world.store.put(`requests/${hex(at)}-${hex(at)}.age`, new Uint8Array(1));
    expect(await fetchedBy(alice, /^requests/, () => look(world.restart(alice)))).toHaveLength(REQUESTS_MAX);
  });
});

describe("a heap of files that fit nothing", () => {
  it("is fetched a thousand at a look, among the records", async () => {
    const { world, bob } = await group();
    const { epoch } = live(bob).view.current;
    for (let number = 1; number <= 1003; number++) {
      await world.store.put(`${epoch}/records/${hex(7)}-${number}-1-${hex(number)}.age`, new Uint8Array(1));
    }
    const look = () => fetchedBy(bob, /records/, () => catchUp(world.restart(bob)));
    expect(await look()).toHaveLength(1000);
  });
});
