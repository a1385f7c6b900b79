import { encodeBase64 } from "../../packages/core/src/encoding/strict.ts";
import { invitationKey } from "../../packages/core/src/group/invitation.ts";
import type { Act, Entry } from "../../packages/core/src/records/entry.ts";
import { recordPlan } from "./record-plan.ts";
import { addOf, digestOf, foundBy, inside, removeOf, TIME, type World } from "./world.ts";
import type { Plan } from "./write.ts";

export function foundPlan(world: World): Plan {
  const { alice, writer, hybrid } = world;
  const late = { ...world.found, settled: false, lagSeconds: 86_400, time: 0 };
  return recordPlan(world, {
    file: "found",
    description: "First entries of groups (SPEC.md §6): one record, its signature by the device that it names.",
    reads: [
      ["of a classic group", world.found],
      ["of a hybrid group", foundBy(alice, { writer, recipient: hybrid.recipient, suite: "hybrid" })],
      ["with a lag, at the beginning of time", late],
    ],
    own: [
      ["a suite that nobody knows", '"suite":"classic"', '"suite":"quantum"'],
      ["settled as a number", '"settled":true', '"settled":1'],
      ["a lag over a year and a day", '"lagSeconds":null', '"lagSeconds":31622401'],
      ["a recipient in upper case", /(?<="recipient":")age1/, "AGE1"],
      ["a signature of the card with spare bits", /(?<="signature":"[^"]*)[A-Za-z0-9+/](?===")/, "B"],
      ["number 0", '"number":1', '"number":0'],
    ],
    long: true,
  });
}

export function entryPlan(world: World): Plan {
  const { alice, bob, group, writer, second, furtherDevice, newKit } = world;
  const place = { group, device: alice.key, writer, number: 4, previous: world.log[2]?.digest ?? null };
  const cut = [[world.bobsWriter, digestOf("Bob's newest change")]] as const;
  const of = (act: Act): Entry => ({
    ...{ type: "conclave/v1/entry", ...place, parent: world.log[2]?.digest ?? group, act, time: TIME },
  });
  const rotate: Act = { act: "rotate", cut: [], recipient: second.recipient, contents: "now" };
  const owed = digestOf("an entry on a lost branch");
  const epoch = { cut: [], recipient: second.recipient, contents: "now" } as const;
  const device = inside({ signed: furtherDevice });
  const kit = inside({ signed: newKit });
  const devices = [bob.key, alice.key].sort();
  const removed: Act = { act: "remove-device", devices, ...epoch, owed: null };
  const recover = {
    act: "recover",
    ...{ device: device.card, deviceSignature: device.signature, kit: kit.card, kitSignature: kit.signature },
    ...epoch,
  } as const;
  const { invitation } = invitationKey(new Uint8Array(16));
  const terms = { role: "editor", account: null, until: null, expires: TIME } as const;
  const invite: Act = { act: "invite", invitation, name: "Dave", ...terms };
  const proof = encodeBase64(new Uint8Array(64));
  const admit: Act = { act: "admit", ...inside(bob), invitation, proof };
  return recordPlan(world, {
    file: "entry",
    description:
      "Entries of the log with each act (SPEC.md §6). Whether the author had the right to it is not asked here.",
    reads: [
      ["role, with a cut", of({ act: "role", member: bob.signed.digest, role: "viewer", cut })],
      ["add", of(addOf(bob))],
      [
        "add with an account",
        of({ act: "add", ...inside(bob), role: "admin", account: "bob\u2028@example.org", until: TIME }),
      ],
      ["invite", of(invite)],
      ["invite with an account, for a guest", of({ ...invite, account: "dave@example.org", until: TIME } as Act)],
      ["withdraw", of({ act: "withdraw", invitation, cards: [] })],
      ["withdraw what two used at once", of({ act: "withdraw", invitation, cards: [owed, group] })],
      ["admit", of(admit)],
      ["until a day", of({ act: "until", member: owed, until: TIME })],
      ["until nothing", of({ act: "until", member: owed, until: null })],
      ["remove", of(removeOf(bob, second))],
      [
        "remove with a cut, signing a lost one again",
        of({ ...removeOf(bob, second), cut, contents: "background", owed } as Act),
      ],
      ["remove with a cut of 256 writers", of({ ...removeOf(bob, second), cut: Array(256).fill(cut[0]) } as Act)],
      ["leave", of({ act: "leave" })],
      ["rotate", of(rotate)],
      ["rotate with contents on change", of({ ...rotate, contents: "on-change" })],
      ["admit-device", of({ act: "admit-device", device: device.card, signature: device.signature })],
      ["remove-device of two", of(removed)],
      ["kit", of({ act: "kit", kit: kit.card, signature: kit.signature, ...epoch })],
      ["recover", of(recover)],
    ],
    own: [
      ["an act that nobody knows", '"act":"role"', '"act":"rule"', "unsupported"],
      ["an act named like a property of every object", '"act":"role"', '"act":"toString"', "unsupported"],
      ["no act", /"act":\{.*?\]\},/, '"act":{},'],
      ["an act as null", /"act":\{.*?\]\},/, '"act":null,'],
      ["a role that nobody knows", '"role":"viewer"', '"role":"king"'],
      ["a cut as an object", /"cut":\[\[("[0-9a-f]+"),("[0-9a-f]+")\]\]/, '"cut":{"a":"b"}'],
      ["a cut with three in a pair", '"]]', '","0"]]'],
      ["a key of another act", '"cut":', '"account":null,"cut":'],
      ["no parent", /(?<="parent":)"[0-9a-f]{64}"/, "null"],
    ],
    refused: [
      ["add without an end", of({ act: "add", ...inside(bob), role: "editor", account: null } as never)],
      ["add with an end before all times", of({ ...addOf(bob), until: -1 } as never)],
      ["invite for ever", of({ ...invite, expires: null } as never)],
      ["invite with a secret", of({ ...invite, secret: "00".repeat(16) } as never)],
      ["invite without a name", of({ ...invite, name: "" } as never)],
      ["invite with half a key", of({ ...invite, invitation: invitation.slice(32) } as never)],
      ["invite as a king", of({ ...invite, role: "king" } as never)],
      ["withdraw without cards", of({ act: "withdraw", invitation } as never)],
      ["withdraw with seventeen cards", of({ act: "withdraw", invitation, cards: Array(17).fill(owed) })],
      ["withdraw by a name", of({ act: "withdraw", invitation: "Dave", cards: [] } as never)],
      ["admit with a role", of({ ...admit, role: "owner" } as never)],
      ["admit without a proof", of({ act: "admit", ...inside(bob), invitation } as never)],
      ["admit with half a proof", of({ ...admit, proof: "AAAA" } as never)],
      ["admit without a signature of the card", of({ act: "admit", card: "{}", invitation, proof } as never)],
      ["until a text", of({ act: "until", member: owed, until: "2026-01-01" } as never)],
      ["until of a fraction", of({ act: "until", member: owed, until: 0.5 } as never)],
      ["until without a time", of({ act: "until", member: owed } as never)],
      ["until of everybody", of({ act: "until", member: null, until: TIME } as never)],
      ["until a time before all times", of({ act: "until", member: owed, until: -1 } as never)],
      ["leave with a key more", of({ act: "leave", cut: [] } as Act)],
      [
        "remove without owed",
        of({ act: "remove", member: owed, cut, recipient: second.recipient, contents: "now" } as never),
      ],
      ["rotate with a mode that nobody knows", of({ ...rotate, contents: "later" } as never)],
      ["remove-device of one that is no list", of({ ...removed, devices: bob.key } as never)],
      ["remove-device with a device of 31 bytes", of({ ...removed, devices: [bob.key.slice(2)] } as never)],
      ["rotate with a cut of 257 writers", of({ ...rotate, cut: Array(257).fill(cut[0]) } as never)],
      [
        "remove-device of 257 devices",
        of({ ...removed, devices: Array.from({ length: 257 }, () => bob.key) } as never),
      ],
      ["admit-device with a recipient", of({ act: "admit-device", device: device.card, ...epoch } as never)],
      ["kit without a recipient", of({ act: "kit", kit: kit.card, signature: kit.signature, cut: [] } as never)],
      ["recover with one signature", of({ ...recover, kitSignature: "" } as never)],
      ["recover with its kit before its device", of(turnedCards(recover) as never)],
      ["add as an owner in capitals", of({ ...addOf(bob), role: "Owner" } as never)],
    ],
  });
}

/** The same keys, the kit's before the device's. */
function turnedCards({ act, device, deviceSignature, kit, kitSignature, ...rest }: Extract<Act, { act: "recover" }>) {
  return { act, kit, kitSignature, device, deviceSignature, ...rest };
}
