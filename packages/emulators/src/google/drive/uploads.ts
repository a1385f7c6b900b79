/** Bytes in: in one request beside the metadata, alone, or in a session of several requests. */
import type { Item } from "../../cloud/model.ts";
import { type Answer, type Call, readBody, TooLarge } from "../../http/call.ts";
import { create, fileAnswer, fileOf, update } from "./files.ts";
import { GoogleError, notEmulated } from "./google-error.ts";
import { type Metadata, toMetadata } from "./metadata.ts";
import { parseRelated } from "./multipart.ts";
import { type DriveRequest, parseJson } from "./request.ts";
import { startSession } from "./sessions.ts";

/** `files.create` with bytes. */
export async function uploadNew(request: DriveRequest): Promise<Answer> {
  return upload(request, undefined);
}

/** `files.update` with bytes. */
export async function uploadOver(request: DriveRequest): Promise<Answer> {
  return upload(request, fileOf(request));
}

async function upload(request: DriveRequest, item: Item | undefined): Promise<Answer> {
  const type = request.query.get("uploadType");
  if (type === "resumable") {
    return startSession(request, (metadata, bytesType, chunks) => keep(request, item, metadata, bytesType, chunks));
  }
  const chunks = await readLimited(request);
  if (type === "media") return keep(request, item, toMetadata({}), request.call.headers["content-type"], chunks);
  if (type !== "multipart") throw notEmulated(`the upload type ${type}`);
  const { json, contentType, bytes } = parseRelated(request.call.headers["content-type"] ?? "", chunks);
  return keep(request, item, toMetadata(parseJson(request, json)), contentType, bytes);
}

async function readLimited({ call, google }: { call: Call; google: DriveRequest["google"] }): Promise<Uint8Array[]> {
  try {
    return await readBody(call, google.limits.multipartBytesMax);
  } catch (error) {
    if (!(error instanceof TooLarge)) throw error;
    throw new GoogleError(413, "uploadTooLarge", "Uploads of more than 5 MB must be resumable.");
  }
}

/** Makes a file of what was uploaded, or changes one. */
function keep(
  request: DriveRequest,
  item: Item | undefined,
  metadata: Metadata,
  type: string | undefined,
  chunks: readonly Uint8Array[],
): Answer {
  if (!item) return fileAnswer(request, create(request, metadata, type, chunks));
  update(request, item, metadata, chunks);
  return fileAnswer(request, item);
}
