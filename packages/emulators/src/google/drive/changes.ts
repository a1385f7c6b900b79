/** The methods of `changes`. */
import { isVisible } from "../../cloud/access.ts";
import { changesAfter, lastChange } from "../../cloud/feed.ts";
import type { Change } from "../../cloud/model.ts";
import type { Answer } from "../../http/call.ts";
import { GoogleError, invalid } from "./google-error.ts";
import { answer, type DriveRequest, flag, whole } from "./request.ts";
import { fileResource, time } from "./resources.ts";

const BY_DEFAULT =
  "kind,nextPageToken,newStartPageToken,changes(kind,type,changeType,time,removed,fileId,driveId,file(kind,id,name,mimeType))";

/** `changes.getStartPageToken`: where a client that has listed everything goes on. */
export function getStartPageToken(request: DriveRequest): Answer {
  const startPageToken = String(lastChange(request.google.cloud, feedId(request)) + 1);
  return answer(request, "startPageToken", { kind: "drive#startPageToken", startPageToken }, "*");
}

/** `changes.list`: of each file its last change, and the file as it is now. */
export function listChanges(request: DriveRequest): Answer {
  const { cloud } = request.google;
  const id = feedId(request);
  const token = request.query.get("pageToken");
  if (token === null) throw new GoogleError(400, "required", "Required parameter: pageToken", "pageToken");
  if (!/^\d+$/.test(token)) throw invalid("pageToken", "Invalid Value");
  const wanted = whole(request, "pageSize", { min: 1, max: 1000, missing: 100 });
  const all = changesAfter(cloud, id, Number(token) - 1);
  const shown = all.slice(0, Math.min(wanted, request.google.limits.pageSizeMax));
  const isLast = shown.length === all.length;
  const end = isLast ? lastChange(cloud, id) : (shown.at(-1)?.number ?? 0);
  const next = isLast ? { newStartPageToken: String(end + 1) } : { nextPageToken: String(end + 1) };
  const changes = shown.flatMap((change) => toResource(request, change));
  return answer(request, "changeList", { kind: "drive#changeList", ...next, changes }, BY_DEFAULT);
}

function feedId(request: DriveRequest): string {
  const { google, viewer, query } = request;
  const driveId = query.get("driveId") ?? query.get("teamDriveId");
  if (driveId === null) return viewer.userId;
  const root = google.cloud.items.get(driveId);
  if (root && google.cloud.drives.has(driveId) && isVisible(google.cloud, viewer, root)) return driveId;
  throw new GoogleError(404, "notFound", `Shared drive not found: ${driveId}`, "driveId");
}

function toResource(request: DriveRequest, { itemId: fileId, atMs }: Change): object[] {
  const { cloud } = request.google;
  const item = cloud.items.get(fileId);
  const isThere = item !== undefined && isVisible(cloud, request.viewer, item, { byLink: false });
  if (isThere ? isLeftOut(request, item.driveId) : !flag(request, "includeRemoved", true)) return [];
  const change = {
    kind: "drive#change",
    type: "file",
    changeType: "file",
    time: time(atMs),
    removed: !isThere,
    fileId,
  };
  return [{ ...change, ...(isThere && { file: fileResource(cloud, request.viewer, item) }) }];
}

function isLeftOut(request: DriveRequest, driveId: string | undefined): boolean {
  if (driveId === undefined) return request.query.has("driveId");
  if (flag(request, "restrictToMyDrive")) return true;
  return !(flag(request, "includeItemsFromAllDrives") || flag(request, "includeTeamDriveItems"));
}
