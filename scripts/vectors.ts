/** Writes all golden vectors anew: `npm run vectors`. The same run gives the same bytes; SPEC.md says what they mean. */
import { contentsPlans } from "./vectors/contents.ts";
import { plainPlans } from "./vectors/plain.ts";
import { cardPlan, listingPlan, recordPlans } from "./vectors/records.ts";
import { grantPlan, noticePlan, recordsFilePlan, requestPlan } from "./vectors/sealed.ts";
import { seedPlatform } from "./vectors/seeded.ts";
import { makeWorld } from "./vectors/world.ts";
import { writePlans } from "./vectors/write.ts";

seedPlatform();
const world = await makeWorld();
await writePlans([
  ...[...recordPlans(world), cardPlan(world), listingPlan(world), recordsFilePlan(world), grantPlan(world)],
  ...[noticePlan(world), requestPlan(world), ...contentsPlans(world), ...plainPlans(world)],
]);
