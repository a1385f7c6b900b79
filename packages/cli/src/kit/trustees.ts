/** Who holds the shares of this person's recovery kit: when one of them goes, so must the kit. */
import { readFile } from "node:fs/promises";
import { ConclaveError, type Member } from "@conclave/core";
import { type Home, replacePrivateFile } from "@conclave/node";
import { Advice } from "../advice.ts";

/** Somebody who holds a share, as the groups know them. */
export interface Trustee {
  readonly name: string;
  readonly in: readonly { readonly group: string; readonly member: Member["id"] }[];
}

/** Members of one of this person's groups. */
export interface Roll {
  readonly group: string;
  readonly members: readonly { readonly id: Member["id"]; readonly name: string }[];
}

/**
 * The people of these names, in all groups.
 *
 * @throws ConclaveError `not-found` for a name that nobody has, or two have in one group.
 */
export function trusteesCalled(names: readonly string[], rolls: readonly Roll[]): readonly Trustee[] {
  return names.map((name) => {
    const found = rolls.flatMap(({ group, members }) =>
      members.filter((each) => each.name === name).map(({ id }) => ({ group, member: id })),
    );
    const isUnclear = new Set(found.map(({ group }) => group)).size < found.length;
    if (found.length > 0 && !isUnclear) return { name, in: found };
    const what = isUnclear ? "two members of one group are called" : "nobody in your groups is called";
    const error = new ConclaveError(`${what} ${name}`, { code: "not-found" });
    throw new Advice(error, "--for names those holders of shares who are members of a group of yours");
  });
}

/** Notes who holds shares of the kit with this verifying key. */
export async function noteTrustees(
  home: Home,
  { kit, trustees }: { readonly kit: string; readonly trustees: readonly Trustee[] },
): Promise<void> {
  await replacePrivateFile(home.trustees, new TextEncoder().encode(`${JSON.stringify({ kit, trustees })}\n`));
}

/** Who holds shares of this kit and is in one of these groups no more: by their names. */
export async function goneTrustees(
  home: Home,
  { kit, rolls }: { readonly kit: string; readonly rolls: readonly Roll[] },
): Promise<readonly string[]> {
  const noted = await readNoted(home);
  if (noted?.kit !== kit) return [];
  const isGone = ({ group, member }: Trustee["in"][number]): boolean =>
    rolls.some((roll) => roll.group === group && !roll.members.some(({ id }) => id === member));
  return noted.trustees.filter((each) => each.in.some(isGone)).map(({ name }) => name);
}

/** What is said of those: whoever is out of a group keeps the share that they were given, and only a new kit takes it from them. */
export function goneTrusteesText(names: readonly string[], where: string): string {
  const have = names.length === 1 ? "has a share" : "have shares";
  return `${names.join(", ")}, out of ${where}, ${have} of your recovery kit: renew it with "conclave kit --new --split K/N --file FILE"`;
}

async function readNoted(home: Home) {
  try {
    // Written by this program alone.
    return JSON.parse(await readFile(home.trustees, "utf8")) as { kit: string; trustees: readonly Trustee[] };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
