/** The calls about who may reach a file. */
import { type DrivePermission, textIn, toPermissions } from "./answers.ts";
import { type CallContext, type DriveCalls, filePath } from "./calls.ts";

/** More accounts than a folder of Drive can be shared with. */
const PERMISSIONS_MAX = 1_000;

export class DrivePermissions {
  readonly #calls: DriveCalls;

  constructor(calls: DriveCalls) {
    this.#calls = calls;
  }

  /** Everybody who may reach a file; undefined if there is no such file. */
  async list(id: string, context: CallContext): Promise<DrivePermission[]> {
    const found: DrivePermission[] = [];
    let page: string | undefined;
    do {
      const fields = await this.#calls.json({
        ...context,
        kind: "sharing",
        path: `${filePath(id)}/permissions`,
        query: {
          fields: "nextPageToken,permissions(id,type,role,emailAddress)",
          pageSize: "100",
          ...(page !== undefined && { pageToken: page }),
        },
      });
      found.push(...toPermissions(fields));
      page = textIn(fields, "nextPageToken");
    } while (page !== undefined && found.length < PERMISSIONS_MAX);
    return found;
  }

  async grant(
    id: string,
    permission: { readonly account: string; readonly role: "reader" | "writer" },
    context: CallContext,
  ): Promise<void> {
    await this.#calls.json({
      ...context,
      kind: "sharing",
      method: "POST",
      path: `${filePath(id)}/permissions`,
      query: { sendNotificationEmail: "false", fields: "id" },
      json: { type: "user", role: permission.role, emailAddress: permission.account },
      pace: "write",
    });
  }

  async changeRole(id: string, permission: string, role: "reader" | "writer", context: CallContext): Promise<void> {
    await this.#calls.json({
      ...context,
      kind: "sharing",
      method: "PATCH",
      path: `${filePath(id)}/permissions/${encodeURIComponent(permission)}`,
      query: { fields: "id" },
      json: { role },
      pace: "write",
    });
  }

  async withdraw(id: string, permission: string, context: CallContext): Promise<"withdrawn" | "absent" | "refused"> {
    const answer = await this.#calls.send({
      ...context,
      kind: "sharing",
      method: "DELETE",
      path: `${filePath(id)}/permissions/${encodeURIComponent(permission)}`,
      understands: [403],
      pace: "write",
    });
    if (answer.status === 403) return "refused";
    if (answer.status === 404) return answer.retried ? "withdrawn" : "absent";
    return "withdrawn";
  }
}
