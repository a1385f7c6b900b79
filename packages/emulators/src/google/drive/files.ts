/** The methods of `files` but for listing, uploads and downloads. */
import { requireRight, rightsOf, visibleItem } from "../../cloud/access.ts";
import { slice } from "../../cloud/contents.ts";
import {
  changeItem,
  createItem,
  deleteItem,
  detachItem,
  emptyTrash,
  moveItem,
  replaceContents,
  setTrashed,
} from "../../cloud/items.ts";
import type { Item } from "../../cloud/model.ts";
import { newId } from "../../cloud/new-item.ts";
import { type Answer, emptyAnswer } from "../../http/call.ts";
import { takeCreation } from "./creation-rate.ts";
import { GoogleError, invalid, notEmulated } from "./google-error.ts";
import { type Metadata, toMetadata, write } from "./metadata.ts";
import { answer, type DriveRequest, flag, pathPart, readJson, whole } from "./request.ts";
import { FOLDER_TYPE, fileResource, SHORTCUT_TYPE } from "./resources.ts";

const BY_DEFAULT = "kind,id,name,mimeType,driveId,teamDriveId";
const GOOGLE_TYPES = "application/vnd.google-apps.";

/** The file of the path. Those of shared drives show only to clients that say they know them. */
export function fileOf(request: DriveRequest): Item {
  const id = pathPart(request, "fileId");
  const item = visibleItem(request.google.cloud, request.viewer, id);
  const isKnown = flag(request, "supportsAllDrives") || flag(request, "supportsTeamDrives");
  if (item.driveId === undefined || isKnown) return item;
  throw new GoogleError(404, "notFound", `File not found: ${id}.`, "fileId");
}

/** An answer that describes one file. */
export function fileAnswer(request: DriveRequest, item: Item): Answer {
  return answer(request, "file", fileResource(request.google.cloud, request.viewer, item), BY_DEFAULT);
}

/** Makes a file, folder or shortcut of what the client wrote, with `chunks` as its bytes. */
export function create(
  request: DriveRequest,
  metadata: Metadata,
  type: string | undefined,
  chunks: readonly Uint8Array[],
): Item {
  const { google, viewer } = request;
  const mimeType = metadata.mimeType ?? type ?? "application/octet-stream";
  const isFolder = mimeType === FOLDER_TYPE;
  const isShortcut = mimeType === SHORTCUT_TYPE;
  const hasBytes = !isFolder && !isShortcut;
  if (hasBytes && mimeType.startsWith(GOOGLE_TYPES)) throw notEmulated(`files of type ${mimeType}`);
  takeCreation(google, viewer.userId);
  const [parentId] = metadata.parents ?? [];
  const { id, targetId, createdMs, modifiedMs } = metadata;
  const named = { name: metadata.name ?? "Untitled", mimeType: hasBytes ? mimeType : "", isFolder };
  const given = Object.fromEntries(
    Object.entries({ id, targetId, createdMs, modifiedMs, parentId }).filter(([, value]) => value !== undefined),
  );
  const item = createItem(google.cloud, viewer, { ...named, ...given }, hasBytes ? chunks : undefined);
  write(metadata, item, viewer.userId);
  return item;
}

/** Does what an update asks for. Moving and trashing have rights of their own. */
export function update(
  request: DriveRequest,
  item: Item,
  metadata: Metadata,
  chunks: readonly Uint8Array[] | undefined,
): void {
  const { google, viewer } = request;
  const { cloud } = google;
  if (metadata.parents !== undefined) {
    throw new GoogleError(
      403,
      "fieldNotWritable",
      "The parents field is not directly writable in update requests.",
      "parents",
    );
  }
  if (metadata.writersCanShare !== undefined) requireRight(cloud, viewer, item, "canShare");
  rearrange(request, item);
  if (metadata.trashed !== undefined) setTrashed(cloud, viewer, item, metadata.trashed);
  if (chunks) replaceContents(cloud, viewer, item, chunks);
  const { trashed: _, properties, appProperties, ...rest } = metadata;
  const changes = Object.keys(rest).length + properties.size + appProperties.size;
  if (changes > 0) changeItem(cloud, viewer, item, () => write(metadata, item, viewer.userId));
}

function rearrange(request: DriveRequest, item: Item): void {
  const { google, viewer, query } = request;
  const [to, from] = [query.get("addParents"), query.get("removeParents")];
  if (from !== null && !isParent(request, item, from)) {
    if (to === null) return;
    throw new GoogleError(403, "cannotAddParent", "Increasing the number of parents is not allowed.");
  }
  if (to !== null) moveItem(google.cloud, viewer, item, visibleItem(google.cloud, viewer, to));
  else if (from !== null) detachItem(google.cloud, viewer, item);
}

function isParent({ google, viewer }: DriveRequest, item: Item, id: string): boolean {
  return item.parentId !== undefined && visibleItem(google.cloud, viewer, id).id === item.parentId;
}

/** `files.create` without bytes. */
export async function createPlain(request: DriveRequest): Promise<Answer> {
  return fileAnswer(request, create(request, toMetadata(await readJson(request)), undefined, []));
}

/** `files.update` without bytes. */
export async function updatePlain(request: DriveRequest): Promise<Answer> {
  const item = fileOf(request);
  update(request, item, toMetadata(await readJson(request)), undefined);
  // A file that the client has just taken out of its own sight is described a last time.
  return fileAnswer(request, item);
}

/** `files.get`. */
export function getFile(request: DriveRequest): Answer {
  return fileAnswer(request, fileOf(request));
}

/** `files.delete`. */
export function remove(request: DriveRequest): Answer {
  deleteItem(request.google.cloud, request.viewer, fileOf(request));
  return emptyAnswer(204);
}

/** `files.emptyTrash`. */
export function removeTrashed(request: DriveRequest): Answer {
  emptyTrash(request.google.cloud, request.viewer, request.query.get("driveId") ?? undefined);
  return emptyAnswer(204);
}

/** `files.copy`. */
export async function copy(request: DriveRequest): Promise<Answer> {
  const source = fileOf(request);
  const metadata = toMetadata(await readJson(request));
  const head = source.revisions.at(-1);
  if (!head) throw new GoogleError(403, "cannotCopyFile", "This file cannot be copied by the user.");
  const { canEdit } = rightsOf(request.google.cloud, request.viewer.userId, source);
  const parents = metadata.parents ?? (canEdit && source.parentId !== undefined ? [source.parentId] : undefined);
  const named = { name: metadata.name ?? source.name, ...(parents && { parents }) };
  const bytes = slice(head.contents.chunks, 0, head.contents.sizeBytes);
  return fileAnswer(request, create(request, { ...metadata, ...named }, source.mimeType, bytes));
}

/** `files.generateIds`. */
export function generateIds(request: DriveRequest): Answer {
  const space = request.query.get("space") ?? "drive";
  if (space !== "drive") throw notEmulated(`the space ${space}`);
  if ((request.query.get("type") ?? "files") !== "files") throw invalid("type", "Only ids of files are generated.");
  const count = whole(request, "count", { min: 1, max: 1000, missing: 10 });
  const ids = Array.from({ length: count }, () => newId(request.google.cloud));
  return answer(request, "generatedIds", { kind: "drive#generatedIds", space, ids }, "*");
}
