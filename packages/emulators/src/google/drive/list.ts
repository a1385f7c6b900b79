/** `files.list`. */
import { isVisible } from "../../cloud/access.ts";
import { isListed } from "../../cloud/items.ts";
import type { Item } from "../../cloud/model.ts";
import type { Answer } from "../../http/call.ts";
import { GoogleError, invalid, notEmulated } from "./google-error.ts";
import { page, pageToken } from "./pages.ts";
import { parseQuery } from "./query.ts";
import { answer, type DriveRequest, flag } from "./request.ts";
import { fileResource, typeOf } from "./resources.ts";

const BY_DEFAULT = "kind,incompleteSearch,nextPageToken,files(kind,id,name,mimeType,driveId,teamDriveId)";

/** Finds what the person can see and the search means. */
export function list(request: DriveRequest): Answer {
  const { cloud, limits } = request.google;
  const { viewer, query } = request;
  const incompleteSearch = limits.searchesAreIncomplete;
  if ((query.get("spaces") ?? "drive") !== "drive") throw notEmulated(`the spaces ${query.get("spaces")}`);
  const isInCorpus = corpus(request);
  const isMeant = parseQuery(query.get("q") ?? "");
  const found = [...cloud.items.values()].filter(
    (item) =>
      !cloud.drives.has(item.id) &&
      isInCorpus(item) &&
      isListed(cloud, item) &&
      isMeant({ cloud, viewer }, item) &&
      isVisible(cloud, viewer, item, { byLink: false }),
  );
  const sorted = found.sort(order(query.get("orderBy"))).filter((_, at) => !incompleteSearch || at % 2 === 0);
  const shown = page(request, sorted, { max: 1000, missing: 100 });
  const files = shown.entries.map((item) => fileResource(cloud, viewer, item));
  return answer(
    request,
    "fileList",
    { kind: "drive#fileList", ...pageToken(shown), incompleteSearch, files },
    BY_DEFAULT,
  );
}

/** Where the search looks: the person's files, one shared drive, or both. */
function corpus(request: DriveRequest): (item: Item) => boolean {
  const { query, google, viewer } = request;
  const driveId = query.get("driveId") ?? query.get("teamDriveId");
  const corpora = query.get("corpora") ?? (driveId === null ? "user" : "drive");
  const withDrives = flag(request, "includeItemsFromAllDrives") || flag(request, "includeTeamDriveItems");
  const knowsDrives = flag(request, "supportsAllDrives") || flag(request, "supportsTeamDrives");
  const root = google.cloud.users.get(viewer.userId)?.rootId;
  switch (corpora) {
    case "user":
    case "allDrives":
      return (item) => item.id !== root && (item.driveId === undefined || (withDrives && knowsDrives));
    case "drive":
    case "teamDrive":
      requireDrive(request, driveId, withDrives && knowsDrives);
      return (item) => item.driveId === driveId;
    default:
      throw notEmulated(`the corpora ${corpora}`);
  }
}

function requireDrive({ google, viewer }: DriveRequest, driveId: string | null, isKnown: boolean): void {
  if (driveId === null) throw invalid("driveId", "The driveId parameter must be specified with this corpora.");
  if (!isKnown) {
    const why = "includeItemsFromAllDrives and supportsAllDrives must be true with this corpora.";
    throw new GoogleError(403, "teamDrivesParentLimit", why, "includeItemsFromAllDrives");
  }
  const root = google.cloud.items.get(driveId);
  if (root && google.cloud.drives.has(driveId) && isVisible(google.cloud, viewer, root)) return;
  throw new GoogleError(404, "notFound", `Shared drive not found: ${driveId}`, "driveId");
}

const KEYS: Readonly<Record<string, (item: Item) => string | number>> = {
  name: (item) => item.name,
  name_natural: (item) => item.name,
  createdTime: (item) => item.createdMs,
  modifiedTime: (item) => item.modifiedMs,
  folder: (item) => (item.isFolder ? 0 : 1),
  quotaBytesUsed: (item) => item.revisions.at(-1)?.contents.sizeBytes ?? 0,
  mimeType: typeOf,
};

/** Without a wish, Google promises no order: here it is the newest first, so that nobody takes it for the oldest. */
function order(text: string | null): (one: Item, other: Item) => number {
  const wishes = (text ?? "")
    .split(",")
    .filter((wish) => wish.trim() !== "")
    .map(parseWish);
  if (wishes.length === 0) return (one, other) => other.createdMs - one.createdMs;
  return (one, other) => {
    for (const { key, sign } of wishes) {
      const [first, second] = [key(one), key(other)];
      if (first !== second) return first < second ? -sign : sign;
    }
    return 0;
  };
}

function parseWish(wish: string): { key: (item: Item) => string | number; sign: number } {
  const [name = "", direction] = wish.trim().split(/\s+/);
  const key = KEYS[name];
  if (!key || (direction !== undefined && direction !== "desc")) throw invalid("orderBy", "Invalid Value");
  return { key, sign: direction === "desc" ? -1 : 1 };
}
