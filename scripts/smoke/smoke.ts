/** The smoke test of a real Google Drive: the store's contract and the provider's traps, in a folder of its own. */
import { parseArgs } from "node:util";
import { GOOGLE_EMULATOR } from "@conclave/node";
import { type Credentials, NoCredentials, withCredentials } from "./credentials.ts";
import { tryContract } from "./drive-contract.ts";
import { tryTraps } from "./drive-traps.ts";
import { withFolder } from "./own-folder.ts";
import type { World } from "./world.ts";

const HOW = `nothing was done. To try Google Drive itself, sign a home in to an account that may be used for it:

  conclave login gdrive --client-secret-file client_secret.json      (docs/google-drive.md says where the file comes from)
  npm run smoke -- gdrive --account you@example.org

--other EMAIL   a second account that the same home is signed in to: sharing is tried with it
--home DIR      the home, if not the usual one; its passphrase in a file that CONCLAVE_PASSPHRASE_FILE names
--quick         leaves out what takes Google minutes

It makes one folder with a name of its own, touches nothing else, and removes it at the end.`;

/** @returns 0 where all is as the emulator has it, 1 where something differs, 2 where nothing could be tried, 130 after an interruption. */
export async function smoke(argv: readonly string[], world: World): Promise<number> {
  try {
    const wanted = parse(argv);
    return await withCredentials(wanted, world, (credentials) => tryDrive(credentials, { ...world, ...wanted }));
  } catch (error) {
    if (world.signal.aborted) return 130;
    if (!(error instanceof NoCredentials)) throw error;
    world.say(`${error.message}; ${HOW}`);
    return 2;
  }
}

function parse(argv: readonly string[]) {
  try {
    const { values, positionals } = parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        account: { type: "string" },
        other: { type: "string" },
        home: { type: "string" },
        quick: { type: "boolean", default: false },
      },
    });
    if (positionals.join(" ") !== "gdrive") throw new NoCredentials("the storage that can be tried is gdrive");
    return values;
  } catch (error) {
    if (error instanceof TypeError) throw new NoCredentials(error.message);
    throw error;
  }
}

async function tryDrive(credentials: Credentials, options: World & { readonly quick: boolean }): Promise<number> {
  const { say, env } = options;
  const where = env[GOOGLE_EMULATOR] ? "an emulated Google Drive" : "Google Drive";
  say(`${where} as ${credentials.mine.email}`);
  const differences = await withFolder(credentials.mine, options, async (folder) => {
    const contract = await tryContract({ ...options, account: credentials.mine, folder });
    return contract + (await tryTraps({ ...options, ...credentials, folder }));
  });
  if (differences === 0) {
    say(
      `all is as the emulator has it${credentials.others ? "" : "; sharing was not tried: give --other EMAIL for that"}`,
    );
    return 0;
  }
  say(
    `${differences} ${differences === 1 ? "difference" : "differences"}: the emulator, or Conclave, has to learn of it`,
  );
  return 1;
}
