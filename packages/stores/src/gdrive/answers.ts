/** What Drive answers, taken apart with care: nothing in it is trusted. */
import { StoreError } from "@conclave/core";
import type { Answer } from "../http/attempt.ts";

export const FOLDER_TYPE = "application/vnd.google-apps.folder";

/** A file or folder as far as we ask about it. */
export interface DriveFile {
  readonly id: string;
  readonly name: string;
  readonly isFolder: boolean;
  /** Bytes of its own: neither a folder, nor a shortcut, nor a document of Google's. */
  readonly isPlain: boolean;
  readonly parents: readonly string[];
  readonly size: number;
  /** Milliseconds since 1970, by Drive's clock. */
  readonly created: number;
  /** The same of its last change. */
  readonly modified: number;
  readonly sha256: string | undefined;
  readonly sha1: string | undefined;
  readonly trashed: boolean;
  readonly ownedByMe: boolean;
  readonly owner: string | undefined;
  /** The shared drive it lies in. */
  readonly driveId: string | undefined;
  readonly properties: ReadonlyMap<string, string>;
  readonly canDelete: boolean | undefined;
  readonly canTrash: boolean | undefined;
  readonly canAddChildren: boolean | undefined;
}

/** The fields of {@link DriveFile}, as requests name them. */
export const FILE_FIELDS =
  "id,name,mimeType,parents,size,createdTime,modifiedTime,sha256Checksum,sha1Checksum,trashed,ownedByMe,driveId,properties,owners(emailAddress),capabilities(canDelete,canTrash,canAddChildren)";

export interface FilePage {
  readonly files: readonly DriveFile[];
  readonly incomplete: boolean;
  readonly next: string | undefined;
}

export interface DriveChange {
  readonly id: string;
  /** Undefined if it was deleted, or this account may not see it any more. */
  readonly file: DriveFile | undefined;
}

export interface ChangePage {
  readonly changes: readonly DriveChange[];
  /** Where the next page is. */
  readonly next: string | undefined;
  /** Where to go on another time; on the last page only. */
  readonly newStart: string | undefined;
}

export interface DrivePermission {
  readonly id: string;
  readonly type: string;
  readonly role: string;
  readonly account: string | undefined;
}

type Fields = Readonly<Record<string, unknown>>;

/** The JSON object of an answer. Throws StoreError `unavailable` for anything else. */
export function fieldsOf(answer: Answer, doing: string): Fields {
  try {
    return asFields(JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(answer.bytes)));
  } catch (cause) {
    throw new StoreError(`cannot ${doing}: Google Drive answers with something that is not JSON`, {
      code: "unavailable",
      cause,
    });
  }
}

export function toFile(value: unknown): DriveFile {
  const fields = asFields(value);
  const type = textIn(fields, "mimeType") ?? "";
  const capabilities = asFields(fields.capabilities ?? {});
  return {
    id: requiredText(fields, "id"),
    name: textIn(fields, "name") ?? "",
    isFolder: type === FOLDER_TYPE,
    isPlain: !type.startsWith("application/vnd.google-apps."),
    parents: listIn(fields, "parents").filter((each) => typeof each === "string"),
    size: sizeIn(fields),
    created: Date.parse(textIn(fields, "createdTime") ?? "") || 0,
    modified: Date.parse(textIn(fields, "modifiedTime") ?? "") || 0,
    sha256: textIn(fields, "sha256Checksum"),
    sha1: textIn(fields, "sha1Checksum"),
    trashed: fields.trashed === true,
    ownedByMe: fields.ownedByMe === true,
    owner: listIn(fields, "owners").map((each) => textIn(asFields(each), "emailAddress"))[0],
    driveId: textIn(fields, "driveId"),
    properties: new Map(Object.entries(asFields(fields.properties ?? {})).map(([name, text]) => [name, String(text)])),
    canDelete: truthIn(capabilities, "canDelete"),
    canTrash: truthIn(capabilities, "canTrash"),
    canAddChildren: truthIn(capabilities, "canAddChildren"),
  };
}

export function toFilePage(fields: Fields): FilePage {
  return {
    files: listIn(fields, "files").map(toFile),
    incomplete: fields.incompleteSearch === true,
    next: textIn(fields, "nextPageToken"),
  };
}

export function toChangePage(fields: Fields): ChangePage {
  return {
    changes: listIn(fields, "changes").flatMap(toChange),
    next: textIn(fields, "nextPageToken"),
    newStart: textIn(fields, "newStartPageToken"),
  };
}

/** Changes of shared drives themselves name no file, and are none of ours. */
function toChange(value: unknown): DriveChange[] {
  const fields = asFields(value);
  const id = textIn(fields, "fileId");
  if (id === undefined) return [];
  const file = fields.removed === true || fields.file === undefined ? undefined : toFile(fields.file);
  return [{ id, file }];
}

export function toPermissions(fields: Fields): DrivePermission[] {
  return listIn(fields, "permissions").map((each) => {
    const permission = asFields(each);
    return {
      id: requiredText(permission, "id"),
      type: textIn(permission, "type") ?? "",
      role: textIn(permission, "role") ?? "",
      account: textIn(permission, "emailAddress"),
    };
  });
}

export function textIn(fields: Fields, name: string): string | undefined {
  const value = Object.hasOwn(fields, name) ? fields[name] : undefined;
  return typeof value === "string" && value !== "" ? value : undefined;
}

export function listIn(fields: Fields, name: string): readonly unknown[] {
  const value = Object.hasOwn(fields, name) ? fields[name] : undefined;
  return Array.isArray(value) ? value : [];
}

export function asFields(value: unknown): Fields {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Fields;
  throw new StoreError("Google Drive answers in a form that is not its own", { code: "unavailable" });
}

/** What has no bytes has no size. More digits than these no number holds. */
function sizeIn(fields: Fields): number {
  const text = textIn(fields, "size") ?? "0";
  if (/^[0-9]{1,15}$/.test(text)) return Number(text);
  throw new StoreError("Google Drive tells a size that is no number", { code: "unavailable" }); // check: size
}

function requiredText(fields: Fields, name: string): string {
  const text = textIn(fields, name);
  if (text !== undefined) return text;
  throw new StoreError(`Google Drive leaves out ${name} of what it was asked for`, { code: "unavailable" });
}

function truthIn(fields: Fields, name: string): boolean | undefined {
  const value = fields[name];
  return typeof value === "boolean" ? value : undefined;
}
