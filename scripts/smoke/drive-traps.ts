/** Drive's traps, each looked at twice: on the real one, and on an emulator beside it. What they show differs, or it does not. */
import { isDeepStrictEqual } from "node:util";
import { type EmulatedGoogle, startGoogle } from "@conclave/emulators";
import type { Credentials } from "./credentials.ts";
import { type DriveAccount, driveAccount } from "./drive-account.ts";
import { makeFolder } from "./own-folder.ts";
import { FILE_TRAPS } from "./traps/files.ts";
import { NEWS_TRAPS } from "./traps/news.ts";
import { SHARING_TRAPS } from "./traps/sharing.ts";
import { TRANSFER_TRAPS } from "./traps/transfers.ts";
import { type Scene, type SharedScene, sceneOf, type Trap } from "./traps/trap.ts";

interface Place extends Credentials {
  readonly folder: string;
  readonly signal: AbortSignal;
  say(line: string): void;
}

/** @returns How many traps show otherwise than on the emulator. */
export async function tryTraps(real: Place): Promise<number> {
  const google = await startGoogle();
  try {
    const emulated = await emulatedPlace(google, real);
    let differences = 0;
    for (const trap of [...FILE_TRAPS, ...TRANSFER_TRAPS, ...NEWS_TRAPS]) {
      differences += await compare(trap, {
        real: await aloneOn(real, trap),
        emulated: await aloneOn(emulated, trap),
        ...real,
      });
    }
    for (const trap of real.others ? SHARING_TRAPS : []) {
      differences += await compare(trap, {
        real: await sharedOn(real, trap),
        emulated: await sharedOn(emulated, trap),
        ...real,
      });
    }
    return differences;
  } finally {
    await google.close();
  }
}

/** Accounts of the emulator that stand beside the real ones. */
async function emulatedPlace(google: EmulatedGoogle, { signal, say }: Place): Promise<Place> {
  const account = (email: string): DriveAccount => {
    const { accessToken } = google.signIn(email);
    const auth = { token: async () => accessToken, renew: async () => accessToken };
    return driveAccount({ email, auth, endpoints: { api: google.url }, signal });
  };
  const mine = account("alice@example.org");
  return { mine, others: account("bob@example.org"), folder: await makeFolder(mine, "Smoke", "root"), signal, say };
}

async function aloneOn({ mine, folder, signal }: Place, { name }: Trap<Scene>): Promise<Scene> {
  return sceneOf({ mine, folder: await makeFolder(mine, name, folder), signal });
}

async function sharedOn(place: Place, trap: Trap<SharedScene>): Promise<SharedScene> {
  const { mine, others, signal, folder } = place;
  if (!others) throw new Error("there is nobody to share with");
  const scene = sceneOf({ mine, folder: await makeFolder(mine, trap.name, folder), signal });
  return { ...scene, others: sceneOf({ mine: others, folder: scene.folder, signal }), with: others.email };
}

async function compare<Where>(
  { name, observe }: Trap<Where>,
  { real, emulated, say, signal }: { readonly real: Where; readonly emulated: Where } & Pick<Place, "say" | "signal">,
): Promise<number> {
  signal.throwIfAborted();
  const [seen, expected] = [await seenBy(() => observe(real)), await seenBy(() => observe(emulated))];
  signal.throwIfAborted();
  if (isDeepStrictEqual(seen, expected)) {
    say(`trap     ${name}`);
    return 0;
  }
  say(`DIFFERS  ${name}\n         there:    ${JSON.stringify(seen)}\n         emulator: ${JSON.stringify(expected)}`);
  return 1;
}

/** What cannot even be looked at is something to see, too. */
async function seenBy(observe: () => Promise<unknown>): Promise<unknown> {
  try {
    return JSON.parse(JSON.stringify(await observe()));
  } catch (error) {
    return { failed: error instanceof Error ? error.message : String(error) };
  }
}
