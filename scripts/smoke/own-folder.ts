/** The folder that a run makes for itself, and removes. */
import { randomUUID } from "node:crypto";
import { type DriveAccount, driveAccount } from "./drive-account.ts";

export const FOLDER_TYPE = "application/vnd.google-apps.folder";

/** Makes a folder; gives its id. */
export async function makeFolder(account: DriveAccount, name: string, parent: string): Promise<string> {
  const json = { name, mimeType: FOLDER_TYPE, parents: [parent] };
  const made = await account.ask("/drive/v3/files", { method: "POST", query: { fields: "id" }, json });
  if (typeof made.json.id === "string") return made.json.id;
  throw new Error(`no folder could be made: ${made.status} ${made.reason ?? ""}`);
}

/** Does work in a new folder of My Drive, which is gone afterwards, however the work ends. */
export async function withFolder<Result>(
  account: DriveAccount,
  { say }: { say(line: string): void },
  work: (folder: string) => Promise<Result>,
): Promise<Result> {
  const name = `conclave-smoke-${randomUUID()}`;
  const folder = await makeFolder(account, name, "root");
  say(`in the folder ${name}, which is removed at the end`);
  try {
    return await work(folder);
  } finally {
    // Also after an interruption, which ends everything else.
    const cleaner = driveAccount({ ...account, signal: new AbortController().signal });
    const { status } = await cleaner.ask(`/drive/v3/files/${folder}`, { method: "DELETE" });
    say(
      status === 204
        ? "the folder is removed"
        : `the folder ${name} could not be removed (${status}): remove it by hand`,
    );
  }
}
