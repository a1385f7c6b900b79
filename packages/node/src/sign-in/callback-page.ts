/** What the browser shows when it comes back from the provider. Nothing in it is loaded from anywhere. */

/** One page, whole. */
export interface CallbackPage {
  readonly status: number;
  readonly html: string;
}

const STYLE = `
  :root { color-scheme: light dark; --page: #f4f3ef; --card: #fff; --text: #1d2126; --soft: #5b636d; --line: #e2e0d9;
    --good: #1c7a4a; --bad: #b3372f; }
  @media (prefers-color-scheme: dark) { :root { --page: #14171a; --card: #1d2125; --text: #eceef0; --soft: #a3abb4;
    --line: #2e343a; --good: #5fcf95; --bad: #f28b82; } }
  * { box-sizing: border-box; }
  body { margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 1.5rem; background: var(--page);
    color: var(--text); font: 1rem/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif; }
  main { width: 100%; max-width: 30rem; padding: 2.25rem 2rem; background: var(--card); border: 1px solid var(--line);
    border-radius: 1rem; }
  svg { display: block; width: 3rem; height: 3rem; margin-bottom: 1.25rem; fill: none; stroke: currentColor; stroke-width: 2.5;
    stroke-linecap: round; stroke-linejoin: round; }
  .good svg { color: var(--good); } .bad svg { color: var(--bad); }
  h1 { margin: 0 0 .6rem; font-size: 1.45rem; line-height: 1.25; letter-spacing: -.01em; }
  p { margin: 0 0 .6rem; overflow-wrap: anywhere; } p:last-child { margin-bottom: 0; }
  .soft { color: var(--soft); }
  footer { margin-top: 1.5rem; padding-top: 1rem; border-top: 1px solid var(--line); color: var(--soft); font-size: .875rem; }
  @media (max-width: 26rem) { main { padding: 1.75rem 1.35rem; } }`;

/** A tick and a cross, each in a circle. */
const SIGNS = {
  good: '<circle cx="24" cy="24" r="21"/><path d="M15 24.5l6.5 6.5L34 18"/>',
  bad: '<circle cx="24" cy="24" r="21"/><path d="M17 17l14 14M31 17L17 31"/>',
};

/** The sign-in went well. */
export function donePage(account: string): CallbackPage {
  return page(200, {
    kind: "good",
    title: "You are signed in",
    lines: [
      "Conclave on this computer may now use this account:",
      "You can close this tab and go back to the terminal.",
    ],
    account,
  });
}

/** The provider said no, or something went wrong; the terminal says the same. */
export function failedPage(why: string): CallbackPage {
  return page(400, {
    kind: "bad",
    title: "You are not signed in",
    lines: [
      `${why.charAt(0).toUpperCase()}${why.slice(1)}.`,
      "The terminal says what to do next. You can close this tab.",
    ],
  });
}

/** An answer that nobody waits for here. */
export function strayPage(): CallbackPage {
  return page(400, {
    kind: "bad",
    title: "This does not belong here",
    lines: [
      "Conclave did not ask for this answer, or has had it already, so nothing was done with it.",
      "If you meant to sign in, use the tab that the terminal opened last, or run the command again.",
    ],
  });
}

function page(
  status: number,
  {
    kind,
    title,
    lines,
    account,
  }: {
    readonly kind: "good" | "bad";
    readonly title: string;
    readonly lines: readonly string[];
    /** Whose sign-in it was: somebody else may have answered, so it is not to be overlooked. */
    readonly account?: string;
  },
): CallbackPage {
  const [first = "", ...others] = lines.map(escapeHtml);
  const html = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title} · Conclave</title>
<style>${STYLE}
</style>
</head>
<body>
<main class="${kind}">
<svg viewBox="0 0 48 48" aria-hidden="true">${SIGNS[kind]}</svg>
<h1>${title}</h1>
<p>${first}</p>${
    account === undefined
      ? ""
      : `
<p><strong>${escapeHtml(account)}</strong></p>`
  }
${others.map((line) => `<p class="soft">${line}</p>`).join("\n")}
<footer>Conclave · this page comes from your own computer</footer>
</main>
</body>
</html>
`;
  return { status, html };
}

function escapeHtml(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}]/gu, "\ufffd").replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
