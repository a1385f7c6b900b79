/** The pages that people print, in a browser as they open them, and on paper. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { type Browser, chromium } from "playwright";
import { expect, it, onTestFinished } from "vitest";
import { requireOrSkip } from "./support/require.ts";

const BIN = resolve("packages/cli/bin/conclave.js");
const TIMEOUT_MS = 120_000;
const NAME = `Alice "7 seven" <b>\u{1f600}</b> ${"of a long name ".repeat(5)}`;

/** Alice, in one group, with a kit as a page, and another in shares. */
function pages(): string {
  const folder = mkdtempSync(join(tmpdir(), "conclave-pages-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const env = { PATH: process.env.PATH, CONCLAVE_HOME: join(folder, "home") };
  for (const words of [
    ["init", "--name", NAME, "--no-passphrase"],
    ["create", "family", "store", "--settled"],
    ["kit", "--new", "--file", "kit.html"],
    ["kit", "--new", "--file", "share.html", "--split", "3/5"],
  ]) {
    execFileSync(process.execPath, [BIN, ...words], { cwd: folder, env, stdio: ["ignore", "pipe", "ignore"] });
  }
  return folder;
}

async function open(browser: Browser, file: string, width: number) {
  const page = await browser.newPage({ viewport: { width, height: 800 } });
  const asked: string[] = [];
  page.on("request", (request) => asked.push(request.url()));
  const url = pathToFileURL(file).href;
  await page.goto(url);
  expect(asked).toEqual([url]);
  return page;
}

it(
  "are each one sheet of paper, as wide as the screen, and ask for nothing",
  async (context) => {
    const executablePath = requireOrSkip(context, "chromium");
    const folder = pages();
    const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
    try {
      for (const name of ["kit.html", "share-1.html"]) {
        for (const width of [360, 1200]) {
          const page = await open(browser, join(folder, name), width);
          expect(await page.evaluate("document.documentElement.scrollWidth"), `${name} at ${width}`).toBe(width);
          expect(await page.locator("b").allInnerTexts()).not.toContain("\u{1f600}");
          await page.close();
        }
        const page = await open(browser, join(folder, name), 800);
        const paper = (await page.pdf({ preferCSSPageSize: true })).toString("latin1");
        expect(paper.match(/\/Type \/Page\b/g), `sheets of ${name}`).toHaveLength(1);
        await page.close();
      }
    } finally {
      await browser.close();
    }
    const share = readFileSync(join(folder, "share-2.html"), "utf8");
    expect(share).toContain("Share 2 of 5 of a recovery kit");
    expect(share.match(/conclave-share1/g)).toHaveLength(1);
    expect(share).toContain("conclave:v1/");
  },
  TIMEOUT_MS,
);
