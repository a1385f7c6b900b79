import {
  ConclaveError,
  catchUp,
  flushOutbox,
  formatAddress,
  isFoundingUnfinished,
  isNothingPut,
  type Session,
} from "@conclave/core";
import {
  forgetGroup,
  foundKnownGroup,
  isDrive,
  type KnownGroup,
  listGroups,
  openGroup,
  openGroupStore,
  resolvePlace,
  type StorePlace,
} from "@conclave/node";
import { parseStoreAddress } from "@conclave/stores";
import { advising } from "../advice.ts";
import { defineCommand } from "../command.ts";
import type { Context } from "../context.ts";
import { ownCard, type Person, withPerson } from "../identity/person.ts";
import { parseGroupName } from "../parsing/place.ts";

const HINTS = {
  exists: 'choose an empty folder, or open the group that lies there with "conclave join ADDRESS"',
  unavailable: "check that the storage is connected; the folder that is to hold the new one must be there",
};

export const create = defineCommand({
  examples: [
    "conclave create family ~/Dropbox/family",
    "conclave create work /mnt/nas/work --settled",
    "conclave create club gdrive:club --account anna@example.org",
  ],
  args: ["group", "store"],
  options: {
    account: { value: "EMAIL", summary: "the cloud account to make the folder in, if there are several here" },
    classic: { summary: "X25519 keys, which every age opens, instead of post-quantum ones" },
    settled: { summary: "this folder is the storage itself (a disk, a NAS): no sync client carries it on" },
  },
  notes: [
    "The folder is made if the one that holds it is there; it must be empty. gdrive:NAME is a folder in My Drive, gdrive:id=ID",
    "any folder of Google Drive; conclave login gdrive comes first.",
  ].join("\n"),

  async run(context, { group: text, store, account, classic, settled }) {
    const name = parseGroupName(text);
    const url = parseStoreAddress(store, { folder: context.cwd });
    await withPerson(context, async (person) => {
      const wanted = { store: url, account };
      const place = await resolvePlace(person, wanted, { create: true, signal: context.signal });
      const group =
        (await unfinished(person, { name, place })) ?? (await found({ classic, settled, name, place, person }));
      const session = await finish(context, { person, group });
      const address = formatAddress({
        group: session.group,
        entry: session.view.state.head,
        epoch: session.view.current.epoch,
        store: place.store,
      });
      context.out.result(
        { name, id: session.group, store: place.store, epoch: session.view.current.epoch, address },
        ({ line }) => {
          line(`created ${name}`);
          line(`id       ${session.group}`);
          if (place.account !== undefined) line(`folder   ${place.store}, in the Drive of ${place.account}`);
          line(`address  ${address}`);
        },
      );
    });
    context.note(`next: conclave upload FILE... ${name}: puts files in, conclave invite ${name} NAME lets somebody in`);
    if (!settled && !isDrive(url)) {
      context.note(
        "if this folder is the storage itself and no sync client carries it on, say so with --settled: then old objects go at once",
      );
    }
  },
});

/** A group of that name at that place whose founding was broken off: it is finished, not founded again. */
async function unfinished(
  person: Person,
  wanted: { readonly name: string; readonly place: StorePlace },
): Promise<KnownGroup | undefined> {
  const known = (await listGroups(person.home)).find(({ name }) => name === wanted.name);
  if (!known) return undefined;
  const taken = new ConclaveError(`there is a group called ${wanted.name} already`, { code: "exists" });
  if (known.store !== wanted.place.store) throw taken;
  const opened = await openGroup(person, { group: known, acceptRollback: false });
  try {
    if (!isFoundingUnfinished(opened.session)) throw taken;
    return known;
  } finally {
    opened.close();
  }
}

async function found(options: {
  readonly name: string;
  readonly place: StorePlace;
  readonly classic: boolean;
  readonly settled: boolean;
  readonly person: Person;
}): Promise<KnownGroup> {
  const { name, place, classic, settled, person } = options;
  return advising(HINTS, async () => {
    using store = await openGroupStore(person, place, { settled, create: true });
    const suite = classic ? "classic" : "hybrid";
    // Awaited here: the store is closed on the way out.
    return await foundKnownGroup(person, { name, place, store, card: await ownCard(person), suite, settled });
  });
}

/** Puts the first files. If the storage takes none of them, the group is nowhere but here, and is taken back. */
async function finish(
  { signal }: Context,
  { person, group }: { readonly person: Person; readonly group: KnownGroup },
): Promise<Session> {
  const opened = await openGroup(person, { group, acceptRollback: false });
  let isVoid = false;
  try {
    await flushOutbox(opened.session, { signal }).catch((error: unknown) => {
      isVoid = isNothingPut(opened.session);
      throw error;
    });
    await catchUp(opened.session, { signal });
    return opened.session;
  } finally {
    opened.close();
    if (isVoid) await forgetGroup(person.home, group);
  }
}
