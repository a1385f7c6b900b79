import { formatAddress } from "@conclave/core";
import { encodeQR } from "qr";
import { escapeText } from "../terminal/escape.ts";
import { isoTime } from "../terminal/units.ts";
import { type KitSheet, wordRows } from "./kit-text.ts";

const STYLE = `
  body { font: 11pt/1.4 sans-serif; color: #000; background: #fff; max-width: 18cm; margin: 1cm auto; padding: 0 1em; }
  h1 { font-size: 18pt; margin: 0 0 .3em; } h2 { font-size: 12pt; margin: 1.2em 0 .3em; }
  table { border-collapse: collapse; width: 100%; } td { padding: .25em .5em .25em 0; }
  .words td { border-bottom: 1px solid #999; font-family: monospace; font-size: 12pt; width: 25%; }
  .words small { display: inline-block; width: 2em; color: #555; }
  .keys td { vertical-align: top; } .keys svg { width: 3.6cm; height: 3.6cm; }
  code { overflow-wrap: anywhere; font-size: 9pt; } .line { border-bottom: 1px solid #000; height: 1.8em; }
  @media print { body { margin: 0; } }`;

/** The kit as one page to print, secret: nothing in it is loaded from anywhere. */
export function kitPage(sheet: KitSheet): string {
  const { name, fingerprint, words, kit, time, groups = [] } = sheet;
  const rows = wordRows(words).map(
    (row) => `<tr>${row.map(({ number, word }) => `<td><small>${number}</small>${word}</td>`).join("")}</tr>`,
  );
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width">
<title>Conclave recovery kit</title>
<style>${STYLE}
</style>
</head>
<body>
<h1>Conclave recovery kit</h1>
<p>Whoever has this page can read all that you can read. Print it, keep it in a safe place away from your computer, and
delete the file.</p>
<table>
<tr><td>Name</td><td>${escapeHtml(name)}</td></tr>
<tr><td>Fingerprint</td><td><code>${escapeHtml(fingerprint)}</code></td></tr>
<tr><td>Made</td><td>${isoTime(time)}</td></tr>
</table>
<h2>The 24 words</h2>
<table class="words">
${rows.join("\n")}
</table>
<h2>The keys that follow from the words</h2>
<p>For the <code>age</code> program, without Conclave: RECOVERY.md of the Conclave project says how.</p>
<table class="keys">
${keyRow("Post-quantum (age 1.3 and newer)", kit.hybridIdentity)}
${keyRow("Classic (any age; groups made with --classic)", kit.classicIdentity)}
</table>
<h2>Where it is kept, with whom, and when it was tried (conclave kit --test)</h2>
<div class="line"></div>
<div class="line"></div>
<h2>Addresses of my groups (conclave address GROUP)</h2>
${groups.map(({ name: group, address }) => `<p><b>${escapeHtml(group)}</b><br><code>${escapeHtml(formatAddress(address))}</code></p>`).join("\n")}
<div class="line"></div>
<div class="line"></div>
<div class="line"></div>
</body>
</html>
`;
}

function keyRow(title: string, identity: string): string {
  const svg = encodeQR(identity, "svg").replace(/^<\?xml[^>]*>\s*/, "");
  return `<tr><td>${svg}</td><td><b>${title}</b><br><code>${identity}</code></td></tr>`;
}

function escapeHtml(text: string): string {
  return escapeText(text).replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
