/** Where this person's own files lie on this machine. Nothing outside this file joins such a path. */
import { existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { homedir, platform } from "node:os";
import { dirname, isAbsolute, join, resolve } from "node:path";
import { ConclaveError, HOME_NAMES, isHome } from "@conclave/core";

/** What decides where a home is; a test gives its own. */
export interface HomeOptions {
  /** Keeps several people apart on one machine: letters, digits, `.`, `_`, `-`. */
  readonly profile?: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly platform?: NodeJS.Platform;
  /** The person's own folder, from which the platform's data folder follows. */
  readonly userFolder?: string;
}

/** The paths in a home. Only the folders exist for certain. */
export interface Home {
  readonly folder: string;
  /** The identity under a passphrase: an age file. One of the two exists after `init`. */
  readonly sealedIdentity: string;
  /** The identity in clear: an age identities file. */
  readonly plainIdentity: string;
  /** The person's own card, public. */
  readonly card: string;
  /** The list of groups and where they lie. */
  readonly groups: string;
  /** Codes for further devices that this one has made and that still count. */
  readonly deviceCodes: string;
  /** When this person's recovery kit was tried. */
  readonly kit: string;
  /** Who holds the shares of this person's recovery kit. */
  readonly trustees: string;
  /** A database that holds nothing: whoever has a transaction on it may change what concerns the whole home. */
  readonly lock: string;
  /** Cloud accounts that this device is signed in to, their tokens sealed. */
  readonly accounts: string;
  /** What is remembered of a folder of Google Drive: nothing that is not there too. Its folder is made if need be. */
  driveCache(name: string): string;
  /** As `lock`, for `accounts`: whoever has it may be waiting for a provider. */
  readonly accountsLock: string;
  /** A group's folder, made if need be. `group` is its id: 64 hexadecimal characters. */
  groupFolder(group: string): string;
  /** A group's database. Its folder is made if need be. */
  groupDatabase(group: string): string;
  /** Gives a group's folder its name once the group's id is known. */
  renameGroupFolder(from: string, to: string): void;
  /** Takes a group's folder away, with all that this device knows of the group. */
  removeGroupFolder(group: string): void;
}

const PROFILE = /^(?!\.)[A-Za-z0-9._-]{1,64}$/;
const GROUP_ID = /^[0-9a-f]{64}$/;

/**
 * The folder of a home: `CONCLAVE_HOME`, else `conclave` in the platform's data folder; a profile lies in `profiles` below it.
 *
 * @throws ConclaveError `malformed` for a profile whose name could be a path.
 */
export function homeFolder(options: HomeOptions = {}): string {
  const { profile, env = process.env } = options;
  const base = env.CONCLAVE_HOME ? resolve(env.CONCLAVE_HOME) : join(dataFolder(options), "conclave");
  if (profile === undefined) return base;
  if (!PROFILE.test(profile)) {
    throw new ConclaveError("a profile's name is 1 to 64 letters, digits, dots, dashes", { code: "malformed" }); // check: canonical
  }
  return join(base, "profiles", profile);
}

function dataFolder(options: HomeOptions): string {
  const { env = process.env, userFolder = homedir() } = options;
  switch (options.platform ?? platform()) {
    case "darwin":
      return join(userFolder, "Library", "Application Support");
    case "win32":
      // Not the roaming folder: a database that is open on two machines at once would be damaged.
      return env.LOCALAPPDATA || join(userFolder, "AppData", "Local");
    default:
      // A relative path there is to be ignored. XDG Base Directory Specification.
      return env.XDG_DATA_HOME && isAbsolute(env.XDG_DATA_HOME)
        ? env.XDG_DATA_HOME
        : join(userFolder, ".local", "share");
  }
}

/** Opens a home: its folder is made, for the user alone. A folder that is there keeps its mode: it may hold other things. */
export function openHome(options: HomeOptions = {}): Home {
  const folder = homeFolder(options);
  makePrivate(folder);
  function groupPath(group: string): string {
    if (!GROUP_ID.test(group)) throw new ConclaveError("text is no group id", { code: "malformed" }); // check: canonical
    return join(folder, "groups", group);
  }
  const groupFolder = (group: string): string => makePrivate(groupPath(group));
  return {
    folder,
    sealedIdentity: join(folder, HOME_NAMES.sealedIdentity),
    plainIdentity: join(folder, HOME_NAMES.plainIdentity),
    card: join(folder, HOME_NAMES.card),
    groups: join(folder, "groups.json"),
    deviceCodes: join(folder, "device-codes.json"),
    kit: join(folder, "kit.json"),
    trustees: join(folder, "trustees.json"),
    lock: join(folder, "lock.sqlite"),
    accounts: join(folder, "accounts.json"),
    driveCache: (name) => join(makePrivate(join(folder, "drive")), `${name}.sqlite`),
    accountsLock: join(folder, "accounts-lock.sqlite"),
    groupFolder,
    groupDatabase: (group) => join(groupFolder(group), "index.sqlite"),
    renameGroupFolder: (from, to) => renameSync(groupPath(from), groupPath(to)),
    removeGroupFolder: (group) => rmSync(groupPath(group), { recursive: true, force: true }),
  };
}

/** The home that a folder is, or lies in. */
export function homeAround(folder: string): string | undefined {
  for (let above = folder; ; above = dirname(above)) {
    if (isHome((name) => existsSync(join(above, name)))) return above;
    if (above === dirname(above)) return undefined;
  }
}

function makePrivate(folder: string): string {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  return folder;
}
