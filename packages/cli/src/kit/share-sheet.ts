/** One share of a recovery kit, as its holder gets it: text, or a page to print. Secret, as far as enough of them are. */
import { fingerprint, formatAddress, formatKitShare, type KitShare } from "@conclave/core";
import { escapeText } from "../terminal/escape.ts";
import { counted, isoTime } from "../terminal/units.ts";
import type { KitGroup } from "./kit-text.ts";
import { escapeHtml, factTable, groupList, printablePage, scannable, writingLines } from "./printable-page.ts";

/** What goes with every share of one kit. */
export interface SharedKit {
  /** Whose kit it is. */
  readonly name: string;
  /** When it was made, milliseconds since 1970. */
  readonly time: number;
  readonly groups: readonly KitGroup[];
  /** Who gets the shares, the first the first; there may be fewer than shares. */
  readonly holders: readonly string[];
}

/** A share as text. */
export function shareText(share: KitShare, kit: SharedKit): string {
  const { number, count, threshold } = share;
  const facts = factsOf(share, kit).map(([what, which]) => `# ${what.padEnd(13)}${escapeText(which)}`);
  return [
    `# Share ${number} of ${count} of a recovery kit of Conclave: any ${threshold} of them give the kit, fewer tell nothing of it. Keep it`,
    "# safe, and hand it to nobody but its person, whom you know.",
    "#",
    ...facts,
    "#",
    ...kit.groups.flatMap(({ name, address }) => [
      `# Opens ${escapeText(name)}:`,
      `#   ${formatAddress(address)}`,
      "#",
    ]),
    "# With enough shares: conclave recover SHARE-FILE... ADDRESS. White space in what follows does not matter.",
    "",
    formatKitShare(share),
    "",
  ].join("\n");
}

/** A share as one page to print. */
export function sharePage(share: KitShare, kit: SharedKit): string {
  const { number, count, threshold } = share;
  const { name, groups } = kit;
  const title = `Share ${number} of ${count} of a recovery kit`;
  const body = `<h1>${escapeHtml(`${title} of Conclave`)}</h1>
<p>Any ${threshold} of the ${count} shares together give ${escapeHtml(name)}’s recovery kit, and with it all that they can read. Fewer tell
nothing of it. Keep this page in a safe place, and hand it to nobody but ${escapeHtml(name)}, whom you know. If you lose it, say so.</p>
${factTable(factsOf(share, kit))}
${scannable(formatKitShare(share), { title: "The share: scan it, or type it off; small or capital letters, and white space does not matter", isLarge: true })}
<h2>When it is needed</h2>
<p>${escapeHtml(name)} types each of at least ${counted(threshold, "share")} into a file of its own, and runs
<code>conclave recover FILE... ADDRESS</code>; or <code>conclave kit --join KIT-FILE FILE...</code>, for the <code>age</code> program, as RECOVERY.md of the
Conclave project says.</p>
<h2>What it opens</h2>
${groups.length === 0 ? "<p>No group yet.</p>" : groupList(groups)}
${writingLines(1)}
<h2>Who else holds shares</h2>
${otherHolders(share, kit)}
<h2>Handed over on, and looked at on</h2>
${writingLines(2)}`;
  return printablePage({ title, body });
}

function factsOf({ number, kit }: KitShare, { name, time, holders }: SharedKit): [what: string, which: string][] {
  const holder = holders[number - 1];
  return [
    ["Whose", name],
    ["Held by", holder ?? ""],
    ["Kit", fingerprint(kit)],
    ["Made", isoTime(time)],
  ].filter((fact): fact is [string, string] => fact[1] !== "");
}

function otherHolders({ number, count }: KitShare, { holders }: SharedKit): string {
  const lines = Array.from({ length: count }, (_, index) => `${index + 1}: ${holders[index] ?? ""}`);
  return lines
    .filter((_, index) => index !== number - 1)
    .map((begun) => writingLines(1, begun))
    .join("\n");
}
