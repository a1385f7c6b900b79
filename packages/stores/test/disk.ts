/** A disk that does as a test says, while a piece of work runs. */
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";

type Disk = Partial<Pick<typeof fs.promises, "mkdir" | "open" | "rename">>;

/** The true calls, for what stands in for them. */
export const disk: Readonly<Required<Disk>> = {
  mkdir: fs.promises.mkdir,
  open: fs.promises.open,
  rename: fs.promises.rename,
};

/** Runs `work` while some of the file system's calls are others; no other test of the file may run meanwhile. */
export async function onDisk<Result>(calls: Disk, work: () => Promise<Result>): Promise<Result> {
  Object.assign(fs.promises, calls);
  syncBuiltinESMExports();
  try {
    return await work();
  } finally {
    Object.assign(fs.promises, disk);
    syncBuiltinESMExports();
  }
}

/** Changes every file as it is opened. */
export function opening(change: (file: fs.promises.FileHandle, path: string) => void): Disk {
  return {
    async open(path, flags, mode) {
      const file = await disk.open(path, flags, mode);
      change(file, String(path));
      return file;
    },
  };
}
