/** Codes for further devices that this home has made: not the codes, but what their requests are known by. */
import { readFile } from "node:fs/promises";
import { ConclaveError, type OpenCode } from "@conclave/core";
import type { Home } from "./home.ts";
import { withHomeLock } from "./home-lock.ts";
import { replacePrivateFile } from "./private-file.ts";

/** A code that may still be used. */
export interface KnownCode extends OpenCode {
  /** Milliseconds since 1970. */
  readonly expires: number;
  /** Ids of the groups in which it was not used yet. */
  readonly groups: readonly string[];
}

const FORMAT = "conclave/device-codes/v1";

/** Codes that still count. */
export async function listCodes(home: Home, now: number): Promise<readonly KnownCode[]> {
  let text: string;
  try {
    text = await readFile(home.deviceCodes, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
  return parseCodes(text, home.deviceCodes).filter(({ expires, groups }) => expires > now && groups.length > 0);
}

/** Keeps a new code. */
export async function noteCode(home: Home, options: { readonly code: KnownCode; readonly now: number }): Promise<void> {
  await change(home, options.now, (codes) => [...codes, options.code]);
}

/** A code was used in a group: from then on it is that device's alone. */
export async function noteCodeUsed(
  home: Home,
  options: { readonly code: string; readonly group: string; readonly device: string; readonly now: number },
): Promise<void> {
  const { code, group, device, now } = options;
  await change(home, now, (codes) =>
    codes.map((each) =>
      each.code === code ? { ...each, device, groups: each.groups.filter((id) => id !== group) } : each,
    ),
  );
}

/** A code counts no more. */
export async function forgetCode(home: Home, options: { readonly code: string; readonly now: number }): Promise<void> {
  await change(home, options.now, (codes) => codes.filter(({ code }) => code !== options.code));
}

async function change(
  home: Home,
  now: number,
  work: (codes: readonly KnownCode[]) => readonly KnownCode[],
): Promise<void> {
  await withHomeLock(home, async () => {
    const codes = work(await listCodes(home, now));
    const text = JSON.stringify({
      format: FORMAT,
      codes: codes.map(({ device, ...rest }) => ({ ...rest, device: device ?? null })),
    });
    await replacePrivateFile(home.deviceCodes, new TextEncoder().encode(`${text}\n`));
  });
}

function parseCodes(text: string, path: string): readonly KnownCode[] {
  try {
    const parsed = JSON.parse(text) as { format: unknown; codes: KnownCode[] };
    if (parsed.format !== FORMAT) throw new Error("another format");
    return parsed.codes.map(({ code, expires, groups, device }) => ({
      code: String(code),
      expires: Number(expires),
      groups: groups.map(String),
      device: device ?? undefined,
    }));
  } catch (cause) {
    throw new ConclaveError(`the list of device codes ${path} is damaged`, { code: "malformed", cause });
  }
}
