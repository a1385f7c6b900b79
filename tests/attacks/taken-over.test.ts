/** What an upload takes over from earlier versions is there, or is sent again. */
import { createHash } from "node:crypto";
import { catchUp, download } from "@conclave/core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { comeTogether, details, groupOf, keysLike, putBy } from "../support/attacked.ts";
import { forge, forgedChange, forgedLocation, hexOf } from "../support/forge.ts";
import { declareBlob, sealObject } from "../support/insides.ts";
import { memoryTarget } from "../support/memory-files.ts";
import { budget, type Device, live, put, texts, World } from "../support/world.ts";

const PIECE_BYTES = 4 * 1024 * 1024 - 4096;

let world: World;
beforeEach(() => {
  world = new World();
});
afterEach(() => world.close());

/** A version of a new file by somebody who knows its digest, placed in an object of their choice. */
async function foresee(by: Device, content: string, object: string): Promise<void> {
  const session = live(by);
  const size = content.length;
  const blob = declareBlob(world.crypto, [[createHash("sha256").update(content).digest("hex"), size]]);
  const node = `f${hexOf(world.crypto.randomBytes(16))}`;
  const version = { replaces: [], size, modified: 1, executable: false, extents: [[blob.blob, 0, 1]] as const };
  await forge(session, {
    locations: [forgedLocation(session, { blob: blob.blob, object, length: 2760 })],
    records: [
      forgedChange({
        head: session.view.state.head,
        operations: [
          { op: "blob", ...blob },
          { op: "place", node, parent: "root", name: "one", from: null, path: "one" },
          { op: "file", node, ...version, path: "one" },
        ],
      }),
    ],
  });
}

/** An object of the right length that holds nothing of use. */
async function putNonsense(by: Device): Promise<string> {
  const { crypto, view } = live(by);
  const archive = new Uint8Array(2560);
  const { object, sealed } = await sealObject(crypto, { archive, recipient: view.current.recipient, suite: "classic" });
  await world.store.put(`${view.current.epoch}/objects/${object}.age`, sealed);
  return object;
}

describe("attack 50: an editor's version of what somebody else is about to upload, by digests alone", () => {
  it.each([
    ["nowhere", async () => "ab".repeat(16)],
    ["in an object that holds something else", putNonsense],
  ])("keeps none of it from being sent, where it lies %s", async (_, place) => {
    const [alice, mallory] = await groupOf(world, ["mallory"]);
    await foresee(mallory, "foreseen", await place(mallory));
    await catchUp(live(alice));
    expect(details(live(alice), "foreign")).toEqual([]);
    await put(live(alice), { one: "foreseen" });
    expect(await texts(live(alice))).toEqual({ one: "foreseen" });
  });
});

describe("attack 50: contents that an editor deletes from the storage, or cuts", () => {
  it.each(["deletes", "cuts"])("are sent again by who still has them, where somebody %s them", async (how) => {
    const [alice] = await groupOf(world, []);
    await put(live(alice), { one: "one" });
    const [key = ""] = await keysLike(world, /\/objects\//);
    const bytes = await world.store.get(key);
    await world.store.delete(key);
    if (how === "cuts") await world.store.put(key, bytes.slice(0, -1));
    await put(live(alice), { one: "one" }, 1);
    expect(await texts(live(alice))).toEqual({ one: "one" });
  });
});

describe("pieces of somebody else's version", () => {
  it("are read once and not sent again, where they are what they should be", async () => {
    const [alice, bob] = await groupOf(world, ["bob"]);
    const bytes = world.crypto.randomBytes(3 * PIECE_BYTES);
    await put(live(alice), { big: bytes });
    await catchUp(live(bob));
    const changed = bytes.slice();
    changed.fill(0, 0, 10);
    const objects = await putBy(world, () => put(live(bob), { big: changed }, 1), /\/objects\//);
    const stored = await Promise.all([...objects].map((key) => world.store.get(key)));
    expect(stored.map(({ length }) => length < 2 * PIECE_BYTES)).toEqual([true]);
    const target = memoryTarget();
    await download(live(bob), { path: "", target, budget: budget() });
    expect(Buffer.compare(target.files.get("big") ?? new Uint8Array(), changed)).toBe(0);
  });
});

describe("attack 9: two edits at once that are downloaded and uploaded again", () => {
  it("make no further file while they stay as they were", async () => {
    const [alice, mallory] = await groupOf(world, ["mallory"]);
    await put(live(alice), { one: "first" });
    await catchUp(live(mallory));
    await put(live(alice), { one: "hers" }, 1);
    await put(live(mallory), { one: "another" }, 2);
    await comeTogether(alice, mallory);
    const files = await texts(live(alice));
    for (const [name, text] of Object.entries(files)) await put(live(alice), { [name]: text }, text === "hers" ? 1 : 2);
    expect(await texts(live(alice))).toEqual(files);
    expect(Object.values(files).sort()).toEqual(["another", "hers"]);
  });
});
