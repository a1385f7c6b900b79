/** Class H1 of Hofmann and Truong: keys of users that lie on the storage, for a server to exchange. None of Conclave's do. */
import { catchUp, makeDeviceCard, recover, reencrypt, replaceKit } from "@conclave/core";
import { memoryStore, recording } from "@conclave/stores/testing";
import { expect, it } from "vitest";
import { groupOf, removeBy } from "../support/attacked.ts";
import { hexOf } from "../support/forge.ts";
import { keyRing, tryOpen } from "../support/key-ring.ts";
import { openWorld } from "../support/open-world.ts";
import { budget, type DeviceKeys, live, put } from "../support/world.ts";

/** A device's and a kit's secrets, in every form in which a file could hold them. */
function secretsOf({ secrets, kit }: DeviceKeys): string[] {
  return [secrets, kit].flatMap(({ classicIdentity, hybridIdentity, signingKey }) => [
    classicIdentity,
    hybridIdentity,
    hexOf(signingKey),
    Buffer.from(signingKey).toString("latin1"),
    Buffer.from(signingKey).toString("base64").replace(/=+$/, ""),
  ]);
}

it("no private key of a device or a kit lies in anything that is ever stored, as a member opens it", async () => {
  const recorder = recording(memoryStore());
  const world = openWorld({ store: recorder.store });
  const [alice, bob] = await groupOf(world, ["bob", "carol"]);
  const phone = await world.further(alice);
  await world.admitFurther(alice, phone);
  await catchUp(live(bob));
  await put(live(bob), { note: "x" });
  const renewed = await world.device("a new kit");
  const member = live(bob).view.me?.id ?? "";
  const kit = await makeDeviceCard(world.crypto, { keys: renewed.kit, member, kind: "kit", time: 1 });
  await replaceKit(live(bob), { kit, contents: "now" });
  const back = await world.device("back");
  const seen = await world.withKit(
    Object.assign(await world.further(bob), { kit: renewed.kit }),
    world.address(live(bob)),
  );
  await recover(seen, { device: back.secrets, kit: back.kit });
  await catchUp(live(alice));
  await removeBy(alice, "carol", "now");
  await reencrypt(live(alice), { budget: budget() });

  const ring = keyRing(alice, world.crypto);
  const secrets = [alice, bob, phone, renewed, back].flatMap(secretsOf);
  let opened = 0;
  for (const { key, bytes } of recorder.everStored) {
    const plaintext = key.endsWith(".age") ? await tryOpen(ring, bytes) : bytes;
    if (!plaintext) continue;
    opened += 1;
    const text = Buffer.from(plaintext).toString("latin1");
    expect([key, secrets.filter((secret) => text.includes(secret))]).toEqual([key, []]);
  }
  expect(opened).toBeGreaterThan(20);
  expect(opened / recorder.everStored.length).toBeGreaterThan(0.8);
});
