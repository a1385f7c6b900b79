import { resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { ConclaveError, type ObjectStore, type SqlDatabase, StoreError } from "@conclave/core";
import { openFolderStore } from "./folder.ts";
import { type DriveAccess, findDriveFolder, openDriveStore } from "./gdrive.ts";

/** The beginnings of addresses that are spoken for. Those without an adapter yet are refused by name. */
const KNOWN_SCHEMES: ReadonlyMap<string, string> = new Map([
  ["dropbox", "Dropbox"],
  ["box", "Box"],
  ["onedrive", "OneDrive"],
  ["s3", "S3"],
  ["webdav", "WebDAV"],
  ["sftp", "SFTP"],
  ["rclone", "rclone"],
]);

/** RFC 3986, section 3.1, from two characters on: one letter and a colon is a drive of Windows. */
const SCHEME = /^([a-z][a-z0-9+.-]+):/i;

/**
 * The canonical address of a store: an absolute `file://` URL for a folder, however it was written; `gdrive:id=…`, or
 * `gdrive:NAME`, which {@link resolveStoreAddress} turns into the former.
 *
 * @param text - A `file:///…` URL, or an absolute or relative path; `./a:b` is a path, `a:b` is not; `gdrive:NAME` for a
 *   folder in My Drive, `gdrive:id=FOLDERID` or the link that Drive shows for any folder. Not trusted.
 * @param options.folder - What a relative path is relative to; default the working directory.
 * @throws {@link ConclaveError} `unsupported` for a kind of storage that is not built yet, `malformed` for anything else.
 *   Only the scheme is repeated in the message: what follows it may hold a passphrase.
 */
export function parseStoreAddress(text: string, options: { readonly folder?: string } = {}): string {
  if (text === "") throw malformed("the address of a store is empty");
  const scheme = SCHEME.exec(text)?.[1]?.toLowerCase();
  if (scheme === "file") return folderAddress(pathOfUrl(text));
  if (scheme === "gdrive") return `gdrive:${driveFolder(text)}`;
  if (scheme !== undefined) throw notOpenable(scheme);
  if (process.platform !== "win32" && /^[a-z]:/i.test(text)) throw foreignDrive();
  return folderAddress(resolve(options.folder ?? ".", text));
}

export interface OpenStoreOptions {
  /** Whether the storage is this one itself, and no sync client carries it on; see `StoreTraits`. */
  readonly settled: boolean;
  /** In seconds; default what the kind of storage says. */
  readonly lagSeconds?: number;
  /** Makes a folder that is missing, where the one that holds it is there: for founding a group. */
  readonly create?: boolean;
  /** See `FolderStoreOptions`. */
  readonly onForeign?: (name: string) => void;
  /** Needed for `gdrive:` alone: how to sign in, and where to remember what was listed. */
  readonly drive?: DriveAccess & { readonly cache: SqlDatabase; readonly freshMs?: number };
}

/**
 * The address by which every member reaches the same folder: `gdrive:NAME` becomes `gdrive:id=…`; others are that already.
 *
 * @param options.create - Makes the folder if it is missing.
 * @throws {@link ConclaveError} as {@link parseStoreAddress}; `StoreError` `not-found` if there is no such folder.
 */
export async function resolveStoreAddress(
  address: string,
  options: { readonly drive: DriveAccess; readonly create: boolean; readonly signal?: AbortSignal },
): Promise<string> {
  const canonical = parseStoreAddress(address);
  if (!canonical.startsWith("gdrive:") || canonical.startsWith(DRIVE_ID)) return canonical;
  const { drive, create, signal } = options;
  const name = canonical.slice("gdrive:".length);
  return `${DRIVE_ID}${await findDriveFolder(drive, { name, create, ...(signal && { signal }) })}`;
}

/**
 * Opens the store at an address as {@link parseStoreAddress} takes it.
 *
 * @throws {@link ConclaveError} as that; `StoreError` if the storage is not there or lets nobody in.
 */
export async function openStore(address: string, options: OpenStoreOptions): Promise<ObjectStore> {
  const canonical = parseStoreAddress(address);
  if (canonical.startsWith("gdrive:")) return openDriveAddress(canonical, options);
  return openFolderStore({ ...options, path: fileURLToPath(canonical) });
}

const DRIVE_ID = "gdrive:id=";

async function openDriveAddress(address: string, { drive, onForeign, create }: OpenStoreOptions): Promise<ObjectStore> {
  if (drive === undefined) throw new StoreError("Google Drive needs a sign-in, and there is none", { code: "refused" });
  const resolved = await resolveStoreAddress(address, { drive, create: create === true });
  return openDriveStore({ ...drive, folder: resolved.slice(DRIVE_ID.length), ...(onForeign && { onForeign }) });
}

/** The part after `gdrive:`, checked: a folder's id, out of a link too, or its name in My Drive. */
function driveFolder(text: string): string {
  const rest = text.slice("gdrive:".length);
  const id =
    /^(?:id=|https:\/\/drive\.google\.com\/drive\/(?:u\/\d+\/)?folders\/)([A-Za-z0-9_-]{10,128})(?:\?[^#]*)?$/.exec(
      rest,
    )?.[1];
  if (id !== undefined) return `id=${id}`;
  if (/^(?:id=|https?:)/.test(rest))
    throw malformed("a folder's id is what stands after /folders/ in its link on Drive");
  const name = rest.normalize("NFC");
  if (name !== "" && name === name.trim() && name.length <= 255 && !/[\p{Cc}/\\]/u.test(name)) return name;
  throw malformed("write gdrive:NAME for a folder in My Drive, or gdrive:id=FOLDERID for any folder");
}

function folderAddress(path: string): string {
  if (path.includes("\0")) throw malformed("the path of a folder holds a zero byte");
  return pathToFileURL(path).href;
}

function pathOfUrl(text: string): string {
  if (!/^file:\/\//i.test(text)) throw malformed("a file address has three slashes: file:///folder");
  if (/[?#]/.test(text)) throw malformed("a file address holds a bare ? or #; write %3F or %23, or give the path");
  try {
    return resolve(fileURLToPath(text));
  } catch (cause) {
    throw malformed("not the address of a folder on this machine; write file:///folder, or the path itself", cause);
  }
}

function notOpenable(scheme: string): ConclaveError {
  const name = KNOWN_SCHEMES.get(scheme);
  if (name === undefined) {
    return malformed(
      `unknown kind of storage "${scheme}:"; write a folder's path with ./ before it if it holds a colon`,
    );
  }
  return new ConclaveError(`stores on ${name} are not built yet; use a folder that its own client keeps in step`, {
    code: "unsupported",
  });
}

function foreignDrive(): ConclaveError {
  return malformed("a path with a drive letter is for Windows; write ./ before it if it is the name of a folder");
}

function malformed(message: string, cause?: unknown): ConclaveError {
  return new ConclaveError(message, { code: "malformed", cause });
}
