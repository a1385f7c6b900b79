import {
  type ContentsMode,
  findMember,
  fingerprint,
  type Member,
  type Reencryption,
  rehearseRemoval,
  remaining,
  removeMember,
  type Session,
} from "@conclave/core";
import { continueInBackground } from "../background.ts";
import { defineCommand } from "../command.ts";
import type { Context } from "../context.ts";
import { adviseOnRemaining, describeReencryption, reencryptShown } from "../reencryption.ts";
import { humanSeconds, humanSize } from "../units.ts";
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
      const member = findMember(at.session.view.state, typed);
      if (isRehearsal) await rehearse(context, { session: at.session, member });
      else return perform(context, { at, member, contents });
      return undefined;
    }),
});

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
    line(`would re-encrypt ${objects} objects, ${humanSize(bytes)}, with about ${requests} requests`);
    line(`at 20 Mbit/s that takes about ${humanSeconds(seconds)}; the lockout itself takes less than a second`);
    line(cut.length === 0 ? "no records of theirs were read" : "their records that count end with:");
    for (const { device, number } of cut) line(`  record ${number} of device ${device.slice(0, 16)}`);
  });
  context.note("nothing was changed");
}

async function perform(
  context: Context,
  options: { readonly at: AtWork; readonly member: Member; readonly contents: ContentsMode },
): Promise<number | undefined> {
  const { at, member, contents } = options;
  const { session, group } = at;
  const { signal, clock } = context;
  const started = clock.now();
  const { epoch, lockoutMs } = await removeMember(session, { member, contents, signal });
  context.note(`${member.name} is out: the new key is in use`);
  const result = contents === "now" ? await reencryptShown(context, { session, settled: false }) : untouched(session);
  const total = (clock.now() - started) / 1000;
  const { reencrypted, remaining: left, kept, problems } = result;
  const seconds = { lockout: lockoutMs / 1000, total };
  context.out.result(
    { epoch, folderAccess: "none", reencrypted, remaining: left, kept, problems, seconds },
    (lines) => {
      lines.line(`removed ${member.name}; locked out after ${seconds.lockout.toFixed(2)} s`);
      if (contents === "now") describeReencryption(lines, result);
    },
  );
  context.note(`${member.name} may still reach the folder itself: withdraw their access to it at the provider`);
  if (contents === "now") adviseOnRemaining(context, { session, group: group.name, remaining: left });
  else await sayWhatStays(context, { at, member, contents });
  return problems.length > 0 ? 5 : undefined;
}

function untouched(session: Session): Reencryption {
  return { reencrypted: { objects: 0, bytes: 0 }, remaining: remaining(session), kept: [], problems: [] };
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
