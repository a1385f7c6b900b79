/** When this person's recovery kit was tried the last time: a kit that nobody ever tried is a hope. */
import { readFile } from "node:fs/promises";
import { type Home, replacePrivateFile } from "@conclave/node";

/** Milliseconds since 1970; undefined if this kit was never tried here, or another one was. */
export async function kitTried(home: Home, key: string): Promise<number | undefined> {
  try {
    const noted = JSON.parse(await readFile(home.kit, "utf8")) as { key?: unknown; tried?: unknown };
    return noted.key === key && typeof noted.tried === "number" ? noted.tried : undefined;
  } catch {
    return undefined; // Nothing depends on it but a reminder.
  }
}

/** Notes that the kit with this verifying key was tried, and worked. */
export async function noteKitTried(
  home: Home,
  options: { readonly key: string; readonly time: number },
): Promise<void> {
  const text = JSON.stringify({ key: options.key, tried: options.time });
  await replacePrivateFile(home.kit, new TextEncoder().encode(`${text}\n`));
}
