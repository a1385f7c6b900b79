import {
  type ConclaveError,
  folderReach,
  judgedChanges,
  listRequests,
  memberNames,
  openInvitations,
  type Problem,
  type Session,
  statusOf,
  whoWasHeard,
} from "@conclave/core";
import { defineCommand } from "../command.ts";
import type { Context } from "../context.ts";
import { ownCard, type Person } from "../identity/person.ts";
import { kitTried } from "../kit/kit-tried.ts";
import { goneTrustees, goneTrusteesText } from "../kit/trustees.ts";
import { counted, humanSize, isoTime } from "../terminal/units.ts";
import { withGroup } from "../with-group.ts";

export const status = defineCommand({
  examples: ["conclave status family"],
  args: ["group"],

  run: (context, { group: name }) =>
    withGroup(
      context,
      name,
      async ({ session, person, group, shown, alarm }) => {
        const reach = shown ? await folderReach(session, { signal: context.signal }) : undefined;
        const strangers = reach?.strangers.map(({ account }) => account) ?? [];
        const requests = shown ? await listRequests(session, { signal: context.signal }) : [];
        const { group: id, epoch, members, files, bytes, remaining, problems: found } = statusOf(session);
        const problems = [...(alarm ? [lackingBy(alarm)] : []), ...found];
        const waiting = requests.filter(({ state }) => state === "waiting").length;
        const refused = requests.length - waiting;
        const role = session.view.me?.role;
        const last = lastChange(session);
        const guests = guestsOf(session);
        const open = openInvitations(session.view.state).length;
        const confirmed = confirmedBy(session);
        const value = {
          group: group.name,
          id,
          role,
          epoch,
          members,
          files,
          bytes,
          remaining,
          requests: waiting,
          refused,
          lastChange: last ?? null,
          confirmed,
          guests,
          invitations: open,
          strangers,
        };
        if (!(await isKitTried(person))) {
          context.note(
            'your recovery kit was never tried: "conclave kit --test KIT-FILE" does it, and changes nothing',
          );
        }
        await sayGoneTrustees(context, { person, session });
        context.out.result({ ...value, store: group.store, problems }, ({ line }) => {
          line(`group      ${group.name} (${id.slice(0, 16)}), on ${group.store}`);
          line(`you        ${role}`);
          line(`epoch      ${session.view.state.epochs.length} (${epoch.slice(0, 16)})`);
          line(`members    ${members}`);
          line(`files      ${files}, ${humanSize(bytes)}`);
          line(`left       ${counted(remaining.objects, "old object")}, ${humanSize(remaining.bytes)}`);
          line(`requests   ${waiting} waiting, ${refused} refused`);
          for (const guest of guests) line(`guest      ${guest.name}, until ${guest.until}`);
          if (open > 0) line(`invited    ${counted(open, "open invitation")}`);
          line(`newest     ${last ? `a change by ${last.by}, ${last.at}` : "nothing was written yet"}`);
          if (confirmed.others > 0) line(`confirmed  ${confirmedText(confirmed)}`);
          if (strangers.length > 0) line(`strangers  ${strangers.join(", ")}: reach the folder, and are no members`);
          line(`problems   ${problems.length}`);
          for (const { code, key, path, detail } of problems)
            line(`  ${[code, path ?? key, detail].filter(Boolean).join("  ")}`);
        });
        return undefined;
      },
      { reading: true },
    ),
});

/** What the storage lacks of what it had, as a problem beside the others. */
function lackingBy({ code, message }: ConclaveError): Problem {
  return { code: code === "contested" ? "contested" : "rollback", detail: message };
}

/** Members whose stay has an end. */
function guestsOf({ view }: Session): { readonly name: string; readonly until: string }[] {
  return view.state.members.flatMap(({ name, until }) => (until === null ? [] : [{ name, until: isoTime(until) }]));
}

interface Confirmed {
  readonly by: readonly string[];
  readonly others: number;
  readonly at: string | null;
}

/** Who else uses the key that this device seals to, as far as it has seen. */
function confirmedBy(session: Session): Confirmed {
  const { others, heard, newest } = whoWasHeard(session);
  return { by: heard.map(({ name }) => name), others, at: newest === undefined ? null : isoTime(newest) };
}

function confirmedText({ by, others, at }: Confirmed): string {
  if (at === null) return `by none of ${counted(others, "other member")} in this epoch`;
  return `by ${by.length} of ${counted(others, "other member")}, the last at ${at}`;
}

/** The newest change to the tree that this device has seen, as its author dates it: how fresh all of this is. */
function lastChange(session: Session): { readonly by: string; readonly at: string } | undefined {
  const nameOf = memberNames(session.view.state);
  let newest: { readonly device: string; readonly time: number } | undefined;
  for (const { record, verdict } of judgedChanges(session)) {
    if (verdict.counts && record.time >= (newest?.time ?? 0)) newest = record;
  }
  return newest && { by: nameOf(newest.device) ?? "somebody", at: isoTime(newest.time) };
}

async function sayGoneTrustees(
  context: Context,
  { person, session }: { readonly person: Person; readonly session: Session },
): Promise<void> {
  const { card } = await ownCard(person);
  const rolls = [{ group: session.group, members: session.view.state.members }];
  const gone = await goneTrustees(person.home, { kit: card.kit.verifyingKey, rolls });
  if (gone.length > 0) context.warn(goneTrusteesText(gone, "this group"));
}

/** A kit that nobody ever tried is a hope. */
async function isKitTried(person: Person): Promise<boolean> {
  const { card } = await ownCard(person);
  return (await kitTried(person.home, card.kit.verifyingKey)) !== undefined;
}
