/** Who writes a listing, and when: it is for recovery alone, and costs as much as the tree is large. */
import { catchUp, movePath } from "@conclave/core";
import { afterEach, beforeEach, expect, it } from "vitest";
import { live, put, World } from "./support/world.ts";

let world: World;
beforeEach(() => {
  world = new World();
});
afterEach(() => world.close());

async function listings(): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of world.store.list("")) if (key.includes("/listings/")) keys.push(key);
  return keys;
}

it("is not written again by another member who changes little", async () => {
  const [alice, bob] = [await world.device("alice"), await world.device("bob")];
  await world.found(alice);
  await put(live(alice), Object.fromEntries(Array.from({ length: 60 }, (_, index) => [`${index}.txt`, `${index}`])));
  await world.admit(alice, bob);
  expect(await listings()).toHaveLength(1);
  await put(live(bob), { "one-more.txt": "1" });
  expect(await listings()).toHaveLength(1);
});

it("is written when a quarter has changed, after a move, and when it is a day old", async () => {
  const [alice, bob] = [await world.device("alice"), await world.device("bob")];
  await world.found(alice);
  await put(live(alice), Object.fromEntries(Array.from({ length: 20 }, (_, index) => [`${index}.txt`, `${index}`])));
  await world.admit(alice, bob);
  await put(live(bob), Object.fromEntries(Array.from({ length: 10 }, (_, index) => [`b${index}.txt`, `${index}`])));
  expect(await listings()).toHaveLength(2);
  await movePath(live(bob), { from: "b1.txt", to: "moved.txt" });
  const afterMove = await listings();
  expect(afterMove.some((key) => key.includes("/listings/3-"))).toBe(true);
  world.clock.time += 25 * 3600 * 1000;
  await catchUp(live(alice));
  await put(live(alice), { "late.txt": "late" });
  expect((await listings()).some((key) => key.includes("/listings/4-"))).toBe(true);
});

it("is written all the same where a planted one covers what nobody has", async () => {
  const [alice, bob] = [await world.device("alice"), await world.device("bob")];
  await world.found(alice);
  await world.admit(alice, bob);
  await world.store.put(`${live(bob).view.current.epoch}/listings/7-${"0".repeat(32)}.age`, new Uint8Array(3000));
  await put(live(bob), { "one.txt": "1" });
  expect((await listings()).some((key) => key.includes("/listings/8-"))).toBe(true);
});
