/** `about.get`, and the methods of `drives`. */
import { isVisible } from "../../cloud/access.ts";
import { userOf } from "../../cloud/items.ts";
import type { SharedDrive } from "../../cloud/model.ts";
import { usageOf } from "../../cloud/quota.ts";
import type { Answer } from "../../http/call.ts";
import { GoogleError, notEmulated } from "./google-error.ts";
import { page, pageToken } from "./pages.ts";
import { answer, type DriveRequest, pathPart } from "./request.ts";
import { driveResource, userResource } from "./resources.ts";

/** The largest file that Drive takes. */
const UPLOAD_BYTES_MAX = 5_497_558_138_880;

/** `about.get`: who is signed in, and how much they store. Google wants to be told which fields. */
export function about(request: DriveRequest): Answer {
  const { google, viewer, query } = request;
  if (!query.has("fields")) {
    throw new GoogleError(400, "required", "The 'fields' parameter is required for this method.", "fields");
  }
  const { usedBytes, trashBytes } = usageOf(google.cloud, viewer.userId);
  const { quotaBytes } = userOf(google.cloud, viewer.userId);
  const usage = { usage: String(usedBytes), usageInDrive: String(usedBytes), usageInDriveTrash: String(trashBytes) };
  const value = {
    kind: "drive#about",
    user: userResource(google.cloud, viewer, viewer.userId),
    storageQuota: quotaBytes === undefined ? usage : { limit: String(quotaBytes), ...usage },
    importFormats: {},
    exportFormats: {},
    maxImportSizes: {},
    maxUploadSize: String(UPLOAD_BYTES_MAX),
    appInstalled: false,
    folderColorPalette: [],
    driveThemes: [],
    canCreateDrives: false,
  };
  return answer(request, "about", value, "*");
}

function visibleDrives({ google, viewer }: DriveRequest): SharedDrive[] {
  return [...google.cloud.drives.values()].filter(({ id }) => {
    const root = google.cloud.items.get(id);
    return root !== undefined && isVisible(google.cloud, viewer, root);
  });
}

/** `drives.list`. */
export function listDrives(request: DriveRequest): Answer {
  if (request.query.has("q")) throw notEmulated("searching for shared drives");
  const shown = page(request, visibleDrives(request), { max: 100, missing: 10 });
  const list = { kind: "drive#driveList", ...pageToken(shown), drives: shown.entries.map(driveResource) };
  return answer(request, "driveList", list, "kind,nextPageToken,drives(kind,id,name)");
}

/** `drives.get`. */
export function getDrive(request: DriveRequest): Answer {
  const driveId = pathPart(request, "driveId");
  const drive = visibleDrives(request).find(({ id }) => id === driveId);
  if (!drive) throw new GoogleError(404, "notFound", `Shared drive not found: ${driveId}`, "driveId");
  return answer(request, "drive", driveResource(drive), "kind,id,name");
}
