import { type Address, type DeviceSecrets, formatAddress } from "@conclave/core";
import { escapeText } from "../terminal/escape.ts";
import { isoTime } from "../terminal/units.ts";

/** What a recovery kit says on paper. */
export interface KitSheet {
  readonly name: string;
  readonly fingerprint: string;
  /** Secret. */
  readonly words: string;
  /** Secret. */
  readonly kit: DeviceSecrets;
  /** When it was made, milliseconds since 1970. */
  readonly time: number;
  /** Groups that it opens, as of then. None when it is made with the identity. */
  readonly groups?: readonly KitGroup[];
}

/** A group on a kit: its address says where it lies and what was newest there. */
export interface KitGroup {
  readonly name: string;
  readonly address: Address;
}

/** The words, numbered, in rows of four. */
export function wordRows(words: string): readonly (readonly { readonly number: number; readonly word: string }[])[] {
  const numbered = words.split(" ").map((word, index) => ({ number: index + 1, word }));
  return Array.from({ length: Math.ceil(numbered.length / 4) }, (_, row) => numbered.slice(row * 4, row * 4 + 4));
}

/**
 * The kit as text, secret: an age identities file whose comments hold everything else, so that stock tools take the file
 * as it is, or a line of it by `grep AGE-SECRET-KEY`.
 */
export function kitText({ name, fingerprint, words, kit, time, groups = [] }: KitSheet): string {
  return [
    "# Conclave recovery kit. Whoever has it can read all that you can read: print it, keep it safe, and delete this file.",
    "#",
    `# Name         ${escapeText(name)}`,
    `# Fingerprint  ${fingerprint}`,
    `# Made         ${isoTime(time)}`,
    "#",
    ...wordLines(words),
    ...groups.flatMap(({ name: group, address }) => [
      `# Group ${escapeText(group)}, with its newest entry then:`,
      `#   ${formatAddress(address)}`,
      "#",
    ]),
    ...keyLines(kit),
  ].join("\n");
}

/** The words, and the keys that follow from them: all of a kit that its secret gives. Secret. */
export function bareKitText({ words, kit }: Pick<KitSheet, "words" | "kit">): string {
  return [...wordLines(words), ...keyLines(kit)].join("\n");
}

function wordLines(words: string): readonly string[] {
  const rows = wordRows(words).map((row) =>
    `#   ${row.map(({ number, word }) => `${String(number).padStart(2)} ${word.padEnd(9)}`).join(" ")}`.trimEnd(),
  );
  return ["# The 24 words:", ...rows, "#"];
}

function keyLines(kit: DeviceSecrets): readonly string[] {
  return [
    "# The keys that follow from the words, for the age program (RECOVERY.md of the Conclave project says how). An age",
    "# without post-quantum keys (before 1.3) needs the last line only.",
    kit.hybridIdentity,
    kit.classicIdentity,
    "",
  ];
}
