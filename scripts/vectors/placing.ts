import type { Location } from "../../packages/core/src/records/location.ts";
import type { Receipt } from "../../packages/core/src/records/receipt.ts";
import { blobOf } from "./blobs.ts";
import { recordPlan } from "./record-plan.ts";
import { digestOf, TIME, type World } from "./world.ts";
import type { Plan } from "./write.ts";

export function locationPlan(world: World): Plan {
  const { alice, group, second } = world;
  const location: Location = {
    ...{ type: "conclave/v1/location", group, device: alice.key, head: world.log[2]?.digest ?? group },
    ...{ epoch: second.epoch, blob: blobOf("a small file").blob, object: digestOf("object").slice(0, 32) },
    ...{ length: 2776, time: TIME },
  };
  return recordPlan(world, {
    file: "location",
    description: "Locations (SPEC.md §9).",
    reads: [
      ["in the second epoch", location],
      ["of the longest object that is stored", { ...location, length: 34 * 1024 * 1024 } as Location],
    ],
    own: [
      ["no length", /"length":2776/, '"length":0'],
      ["a length over what is stored", /"length":2776/, '"length":35651585'],
      ["a length in exponents", /"length":2776/, '"length":2776e0'],
      ["an object of 32 bytes", /(?<="object":")/, "00".repeat(16)],
      ["an object in upper case", /(?<="object":")../, "AB"],
      ["an epoch as null", /(?<="epoch":)"[0-9a-f]{64}"/, "null"],
      ["a number", '"head":', '"number":1,"head":'],
    ],
  });
}

export function receiptPlan(world: World): Plan {
  const { alice, group, second, writer } = world;
  const receipt: Receipt = {
    ...{
      type: "conclave/v1/receipt",
      group,
      device: alice.key,
      writer,
      number: 5,
      previous: digestOf("the one before"),
    },
    ...{ head: world.log[2]?.digest ?? group, epoch: second.epoch, reencrypted: { objects: 12, bytes: 34_567 } },
    ...{ remaining: { objects: 0, bytes: 0 }, unclaimed: 1, kept: [digestOf("kept").slice(0, 32)], time: TIME },
  };
  return recordPlan(world, {
    file: "receipt",
    description: "Receipts of re-encryptions (SPEC.md §10).",
    reads: [
      ["with an object that the provider keeps", receipt],
      [
        "of nothing, as a writer's first record",
        { ...receipt, number: 1, previous: null, kept: [], unclaimed: 0 } as Receipt,
      ],
      ["of 2^53 - 1 bytes", { ...receipt, reencrypted: { objects: 1, bytes: Number.MAX_SAFE_INTEGER } } as Receipt],
    ],
    own: [
      ["bytes before objects", '{"objects":12,"bytes":34567}', '{"bytes":34567,"objects":12}'],
      ["a number in exponents", '"bytes":34567', '"bytes":34567e0'],
      ["a number with a fraction", '"unclaimed":1', '"unclaimed":1.0'],
      ["objects below zero", '"objects":12', '"objects":-12'],
      ["kept as an object", /"kept":\["/, '"kept":{"0":"'],
      ["a kept object of 8 bytes", /(?<="kept":\[")[0-9a-f]{16}/, ""],
      ["no epoch", /(?<="epoch":)"[0-9a-f]{64}"/, "null"],
    ],
  });
}
