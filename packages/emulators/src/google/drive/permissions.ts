/** The methods of `permissions`. */
import { effectivePermissions } from "../../cloud/access.ts";
import { type Item, type Permission, ROLES, type Role } from "../../cloud/model.ts";
import { canSeePermissions, changeRole, findPermission, share, unshare } from "../../cloud/sharing.ts";
import { type Answer, emptyAnswer } from "../../http/call.ts";
import { fileOf } from "./files.ts";
import { GoogleError, invalid, notEmulated } from "./google-error.ts";
import { page, pageToken } from "./pages.ts";
import { answer, type DriveRequest, pathPart, readJson } from "./request.ts";
import { permissionResource } from "./resources.ts";

const FIELDS = "kind,id,type,role";

function permissionAnswer(request: DriveRequest, item: Item, permission: Permission): Answer {
  return answer(request, "permission", permissionResource(request.google.cloud, item, permission), FIELDS);
}

function shownFile(request: DriveRequest): Item {
  const item = fileOf(request);
  if (canSeePermissions(request.google.cloud, request.viewer, item)) return item;
  const why = "The user does not have sufficient permissions for this file.";
  throw new GoogleError(403, "insufficientFilePermissions", why);
}

/** `permissions.list`. */
export function listPermissions(request: DriveRequest): Answer {
  const item = shownFile(request);
  const { cloud } = request.google;
  const shown = page(request, effectivePermissions(cloud, item), { max: 100, missing: 100 });
  const permissions = shown.entries.map((permission) => permissionResource(cloud, item, permission));
  const list = { kind: "drive#permissionList", ...pageToken(shown), permissions };
  return answer(request, "permissionList", list, `kind,nextPageToken,permissions(${FIELDS})`);
}

/** `permissions.get`. */
export function getPermission(request: DriveRequest): Answer {
  const item = shownFile(request);
  return permissionAnswer(request, item, findPermission(request.google.cloud, item, pathPart(request, "permissionId")));
}

/** `permissions.create`. Sends no mail, whatever the client wishes. */
export async function createPermission(request: DriveRequest): Promise<Answer> {
  const item = fileOf(request);
  const json = await readJson(request);
  const to = { ...recipient(json), role: toRole(json.role) };
  return permissionAnswer(request, item, share(request.google.cloud, request.viewer, item, to));
}

function recipient({ type, emailAddress }: Readonly<Record<string, unknown>>): { readonly email?: string } {
  if (type === "anyone") return {};
  if (type !== "user") throw notEmulated(`permissions of type ${type}`);
  if (typeof emailAddress !== "string" || !/^[^@\s]+@[^@\s]+$/.test(emailAddress)) {
    throw new GoogleError(400, "invalidSharingRequest", "The specified emailAddress is invalid or not applicable.");
  }
  return { email: emailAddress };
}

function toRole(text: unknown): Role {
  const role = ROLES.find((each) => each === text);
  if (!role) throw invalid("permission.role", "The specified role is invalid or not supported.");
  if (role === "owner") throw notEmulated("how to give ownership away");
  return role;
}

/** `permissions.update`. */
export async function updatePermission(request: DriveRequest): Promise<Answer> {
  const item = fileOf(request);
  const role = toRole((await readJson(request)).role);
  const id = pathPart(request, "permissionId");
  return permissionAnswer(request, item, changeRole(request.google.cloud, request.viewer, item, id, role));
}

/** `permissions.delete`. */
export function deletePermission(request: DriveRequest): Answer {
  unshare(request.google.cloud, request.viewer, fileOf(request), pathPart(request, "permissionId"));
  return emptyAnswer(204);
}
