/** Writes all golden vectors anew: `npm run vectors`. The same run gives the same bytes; SPEC.md says what they mean. */
import { cardPlan } from "./vectors/card.ts";
import { changePlan } from "./vectors/change.ts";
import { codePlan } from "./vectors/code.ts";
import { contentsPlans } from "./vectors/contents.ts";
import { deletionPlan } from "./vectors/deletion.ts";
import { derivedPlans } from "./vectors/derived.ts";
import { deviceCardPlan } from "./vectors/device-card.ts";
import { grantPlan } from "./vectors/grant.ts";
import { fingerprintPlan, identityFilePlan, invitationCodePlan, kitPlan, recipientPlan } from "./vectors/home.ts";
import { listingPlan } from "./vectors/listing.ts";
import { entryPlan, foundPlan } from "./vectors/log-records.ts";
import { noticePlan } from "./vectors/notice.ts";
import { locationPlan, receiptPlan } from "./vectors/placing.ts";
import { recordsFilePlan } from "./vectors/records-file.ts";
import { requestPlan } from "./vectors/request.ts";
import { seedPlatform } from "./vectors/seeded.ts";
import { addressPlan, conclaveJsonPlan, keyPlan, recipientFilePlan } from "./vectors/storage.ts";
import { makeWorld } from "./vectors/world.ts";
import { writePlans } from "./vectors/write.ts";

seedPlatform();
const world = await makeWorld();
const records = [foundPlan, entryPlan, changePlan, locationPlan, receiptPlan, cardPlan, deviceCardPlan, listingPlan];
const sealed = [recordsFilePlan, grantPlan, noticePlan, requestPlan];
const open = [keyPlan, recipientFilePlan, recipientPlan, conclaveJsonPlan, addressPlan, codePlan];
const home = [invitationCodePlan, kitPlan, identityFilePlan, fingerprintPlan];
const plans = [...records, ...sealed, ...open, ...home].map((plan) => plan(world));
await writePlans([...plans, ...contentsPlans(world), ...derivedPlans(world), deletionPlan(world)]);
