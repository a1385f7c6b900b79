/** What other users of this machine may do in a home, by the modes that it has: it may have been copied, or made by others. */
import { stat } from "node:fs/promises";
import type { Home } from "./home.ts";

/** A way in, and what closes it. */
export interface Exposure {
  readonly what: string;
  readonly remedy: string;
}

/** Looks at the home's folder and at keys that lie there in clear. Nothing on Windows, where modes say nothing. */
export async function homeExposures(home: Home): Promise<readonly Exposure[]> {
  const user = process.geteuid?.();
  if (user === undefined) return [];
  const [folder, keys] = await Promise.all([statOf(home.folder), statOf(home.plainIdentity)]);
  const found: Exposure[] = [];
  if (folder && folder.uid !== user && user !== 0) {
    found.push({
      what: `${home.folder} belongs to another user, who may change what lies in it`,
      remedy: "use another home",
    });
  } else if (folder && (folder.mode & 0o022) !== 0) {
    found.push({
      what: `other users may change what lies in ${home.folder}`,
      remedy: `run: chmod go-w ${home.folder}`,
    });
  }
  if (keys && (keys.mode & 0o077) !== 0) {
    found.push({
      what: `other users may read your keys in ${home.plainIdentity}`,
      remedy: `run: chmod 600 ${home.plainIdentity}`,
    });
  }
  return found;
}

function statOf(path: string) {
  return stat(path).catch(() => undefined);
}
