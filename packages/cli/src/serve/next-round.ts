/** Waiting for the next round: some time, or less where the folder says that something has changed. */
import { existsSync, type FSWatcher, watch } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** After a change, so that what is copied in several steps is looked at once. */
const SETTLE_MS = 300;

/** Resolves after that time, at a change in a folder's requests and epochs, or at once when `signal` says stop. */
export async function nextRound(options: {
  readonly url: string;
  readonly seconds: number;
  readonly signal: AbortSignal;
}): Promise<void> {
  const { url, seconds, signal } = options;
  if (signal.aborted) return;
  let watchers: readonly FSWatcher[] = [];
  let timer: ReturnType<typeof setTimeout> | undefined;
  await new Promise<void>((resolve) => {
    timer = setTimeout(resolve, seconds * 1000);
    signal.addEventListener("abort", () => resolve(), { once: true });
    watchers = watchFolders(url, () => {
      clearTimeout(timer);
      timer = setTimeout(resolve, Math.min(SETTLE_MS, seconds * 1000));
    });
  });
  clearTimeout(timer);
  for (const watcher of watchers) watcher.close();
}

/** A hint only: on network disks, and where a sync client replaces folders, nothing is told, and the time decides. */
function watchFolders(url: string, onChange: () => void): FSWatcher[] {
  if (!url.startsWith("file:")) return [];
  const root = fileURLToPath(url);
  return ["requests", "epochs"]
    .map((name) => join(root, name))
    .filter(existsSync)
    .flatMap((folder) => {
      try {
        return [watch(folder, { persistent: false }, onChange).on("error", () => undefined)];
      } catch {
        return [];
      }
    });
}
