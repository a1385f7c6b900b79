/** The methods of `revisions`: older states of a file's bytes. */
import { requireRight } from "../../cloud/access.ts";
import type { Item, Revision } from "../../cloud/model.ts";
import { type Answer, emptyAnswer } from "../../http/call.ts";
import { media } from "./download.ts";
import { fileOf } from "./files.ts";
import { GoogleError } from "./google-error.ts";
import { page, pageToken } from "./pages.ts";
import { answer, type DriveRequest, pathPart } from "./request.ts";
import { revisionResource } from "./resources.ts";

const FIELDS = "kind,id,mimeType,modifiedTime";

function revisionOf(request: DriveRequest): { readonly item: Item; readonly revision: Revision } {
  const item = editableFile(request);
  const id = pathPart(request, "revisionId");
  const revision = item.revisions.find((each) => each.id === id);
  if (!revision) throw new GoogleError(404, "notFound", `Revision not found: ${id}.`, "revisionId");
  return { item, revision };
}

function editableFile(request: DriveRequest): Item {
  const item = fileOf(request);
  requireRight(request.google.cloud, request.viewer, item, "canEdit");
  return item;
}

/** `revisions.list`, oldest first. */
export function listRevisions(request: DriveRequest): Answer {
  const item = editableFile(request);
  const shown = page(request, item.revisions, { max: 1000, missing: 200 });
  const revisions = shown.entries.map((revision) => revisionResource(item, revision));
  const list = { kind: "drive#revisionList", ...pageToken(shown), revisions };
  return answer(request, "revisionList", list, `kind,nextPageToken,revisions(${FIELDS})`);
}

/** `revisions.get`, with `alt=media` its bytes. */
export function getRevision(request: DriveRequest): Answer {
  const { item, revision } = revisionOf(request);
  if (request.query.get("alt") === "media") return media(request, item, revision.contents);
  return answer(request, "revision", revisionResource(item, revision), FIELDS);
}

/** `revisions.delete`. The last one stays. */
export function deleteRevision(request: DriveRequest): Answer {
  const { item, revision } = revisionOf(request);
  if (item.revisions.length === 1) {
    throw new GoogleError(400, "cannotDeleteOnlyRevision", "The only revision of a file cannot be deleted.");
  }
  item.revisions.splice(item.revisions.indexOf(revision), 1);
  return emptyAnswer(204);
}
