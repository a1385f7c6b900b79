/** The calls of Drive's API (v3) that the store needs, each one request; all of them may run twice. */
import { StoreError } from "@conclave/core";
import type { Settled } from "../http/resilient.ts";
import {
  asFields,
  type ChangePage,
  type DriveFile,
  FILE_FIELDS,
  type FilePage,
  FOLDER_TYPE,
  fieldsOf,
  listIn,
  textIn,
  toChangePage,
  toFile,
  toFilePage,
} from "./answers.ts";
import { type Call, type CallContext, DriveCalls, type DriveClientOptions, filePath } from "./calls.ts";
import { ABUSIVE } from "./judge.ts";
import { DrivePermissions } from "./permissions.ts";
import { DriveUploads, type NewFile } from "./upload-calls.ts";

/** Files, folders and the feed of changes; uploads and permissions are rooms of their own. */
export class DriveClient {
  readonly #calls: DriveCalls;
  readonly uploads: DriveUploads;
  readonly permissions: DrivePermissions;

  constructor(options: DriveClientOptions) {
    this.#calls = new DriveCalls(options);
    this.uploads = new DriveUploads(this.#calls);
    this.permissions = new DrivePermissions(this.#calls);
  }

  get counts(): ReadonlyMap<string, number> {
    return this.#calls.http.counts;
  }

  /** The account that is signed in, as an address. */
  async account(context: CallContext): Promise<string> {
    const fields = await this.#calls.json({
      ...context,
      kind: "about",
      path: "about",
      query: { fields: "user(emailAddress)" },
    });
    const account = textIn(asFields(fields.user), "emailAddress");
    if (account === undefined) throw new StoreError("Google Drive does not tell the account", { code: "unavailable" });
    return account;
  }

  /** Undefined if there is none, or this account may not see it. */
  async file(id: string, context: CallContext): Promise<DriveFile | undefined> {
    const answer = await this.#calls.send({
      ...context,
      kind: "file",
      path: filePath(id),
      query: { fields: FILE_FIELDS },
    });
    return answer.status === 404 ? undefined : toFile(fieldsOf(answer, context.doing));
  }

  /** One page of what a query finds. `driveId` names the shared drive to look in. */
  async files(
    query: { readonly q: string; readonly page?: string | undefined; readonly driveId?: string | undefined },
    context: CallContext,
  ): Promise<FilePage> {
    const { q, page, driveId } = query;
    const fields = await this.#calls.json({
      ...context,
      kind: "list",
      path: "files",
      query: {
        q,
        fields: `nextPageToken,incompleteSearch,files(${FILE_FIELDS})`,
        pageSize: "1000",
        includeItemsFromAllDrives: "true",
        ...(driveId !== undefined && { corpora: "drive", driveId }),
        ...(page !== undefined && { pageToken: page }),
      },
    });
    return toFilePage(fields);
  }

  /** Where the feed of changes stands now. */
  async startToken(driveId: string | undefined, context: CallContext): Promise<string> {
    const query = driveId === undefined ? {} : { driveId };
    const fields = await this.#calls.json({ ...context, kind: "changes", path: "changes/startPageToken", query });
    const token = textIn(fields, "startPageToken");
    if (token === undefined) throw new StoreError("Google Drive gives no token for changes", { code: "unavailable" });
    return token;
  }

  /** One page of the feed; undefined if the token is not good any more. */
  async changes(token: string, driveId: string | undefined, context: CallContext): Promise<ChangePage | undefined> {
    const answer = await this.#calls.send({
      ...context,
      kind: "changes",
      path: "changes",
      query: {
        pageToken: token,
        pageSize: "1000",
        includeRemoved: "true",
        includeItemsFromAllDrives: "true",
        fields: `nextPageToken,newStartPageToken,changes(fileId,removed,file(${FILE_FIELDS}))`,
        ...(driveId !== undefined && { driveId }),
      },
      understands: [400, 403],
    });
    return answer.status >= 400 ? undefined : toChangePage(fieldsOf(answer, context.doing));
  }

  /** Ids that new files may be made with, so that no lost answer makes a second file. */
  async newIds(count: number, context: CallContext): Promise<string[]> {
    const query = { count: String(count), space: "drive", type: "files" };
    const fields = await this.#calls.json({ ...context, kind: "ids", path: "files/generateIds", query });
    return listIn(fields, "ids").filter((id) => typeof id === "string");
  }

  /** Makes a folder; undefined if something has that id already. */
  async makeFolder(folder: NewFile, context: CallContext): Promise<DriveFile | undefined> {
    const answer = await this.#calls.send({
      ...context,
      kind: "folder",
      method: "POST",
      path: "files",
      query: { fields: FILE_FIELDS },
      json: { ...folder, mimeType: FOLDER_TYPE },
      pace: "write",
    });
    return answer.status === 409 ? undefined : this.#calls.made(answer, context);
  }

  /**
   * A file's bytes, or a range of them, as the server answers.
   *
   * @param options.acknowledgesAbuse - Asks again as one who knows what Drive takes for malware, which only a file's owner
   *   may: for objects, which are ciphertext that nobody runs.
   */
  async download(
    id: string,
    options: { readonly range: string | undefined; readonly bytesMax: number; readonly acknowledgesAbuse: boolean },
    context: CallContext,
  ): Promise<Settled> {
    const call: Call = {
      ...context,
      kind: "get",
      path: filePath(id),
      query: { alt: "media" },
      headers: options.range === undefined ? {} : { range: options.range },
      bytesMax: options.bytesMax,
    };
    const answer = await this.#calls.send({ ...call, understandsReasons: options.acknowledgesAbuse ? [ABUSIVE] : [] });
    if (answer.status !== 403) return answer;
    return this.#calls.send({ ...call, query: { ...call.query, acknowledgeAbuse: "true" } });
  }

  /** Deletes a file for good, past any trash. */
  async delete(id: string, context: CallContext): Promise<"deleted" | "absent" | "refused"> {
    const answer = await this.#calls.send({
      ...context,
      kind: "delete",
      method: "DELETE",
      path: filePath(id),
      understands: [403],
      pace: "write",
    });
    if (answer.status === 403) return "refused";
    // Who asked twice because the first answer was lost has deleted it.
    if (answer.status === 404) return answer.retried ? "deleted" : "absent";
    return "deleted";
  }

  /** Takes a file out of a folder, or puts it into the trash. */
  async update(
    id: string,
    change: { readonly removeParent: string } | { readonly trashed: true },
    context: CallContext,
  ): Promise<"done" | "absent" | "refused"> {
    const answer = await this.#calls.send({
      ...context,
      kind: "update",
      method: "PATCH",
      path: filePath(id),
      query: { fields: "id", ...("removeParent" in change && { removeParents: change.removeParent }) },
      json: "trashed" in change ? change : {},
      understands: [403],
      pace: "write",
    });
    if (answer.status === 403) return "refused";
    return answer.status === 404 ? "absent" : "done";
  }
}
