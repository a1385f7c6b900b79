/** Pages that people print and put away: nothing in them is loaded from anywhere, and they read on paper, desk and phone. */
import { formatAddress } from "@conclave/core";
import { encodeQR } from "qr";
import { escapeText } from "../terminal/escape.ts";
import type { KitGroup } from "./kit-text.ts";

const STYLE = `
  @page { size: A4; margin: 15mm; }
  * { box-sizing: border-box; }
  body { font: 11pt/1.4 system-ui, sans-serif; color: #000; background: #fff; max-width: 18cm; margin: 1cm auto; padding: 0 1em; }
  h1 { font-size: 18pt; line-height: 1.2; margin: 0 0 .4em; } h2 { font-size: 12pt; margin: 1.2em 0 .3em; break-after: avoid; }
  p { margin: .4em 0; } table { border-collapse: collapse; }
  td { padding: .2em 1.2em .2em 0; vertical-align: top; overflow-wrap: anywhere; } td:first-child { white-space: nowrap; }
  code { font: 9.5pt/1.5 monospace; overflow-wrap: anywhere; }
  .words { columns: 4; column-gap: 1.2em; list-style: none; margin: 0; padding: 0; font: 12pt/1.9 monospace; }
  .words li { border-bottom: 1px solid #999; break-inside: avoid; }
  .words small { display: inline-block; width: 2em; color: #555; }
  .code { display: flex; gap: 1.2em; align-items: flex-start; margin: .6em 0; break-inside: avoid; }
  .code svg { width: 3.2cm; height: 3.2cm; flex: none; } .code.large svg { width: 5cm; height: 5cm; }
  .code > div { min-width: 0; } .code code { word-break: break-all; }
  .codes { display: grid; grid-template-columns: 1fr 1fr; gap: 1em; }
  .line { border-bottom: 1px solid #000; height: 1.9em; display: flex; align-items: flex-end; gap: .5em; break-inside: avoid; }
  @media (max-width: 32em) { .words { columns: 2; } .codes { grid-template-columns: 1fr; } .code { flex-direction: column; gap: .4em; } td { display: block; padding: 0; } td + td { padding-bottom: .5em; } }
  @media print { body { margin: 0; padding: 0; max-width: none; } }`;

/** A whole document, from a body that is escaped already. */
export function printablePage({ title, body }: { readonly title: string; readonly body: string }): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width">
<title>${escapeHtml(title)}</title>
<style>${STYLE}
</style>
</head>
<body>
${body}
</body>
</html>
`;
}

/** Rows of what a thing is and which. */
export function factTable(rows: readonly (readonly [what: string, which: string])[]): string {
  const cells = rows.map(([what, which]) => `<tr><td>${escapeHtml(what)}</td><td>${escapeHtml(which)}</td></tr>`);
  return `<table>\n${cells.join("\n")}\n</table>`;
}

/** A code as a picture to scan, and as text beside it. */
export function scannable(code: string, options: { readonly title: string; readonly isLarge?: boolean }): string {
  const svg = encodeQR(code.toUpperCase(), "svg").replace(/^<\?xml[^>]*>\s*/, "");
  const kind = options.isLarge ? "code large" : "code";
  return `<div class="${kind}">${svg}<div><b>${escapeHtml(options.title)}</b><br><code>${escapeHtml(code)}</code></div></div>`;
}

/** Empty lines to write on, some of them begun. */
export function writingLines(count: number, begun = ""): string {
  return Array.from({ length: count }, () => `<div class="line">${escapeHtml(begun)}</div>`).join("\n");
}

/** Groups with their addresses. */
export function groupList(groups: readonly KitGroup[]): string {
  return groups
    .map(
      ({ name, address }) => `<p><b>${escapeHtml(name)}</b><br><code>${escapeHtml(formatAddress(address))}</code></p>`,
    )
    .join("\n");
}

/** Text from anybody as a page may show it. */
export function escapeHtml(text: string): string {
  return escapeText(text).replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
