import { open } from "node:fs/promises";
import { resolve } from "node:path";
import {
  addMember,
  CARD_BYTES_MAX,
  ConclaveError,
  decodeCardFile,
  findRequest,
  fingerprint,
  isSameAccount,
  listRequests,
  type Member,
  type Role,
  reencrypt,
  requireFreeAccount,
  rotate,
  type Session,
  type SignedCard,
} from "@conclave/core";
import { advising } from "../advice.ts";
import { processBudget } from "../budget.ts";
import { defineCommand } from "../command.ts";
import type { Context } from "../context.ts";
import { type GrantedAccess, letIn } from "../folder-access.ts";
import { compareFingerprint } from "../identity/compare-fingerprint.ts";
import { parseEnd } from "../terminal/duration.ts";
import { withGroup } from "../with-group.ts";

const CARD_HINTS = {
  corrupt: "have the card sent again, whole and unaltered",
  "not-found": 'there is no file of that name either; "conclave requests GROUP" shows who has asked',
  exists: "whoever was in a group with a key cannot come in again with the same one; they need a new profile and card",
};

export const add = defineCommand({
  examples: ["conclave add family bob.card", 'conclave add family Bob --role viewer --fingerprint "3f2a 91bc ..."'],
  args: ["group", "who"],
  options: {
    role: { choices: ["viewer", "editor", "admin", "owner"], default: "editor", summary: "what they may do" },
    fingerprint: { value: "FINGERPRINT", summary: "theirs, as you learned it by a way that you trust" },
    account: { value: "EMAIL", summary: "their account at the provider, to share its folder with" },
    until: { value: "DATE", summary: "when their stay ends, as a guest's: they are removed then" },
    fresh: { summary: "change the key and re-encrypt first, so that they cannot open what was deleted before" },
  },
  notes: "WHO is the file of a card, or a join request: its id, fingerprint or name, as conclave requests shows them.",

  async run(context, { group: name, who, role, fingerprint: given, account, until: end, fresh }) {
    const until = end === undefined ? undefined : parseEnd(end, { flag: "--until", now: context.clock.now() });
    const file = await readCardBytes(context, who);
    return withGroup(context, name, async ({ session, person }) => {
      const { signal } = context;
      const card = await advising(CARD_HINTS, async () =>
        file ? decodeCardFile(person.crypto, file) : requestedCard(session, { who, signal }),
      );
      const member = session.view.state.members.find(({ id }) => id === card.member);
      const isThere = member?.role === role;
      const folderAccess = isThere
        ? await alreadyThere(context, { session, member, account })
        : await admit(context, { session, card, given, fresh, role, account, until });
      // Clears the request that was answered.
      await listRequests(session, { signal });
      const shown = fingerprint(card.member);
      context.out.result(
        { name: card.card.name, fingerprint: shown, role, epoch: session.view.current.epoch, folderAccess },
        ({ line }) => line(isThere ? `${card.card.name} is ${role} already` : `added ${card.card.name} as ${role}`),
      );
      return undefined;
    });
  },
});

async function admit(
  context: Context,
  options: {
    readonly session: Session;
    readonly card: SignedCard;
    readonly given: string | undefined;
    readonly fresh: boolean;
    readonly role: Role;
    readonly account: string | undefined;
    readonly until: number | undefined;
  },
): Promise<GrantedAccess> {
  const { session, card, given, fresh, role, account, until } = options;
  const { signal } = context;
  if (account !== undefined) await requireFreeAccount(session, { account, member: card.member, signal });
  await compareFingerprint(context, { card, given });
  if (fresh) await startAfresh(context, session);
  const asked = { ...(account === undefined ? {} : { account }), ...(until === undefined ? {} : { until }) };
  await advising(CARD_HINTS, () => addMember(session, { card, role, signal, ...asked }));
  return letIn(context, { session, account });
}

/** The account stands in the entry that admitted somebody: it is not changed by admitting them again. */
async function alreadyThere(
  context: Context,
  options: { readonly session: Session; readonly member: Member; readonly account: string | undefined },
): Promise<GrantedAccess> {
  const { session, member, account } = options;
  if (account !== undefined && !(member.account !== null && isSameAccount(member.account, account))) {
    context.warn(
      `${member.name} is in already, and ${account} is not recorded: if you share the folder with it at the provider, withdraw ` +
        "it there too when they go; so that it follows the group, remove them and add the same card with --account",
    );
  }
  return letIn(context, { session, account: member.account ?? undefined });
}

/** The file's bytes; undefined if there is no such file, so that a request is meant. */
async function readCardBytes(context: Context, who: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
  try {
    await using file = await open(resolve(context.cwd, who), "r");
    const { size } = await file.stat();
    if (size > CARD_BYTES_MAX) throw new ConclaveError(`${who} is too large for a card`, { code: "limit" }); // check: size
    return new Uint8Array(await file.readFile());
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === "ENOENT" || code === "ENOTDIR" || code === "EISDIR") return undefined;
    throw error;
  }
}

async function requestedCard(
  session: Session,
  { who, signal }: { readonly who: string; readonly signal: AbortSignal },
): Promise<SignedCard> {
  return findRequest(await listRequests(session, { signal }), who).card;
}

async function startAfresh(context: Context, session: Session): Promise<void> {
  const { signal } = context;
  const bar = context.progress("re-encrypting");
  try {
    await rotate(session, { contents: "now", signal });
    await reencrypt(session, { budget: processBudget(), signal, onProgress: (progress) => bar.update(progress) });
  } finally {
    bar.finish();
  }
}
