import { isoTime } from "../terminal/units.ts";
import type { KitSheet } from "./kit-text.ts";
import { factTable, groupList, printablePage, scannable, writingLines } from "./printable-page.ts";

/** The kit as one page to print, secret. */
export function kitPage(sheet: KitSheet): string {
  const { name, fingerprint, words, kit, time, groups = [] } = sheet;
  const items = words.split(" ").map((word, index) => `<li><small>${index + 1}</small> ${word}</li>`);
  const body = `<h1>Conclave recovery kit</h1>
<p>Whoever has this page can read all that you can read. Print it, keep it in a safe place away from your computer, and
delete the file.</p>
${factTable([
  ["Name", name],
  ["Fingerprint", fingerprint],
  ["Made", isoTime(time)],
])}
<h2>The 24 words</h2>
<ol class="words">
${items.join("\n")}
</ol>
<h2>The keys that follow from the words</h2>
<p>For the <code>age</code> program, without Conclave: RECOVERY.md of the Conclave project says how.</p>
<div class="codes">
${scannable(kit.hybridIdentity, { title: "Post-quantum (age 1.3 and newer)" })}
${scannable(kit.classicIdentity, { title: "Classic (any age; groups made with --classic)" })}
</div>
<h2>Where it is kept, with whom, and when it was tried (conclave kit --test)</h2>
${writingLines(2)}
<h2>Addresses of my groups (conclave address GROUP)</h2>
${groupList(groups)}
${writingLines(2)}`;
  return printablePage({ title: "Conclave recovery kit", body });
}
