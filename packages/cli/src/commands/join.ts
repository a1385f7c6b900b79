import {
  type Address,
  addressRecipient,
  askToJoin,
  ConclaveError,
  catchUp,
  fingerprint,
  parseAddress,
  type Session,
} from "@conclave/core";
import { joinKnownGroup, type KnownGroup, listGroups, openGroupStore } from "@conclave/node";
import { parseStoreAddress } from "@conclave/stores";
import { Advice, advising } from "../advice.ts";
import { defineCommand } from "../command.ts";
import type { Context } from "../context.ts";
import { ownCard, type Person, withPerson } from "../person.ts";
import { isGroupName, parseGroupName } from "../place.ts";
import { withKnownGroup } from "../with-group.ts";

const WRONG_PLACE_HINT =
  "check that the folder is the right one and its sync client is done; --store FOLDER says where this machine reaches it";

export const join = defineCommand({
  examples: ["conclave join conclave:v1/...", "conclave join conclave:v1/... --as family --store ~/Dropbox/family"],
  args: ["address"],
  options: {
    as: { value: "GROUP", summary: "the group's name on this machine" },
    store: { value: "STORE", summary: "where this machine reaches the same storage" },
  },
  notes: "On a group that you have, it confirms that the storage shows all that the address knows of.",

  async run(context, { address: text, as, store }) {
    const address = parseAddress(text);
    const name = as === undefined ? undefined : parseGroupName(as);
    return withPerson(context, async (person) => {
      const groups = await listGroups(person.home);
      const known = groups.find(({ id }) => id === address.group);
      if (known) return confirm(context, { person, known, address });
      if (name !== undefined && groups.some((group) => group.name === name)) {
        throw new ConclaveError(`there is a group called ${name} already`, { code: "exists" });
      }
      const url = parseStoreAddress(store ?? address.store, { folder: context.cwd });
      return enter(context, { person, address, url, name: name ?? defaultName(url, groups) });
    });
  },
});

/** A group that one has: what the storage shows must reach as far as the address. */
async function confirm(
  context: Context,
  options: { readonly person: Person; readonly known: KnownGroup; readonly address: Address },
): Promise<number | undefined> {
  const { person, known, address } = options;
  return withKnownGroup(context, {
    person,
    group: known,
    work: async ({ session }) => {
      requireEntry(session, address);
      show(context, { group: known, session, verb: "confirmed" });
      return undefined;
    },
  });
}

function requireEntry(session: Session, address: Address): void {
  if (session.view.log.nodes.has(address.entry)) return;
  throw new Advice(
    new ConclaveError("the storage does not show the entry that the address names as its newest", { code: "rollback" }), // check: rollback
    "the storage is behind or was put back; wait for its sync client, or ask whoever gave you the address",
  );
}

async function enter(
  context: Context,
  options: { readonly person: Person; readonly address: Address; readonly url: string; readonly name: string },
): Promise<number | undefined> {
  const { person, address, url, name } = options;
  const { signal } = context;
  const store = await openGroupStore(url, { settled: false });
  const group = await advising({ "not-found": WRONG_PLACE_HINT }, () =>
    joinKnownGroup(person, { name, url, store, address, signal }),
  );
  if (!group) return ask(context, { person, address, url });
  return withKnownGroup(context, {
    person,
    group,
    refresh: catchUp,
    work: async ({ session }) => {
      requireEntry(session, address);
      show(context, { group, session, verb: "joined" });
      return undefined;
    },
  });
}

/** Leaves a request. The error is the answer: this person is no member yet. */
async function ask(
  context: Context,
  options: { readonly person: Person; readonly address: Address; readonly url: string },
): Promise<never> {
  const { person, address, url } = options;
  const { signal } = context;
  const store = await openGroupStore(url, { settled: false });
  const card = await ownCard(person);
  const recipient = await addressRecipient(store, address);
  const isNew = await askToJoin({ crypto: person.crypto, store }, { group: address.group, recipient, card, signal });
  const what = isNew ? "a join request was left" : "your join request lies there already";
  throw new Advice(
    new ConclaveError(`you are not a member of this group yet; ${what}`, { code: "waiting" }),
    `tell whoever gave you this address your fingerprint, by voice for instance: ${fingerprint(card.member)} ` +
      "(they run conclave requests and conclave add); then run the same command again",
  );
}

function show(
  context: Context,
  options: { readonly group: KnownGroup; readonly session: Session; readonly verb: string },
): void {
  const { group, session, verb } = options;
  const { me, current, state } = session.view;
  context.out.result(
    { name: group.name, id: group.id, store: group.store, role: me?.role, epoch: current.epoch },
    ({ line }) => line(`${verb} ${group.name} as ${me?.role}: ${state.members.length} members`),
  );
}

/** The last name of the storage's path, made valid and free. */
function defaultName(url: string, groups: readonly KnownGroup[]): string {
  const last = decodeURIComponent(new URL(url).pathname.split("/").findLast((part) => part !== "") ?? "");
  const cleaned = last
    .normalize("NFC")
    .replace(/[^\p{L}\p{M}\p{N}._-]+/gu, "-")
    .replace(/^[^\p{L}\p{N}]+/u, "")
    .slice(0, 48);
  const base = isGroupName(cleaned) ? cleaned : "group";
  const taken = new Set(groups.map(({ name }) => name));
  let name = base;
  for (let number = 2; taken.has(name); number++) name = `${base}-${number}`;
  return name;
}
