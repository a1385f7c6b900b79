import {
  type Address,
  addressRecipient,
  askToJoin,
  ConclaveError,
  catchUp,
  confirmBy,
  excuseHidden,
  fingerprint,
  hasNewerEpoch,
  type ObjectStore,
  type Session,
} from "@conclave/core";
import {
  identityState,
  isDrive,
  joinKnownGroup,
  type KnownGroup,
  listGroups,
  openGroupStore,
  resolvePlace,
  type StorePlace,
} from "@conclave/node";
import { parseStoreAddress } from "@conclave/stores";
import { Advice, advising } from "../advice.ts";
import { defineCommand } from "../command.ts";
import type { Context } from "../context.ts";
import { advisingOnDrive } from "../drive-advice.ts";
import { homeOf, ownCard, type Person, withPerson } from "../identity/person.ts";
import { parseTicket, requireFresh, type Ticket } from "../identity/ticket.ts";
import { defaultGroupName } from "../parsing/group-name.ts";
import { parseGroupName } from "../parsing/place.ts";
import { counted, isoTime } from "../terminal/units.ts";
import { withKnownGroup } from "../with-group.ts";

const WRONG_PLACE_HINT =
  "check that the folder is the right one and its sync client is done; --store FOLDER says where this machine reaches it; if " +
  "the group was deleted there, only whoever gave you this can say so";

const GO_ON = "then run the same join again: it goes on from there";

