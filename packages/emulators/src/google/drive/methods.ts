/** The methods of the API: where each is found, and which parameters the emulator knows of it. */
import type { Answer } from "../../http/call.ts";
import { about, getDrive, listDrives } from "./account.ts";
import { getStartPageToken, listChanges } from "./changes.ts";
import { download } from "./download.ts";
import { copy, createPlain, generateIds, getFile, remove, removeTrashed, updatePlain } from "./files.ts";
import { list } from "./list.ts";
import { createPermission, deletePermission, getPermission, listPermissions, updatePermission } from "./permissions.ts";
import type { DriveRequest } from "./request.ts";
import { deleteRevision, getRevision, listRevisions } from "./revisions.ts";
import { uploadNew, uploadOver } from "./uploads.ts";

/** One method. */
export interface Method {
  /** As Google's documentation calls it; downloads and uploads are told apart. */
  readonly kind: string;
  readonly verb: string;
  /** With `:names` for its variable parts. */
  readonly path: string;
  /** Parameters that have an effect here, or none that a test would see. Others are refused. */
  readonly parameters: readonly string[];
  /** Whether an app that may only read may call it. */
  readonly isReading: boolean;
  perform(request: DriveRequest): Answer | Promise<Answer>;
}

/** Parameters of every method. Answers are always printed for people. */
const COMMON = ["alt", "fields", "prettyPrint", "quotaUser", "key", "access_token"];
const DRIVES = ["supportsAllDrives", "supportsTeamDrives", "enforceSingleParent"];
const PAGED = ["pageSize", "pageToken"];
const LISTED = ["includeItemsFromAllDrives", "includeTeamDriveItems", "driveId", "teamDriveId", "spaces"];
const WRITTEN = [...DRIVES, "keepRevisionForever", "ignoreDefaultVisibility", "uploadType"];
const MOVED = [...WRITTEN, "addParents", "removeParents"];
const SHARED = [...DRIVES, "sendNotificationEmail", "emailMessage", "transferOwnership"];
const FILES = "/drive/v3/files";
const FILE = `${FILES}/:fileId`;

function reading(kind: string, path: string, parameters: readonly string[], perform: Method["perform"]): Method {
  return { kind, verb: "GET", path, parameters: [...COMMON, ...parameters], isReading: true, perform };
}

function writing(
  kind: string,
  [verb, path]: readonly [verb: string, path: string],
  parameters: readonly string[],
  perform: Method["perform"],
): Method {
  return { kind, verb, path, parameters: [...COMMON, ...parameters], isReading: false, perform };
}

/** All methods; the first that fits is meant. */
export const METHODS: readonly Method[] = [
  reading("about.get", "/drive/v3/about", [], about),
  reading("drives.list", "/drive/v3/drives", [...PAGED, "q"], listDrives),
  reading("drives.get", "/drive/v3/drives/:driveId", [], getDrive),
  reading("changes.getStartPageToken", "/drive/v3/changes/startPageToken", [...DRIVES, ...LISTED], getStartPageToken),
  reading(
    "changes.list",
    "/drive/v3/changes",
    [...DRIVES, ...LISTED, ...PAGED, "includeRemoved", "restrictToMyDrive"],
    listChanges,
  ),
  reading("files.generateIds", `${FILES}/generateIds`, ["count", "space", "type"], generateIds),
  reading("files.list", FILES, [...DRIVES, ...LISTED, ...PAGED, "q", "corpora", "orderBy"], list),
  writing("files.emptyTrash", ["DELETE", `${FILES}/trash`], [...DRIVES, "driveId"], removeTrashed),
  reading("files.get", FILE, [...DRIVES, "acknowledgeAbuse"], (request) =>
    request.query.get("alt") === "media" ? download(request) : getFile(request),
  ),
  writing("files.create", ["POST", FILES], WRITTEN, createPlain),
  writing("files.update", ["PATCH", FILE], MOVED, updatePlain),
  writing("files.delete", ["DELETE", FILE], DRIVES, remove),
  writing("files.copy", ["POST", `${FILE}/copy`], WRITTEN, copy),
  writing("upload.create", ["POST", `/upload${FILES}`], WRITTEN, uploadNew),
  writing("upload.update", ["PATCH", `/upload${FILE}`], MOVED, uploadOver),
  reading("permissions.list", `${FILE}/permissions`, [...DRIVES, ...PAGED], listPermissions),
  reading("permissions.get", `${FILE}/permissions/:permissionId`, DRIVES, getPermission),
  writing("permissions.create", ["POST", `${FILE}/permissions`], SHARED, createPermission),
  writing("permissions.update", ["PATCH", `${FILE}/permissions/:permissionId`], SHARED, updatePermission),
  writing("permissions.delete", ["DELETE", `${FILE}/permissions/:permissionId`], DRIVES, deletePermission),
  reading("revisions.list", `${FILE}/revisions`, PAGED, listRevisions),
  reading("revisions.get", `${FILE}/revisions/:revisionId`, ["acknowledgeAbuse"], getRevision),
  writing("revisions.delete", ["DELETE", `${FILE}/revisions/:revisionId`], [], deleteRevision),
];
