// Swaps a folder for a link to another one and back, as fast as it can, until it is ended.
import { renameSync, symlinkSync, unlinkSync, writeSync } from "node:fs";

const [folder, aside, elsewhere] = process.argv.slice(2);
writeSync(1, "ready\n");
for (;;) {
  try {
    renameSync(folder, aside);
    symlinkSync(elsewhere, folder);
    unlinkSync(folder);
    renameSync(aside, folder);
  } catch {
    // The other side made a folder in between: put it out of the way, and go on.
    try {
      renameSync(folder, `${aside}-${process.hrtime.bigint()}`);
    } catch {
      // Nothing there either.
    }
    try {
      renameSync(aside, folder);
    } catch {
      // Already back.
    }
  }
}