export const join = defineCommand({
  examples: [
    "conclave join conclave-invite1...",
    "conclave join conclave:v1/...",
    "conclave join conclave:v1/... --as family --store ~/Dropbox/family",
  ],
  args: ["address"],
  options: {
    as: { value: "GROUP", summary: "the group's name on this machine" },
    store: { value: "STORE", summary: "where this machine reaches the same storage" },
    account: { value: "EMAIL", summary: "the cloud account to reach it with, if there are several here" },
  },
  notes: [
    "ADDRESS is a group's address, or the code of an invitation. With a code nothing has to be compared: the next command of",
    "any admin, or their conclave serve, lets you in; run the same join again then. On a group that you have, it confirms that",
    "the storage shows all that the address knows of.",
  ].join("\n"),

  async run(context, { address: text, as, store, account }) {
    const ticket = parseTicket(text);
    const { address } = ticket;
    await requireIdentity(context);
    const name = as === undefined ? undefined : parseGroupName(as);
    return withPerson(context, async (person) => {
      const groups = await listGroups(person.home);
      const known = groups.find(({ id }) => id === address.group);
      if (known) return confirm(context, { person, known, address });
      if (name !== undefined && groups.some((group) => group.name === name)) {
        throw new ConclaveError(`there is a group called ${name} already`, { code: "exists" });
      }
      const url = parseStoreAddress(store ?? address.store, { folder: context.cwd });
      const place = await resolvePlace(person, { store: url, account }, { create: false, signal: context.signal });
      return enter(context, { person, ticket, place, name: name ?? defaultGroupName(place.store, groups) });
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
    isConfirming: true,
    work: async ({ session }) => {
      requireEntry(session, address);
      show(context, { group: known, session, verb: "confirmed" });
      return undefined;
    },
  });
}

function requireEntry(session: Session, address: Address): void {
  if (session.view.log.nodes.has(address.entry)) {
    confirmBy(session, address.entry);
    excuseHidden(session, address.entry);
    return;
  }
  throw new Advice(
    new ConclaveError("the storage does not show the entry that the address names as its newest", { code: "rollback" }), // check: rollback
    "the storage is behind or was put back; wait for its sync client, or ask whoever gave you the address",
  );
}

async function enter(
  context: Context,
  options: { readonly person: Person; readonly ticket: Ticket; readonly place: StorePlace; readonly name: string },
): Promise<number | undefined> {
  const { person, ticket, place, name } = options;
  const { address } = ticket;
  const { signal } = context;
  const newcomer = ticket.invitation ? "invited" : "asking";
  const group = await atPlace(place, newcomer, async () => {
    using store = await openGroupStore(person, place, { settled: false });
    return await joinKnownGroup(person, { name, place, store, address, signal });
  });
  if (!group) return ask(context, { person, ticket, place });
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

function atPlace<Result>(
  { store, account }: StorePlace,
  newcomer: "asking" | "invited",
  work: () => Promise<Result>,
): Promise<Result> {
  return isDrive(store)
    ? advisingOnDrive({ account, newcomer }, work)
    : advising({ "not-found": WRONG_PLACE_HINT }, work);
}

/** Leaves a request. The error is the answer: this person is no member yet. */
async function ask(
  context: Context,
  options: { readonly person: Person; readonly ticket: Ticket; readonly place: StorePlace },
): Promise<never> {
  const { person, ticket, place } = options;
  const { address, invitation } = ticket;
  const { signal } = context;
  requireFresh(context, ticket);
  using store = await openGroupStore(person, place, { settled: false });
  const card = await ownCard(person);
  const recipient = await addressRecipient(store, address);
  const secret = invitation ? { secret: invitation.secret } : {};
  const asking = { group: address.group, recipient, card, signal, ...secret };
  const before = await askToJoin({ crypto: person.crypto, store }, asking);
  if (invitation) throw await invitedAdvice({ store, address, before, expires: invitation.expires });
  const what = before ? "your join request lies there already" : "a join request was left";
  throw new Advice(
    new ConclaveError(`you are not a member of this group yet; ${what}`, { code: "waiting" }),
    `tell whoever gave you this address your fingerprint, by voice for instance: ${fingerprint(card.member)} ` +
      "(they run conclave requests and conclave add); then run the same command again",
  );
}

/** What somebody who was invited waits for, and what to do if it takes long. */
async function invitedAdvice(options: {
  readonly store: ObjectStore;
  readonly address: Address;
  /** When an earlier request was put; undefined if one was put now. */
  readonly before: Date | undefined;
  readonly expires: number;
}): Promise<Advice> {
  const { store, address, before, expires } = options;
  if (await hasNewerEpoch(store, address)) {
    const error = new ConclaveError(
      "as the storage shows it, this group's key has changed since the invitation was made, which ends invitations",
      {
        code: "waiting",
      },
    );
    return new Advice(
      error,
      `ask whoever invited you for a new code, and join with that; if they have let you in, ${GO_ON}`,
    );
  }
  const what = before
    ? `your request of ${isoTime(before.getTime())}, as the storage says, lies there and was not answered`
    : `your request was left there; the code is good until ${isoTime(expires)}`;
  const who = "whoever invited you, or another admin,";
  const where = "any command on the group (conclave status, for instance), or conclave serve does it by itself";
  return new Advice(
    new ConclaveError(`you are invited, and not let in yet: ${what}`, { code: "waiting" }),
    before
      ? `if ${who} has looked since, this code lets nobody in any more, as it was used or withdrawn: ask for a new one ` +
          `(conclave requests shows them why); if not, they run ${where}; ${GO_ON}`
      : `${who} now runs ${where}; ${GO_ON}`,
  );
}

/** Somebody who was sent a code may have nothing yet: they are told the whole way, once. */
async function requireIdentity(context: Context): Promise<void> {
  const home = homeOf(context);
  if ((await identityState(home)) !== "absent") return;
  throw new Advice(
    new ConclaveError(`there is no identity in ${home.folder} yet`, { code: "not-found" }),
    `make yours first: conclave init --name "YOUR NAME"; ${GO_ON}`,
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
    ({ line }) => line(`${verb} ${group.name} as ${me?.role}: ${counted(state.members.length, "member")}`),
  );
  if (verb === "joined") context.note(`next: conclave ls ${group.name}:`);
}
