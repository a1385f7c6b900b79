/** A folder of an emulated Google Drive, in this process: nothing of it leaves the machine. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { EmulatedGoogle } from "@conclave/emulators";
import { flipMiddle, type Ground } from "./ground.ts";
import { type Say, told } from "./stage.ts";

type Item = EmulatedGoogle["cloud"]["items"] extends Map<string, infer Each> ? Each : never;

const FOLDER = "family";

/** Starts the emulator. Everybody has an account there, and allows what Conclave asks for. */
export async function driveGround(folder: string): Promise<Ground> {
  const { EMULATED_CLIENT, startGoogle } = await import("@conclave/emulators");
  const google = await startGoogle();
  const client = join(folder, "client.json");
  const { id: client_id, secret: client_secret } = EMULATED_CLIENT;
  await writeFile(client, JSON.stringify({ installed: { client_id, client_secret } }));
  const bytesAt = (path: string): Uint8Array => filesOf(google).get(path)?.revisions.at(-1)?.contents.chunks[0] ?? NONE;
  return {
    name: "a folder of Alice's Google Drive (emulated, on this machine)",
    // The emulator is never late: what is put is there.
    words: [`gdrive:${FOLDER}`, "--settled"],
    world: { env: { CONCLAVE_GOOGLE_EMULATOR: google.url }, openBrowser: visit },
    enter: (name, say) => signIn(say, { client, account: accountOf(name) }),
    accountOf,
    stored: async () => new Map([...filesOf(google)].map(([path, item]) => [path, sizeOf(item)])),
    head: async (path, bytes) => bytesAt(path).subarray(0, bytes),
    flip: async (path) => flipMiddle(bytesAt(path)),
    requests: () => google.requests.counts(),
    [Symbol.asyncDispose]: () => google.close(),
  };
}

const NONE = new Uint8Array();

function accountOf(name: string): string {
  return `${name.toLowerCase()}@example.org`;
}

/** The browser of somebody who allows it: it follows the provider's page to where that sends it. */
async function visit(page: string): Promise<boolean> {
  // The sign-in waits for the answer, not for the browser.
  void fetch(page).catch(() => undefined);
  return true;
}

async function signIn(
  say: Say,
  { client, account }: { readonly client: string; readonly account: string },
): Promise<string> {
  const words = ["login", "gdrive", "--client-secret-file", client, "--account", account, "--json"];
  const signedIn = await told<{ account: string }>(say(...words), "login");
  return `signed in to ${signedIn.account}`;
}

/** The files in the group's folder, as the provider sees them. */
function filesOf({ cloud }: EmulatedGoogle): ReadonlyMap<string, Item> {
  const files = new Map<string, Item>();
  for (const item of cloud.items.values()) {
    const [top, ...path] = pathOf(cloud.items, item);
    if (top === FOLDER && item.revisions.length > 0 && item.trash === undefined) files.set(path.join("/"), item);
  }
  return files;
}

/** Names from below somebody's own drive down to the item; of what lies in no folder, its own. */
function pathOf(items: ReadonlyMap<string, Item>, item: Item): string[] {
  const parent = item.parentId === undefined ? undefined : items.get(item.parentId);
  if (parent === undefined) return item.isFolder ? [] : [item.name];
  return [...pathOf(items, parent), item.name];
}

function sizeOf(item: Item): number {
  return item.revisions.at(-1)?.contents.sizeBytes ?? 0;
}
