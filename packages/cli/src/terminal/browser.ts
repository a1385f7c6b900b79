/** The person's own browser, by whatever the system starts it with. */
import { spawn } from "node:child_process";

/** How long the system's opener may take until it counts as having worked, in milliseconds. */
const OPENING_MS = 3_000;

/** Shows a page; false where there is no browser, or no screen to show it on. */
export async function openBrowser(url: string, env: Readonly<Record<string, string | undefined>>): Promise<boolean> {
  const opener = openerOf(process.platform, env);
  if (opener === undefined) return false;
  const [program, ...words] = opener;
  const child = spawn(program, [...words, url], { stdio: "ignore", detached: true });
  try {
    return await new Promise<boolean>((resolve) => {
      const timer = setTimeout(() => resolve(true), OPENING_MS);
      const end = (isOpen: boolean): void => {
        clearTimeout(timer);
        resolve(isOpen);
      };
      child.once("error", () => end(false));
      child.once("exit", (code) => end(code === 0));
    });
  } finally {
    child.unref();
  }
}

/** What opens a page on a system, without a shell in between; undefined where nobody would see it. */
export function openerOf(
  platform: NodeJS.Platform,
  env: Readonly<Record<string, string | undefined>>,
): readonly [program: string, ...words: string[]] | undefined {
  if (platform === "darwin") return ["open"];
  if (platform === "win32") return ["rundll32", "url.dll,FileProtocolHandler"];
  return env.DISPLAY || env.WAYLAND_DISPLAY ? ["xdg-open"] : undefined;
}
