import {
  ConclaveError,
  type ContentsMode,
  findMember,
  fingerprint,
  formerMembers,
  type Member,
  openInvitations,
  rehearseRemoval,
  remaining,
  removeMember,
  type Session,
} from "@conclave/core";
import { Advice } from "../advice.ts";
import { continueInBackground } from "../background.ts";
import { defineCommand } from "../command.ts";
import type { Context } from "../context.ts";
import { shutOut } from "../folder-access.ts";
import { adviseOnRemaining, describeReencryption, reencryptShown, type ShownReencryption } from "../reencryption.ts";
import { counted, humanSeconds, humanSize } from "../terminal/units.ts";
import { type AtWork, withGroup } from "../with-group.ts";

/** Sealed bytes a second, for an estimate before anything was measured: a common upload of 20 Mbit/s. */
const ASSUMED_BYTES_PER_SECOND = 2_500_000;

export const remove = defineCommand({
  examples: [
    "conclave remove family Bob",
    "conclave remove family Bob --dry-run",
    "conclave remove family Bob --contents background",
  ],
  args: ["group", "member"],
  options: {
    contents: {
      choices: ["now", "background", "on-change"],
      default: "now",
      summary: "when what is there already is re-encrypted",
    },
    "dry-run": { summary: "say what would be done, and change nothing" },
  },
  notes: [
    "MEMBER is a name, or the beginning of a fingerprint. The key changes at once, and with it whatever is written from then",
    "on. No removal can take back what somebody has copied before.",
  ].join("\n"),

  run: (context, { group: name, member: typed, contents, "dry-run": isRehearsal }) =>
    withGroup(context, name, async (at) => {
      const gone = contents === "now" && !isRehearsal ? removedBefore(at.session, typed) : undefined;
      if (gone) return goOn(context, { at, member: gone });
      const member = findMember(at.session.view.state, typed);
      if (member.id === at.session.view.me?.id) throw oneself(at);
      if (isRehearsal) await rehearse(context, { session: at.session, member });
      else return perform(context, { at, member, contents });
      return undefined;
    }),
});

function oneself({ group }: AtWork): Advice {
  const error = new ConclaveError("nobody removes themselves", { code: "role-too-low" });
  return new Advice(error, `leave the group instead, with "conclave leave ${group.name}"`);
}

async function rehearse(
  context: Context,
  { session, member }: { readonly session: Session; readonly member: Member },
): Promise<void> {
  const { devices, contents, requests, cut } = await rehearseRemoval(session, { member });
  const seconds = Math.ceil(contents.bytes / ASSUMED_BYTES_PER_SECOND);
  const { objects, bytes } = contents;
  const value = {
    member: member.name,
    fingerprint: fingerprint(member.id),
    devices,
    objects,
    bytes,
    requests,
    seconds,
    cut,
  };
  context.out.result({ dryRun: true, ...value }, ({ line }) => {
    line(`would remove ${member.name} (${fingerprint(member.id)}), ${member.role}, with ${devices} devices and kits`);
    line(
      `would re-encrypt ${counted(objects, "object")}, ${humanSize(bytes)}, with about ${counted(requests, "request")}`,
    );
    line(`at 20 Mbit/s that takes about ${humanSeconds(seconds)}; the lockout itself takes less than a second`);
    line(cut.length === 0 ? "no records of theirs were read" : "their records that count end with:");
    for (const { device, number } of cut) line(`  record ${number} of device ${device.slice(0, 16)}`);
  });
  context.note("nothing was changed");
}

/** Somebody whose removal was broken off before everything was re-encrypted; the same command goes on with it. */
function removedBefore(session: Session, typed: string): Member | undefined {
  const { state } = session.view;
  if (state.members.some(({ name }) => name === typed)) return undefined;
  const prefix = typed.replaceAll(/[\s:-]/g, "").toLowerCase();
  const found = formerMembers(state).filter(
    ({ how, member }) =>
      how === "removed" && (member.name === typed || (/^[0-9a-f]{8,}$/.test(prefix) && member.id.startsWith(prefix))),
  );
  if (found.length !== 1 || remaining(session).objects === 0) return undefined;
  return found[0]?.member;
}

async function goOn(
  context: Context,
  { at, member }: { readonly at: AtWork; readonly member: Member },
): Promise<number | undefined> {
  context.note(`${member.name} is out already; the re-encryption goes on`);
  const { epoch } = at.session.view.current;
  return finish(context, { at, member, contents: "now", epoch, lockoutMs: 0, started: context.clock.now() });
}

async function perform(
  context: Context,
  options: { readonly at: AtWork; readonly member: Member; readonly contents: ContentsMode },
): Promise<number | undefined> {
  const { at, member, contents } = options;
  const { signal, clock } = context;
  const started = clock.now();
  const open = openInvitations(at.session.view.state);
  const { epoch, lockoutMs } = await removeMember(at.session, { member, contents, signal });
  context.note(`${member.name} is out: the new key is in use`);
  if (open.length > 0) {
    const names = open.map(({ name }) => name).join(", ");
    context.note(`open invitations have ended with the old key: ${names}; invite them again`);
  }
  return finish(context, { ...options, epoch, lockoutMs, started });
}

/** Everything after the lockout. */
async function finish(
  context: Context,
  options: {
    readonly at: AtWork;
    readonly member: Member;
    readonly contents: ContentsMode;
    readonly epoch: string;
    readonly lockoutMs: number;
    readonly started: number;
  },
): Promise<number | undefined> {
  const { at, member, contents, epoch, lockoutMs, started } = options;
  const { session, group } = at;
  // After the key has changed, so that nothing new can be read; before the work that takes long.
  const folderAccess = await shutOut(context, { session, holder: member });
  const result = contents === "now" ? await reencryptShown(context, { session, settled: false }) : untouched(session);
  const { reencrypted, deleted, remaining: left, kept, problems } = result;
  const seconds = { lockout: lockoutMs / 1000, total: (context.clock.now() - started) / 1000 };
  context.out.result(
    { epoch, folderAccess, reencrypted, deleted, remaining: left, kept, problems, seconds },
    (lines) => {
      lines.line(`removed ${member.name}; locked out after ${seconds.lockout.toFixed(2)} s`);
      if (folderAccess === "withdrawn") lines.line(`${member.account} cannot reach the folder any more`);
      if (contents === "now") describeReencryption(lines, result);
    },
  );
  if (contents === "now") adviseOnRemaining(context, { session, group: group.name, remaining: left });
  else await sayWhatStays(context, { at, member, contents });
  return problems.length > 0 ? 5 : undefined;
}

function untouched(session: Session): ShownReencryption {
  const nothing = { objects: 0, bytes: 0 };
  return { reencrypted: nothing, deleted: nothing, remaining: remaining(session), kept: [], problems: [] };
}

async function sayWhatStays(
  context: Context,
  options: { readonly at: AtWork; readonly member: Member; readonly contents: ContentsMode },
): Promise<void> {
  const { at, member, contents } = options;
  const { name } = at.group;
  if (contents === "background") return continueInBackground(context, { person: at.person, group: at.group });
  context.warn(
    `until it is re-encrypted, whatever lay there before stays readable for ${member.name} with the old key, wherever the ` +
      `stored files can be reached, and newcomers are given the old keys that are still in use; "conclave reencrypt ${name}" ends that`,
  );
}
