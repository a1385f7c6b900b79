/** Who can reach the folder on Drive. */
import type { CallOptions, FolderAccess, FolderRight, FolderSharing } from "@conclave/core";
import type { DrivePermission } from "./answers.ts";
import type { DriveClient } from "./client.ts";

/** The account by which a folder that is open to everybody who has its link is listed. */
const ANYONE = "anyone with the link";

const RIGHTS: ReadonlyMap<string, FolderRight> = new Map([
  ["owner", "owner"],
  ["organizer", "owner"],
  ["fileOrganizer", "write"],
  ["writer", "write"],
]);

/** @param root - The folder's id. */
export function folderSharing(client: DriveClient, root: string): FolderSharing {
  let own: string | undefined;
  // Drive does not support several changes of one file's permissions at once: the last would undo the others.
  let last: Promise<unknown> = Promise.resolve();
  const inTurn = <Result>(work: () => Promise<Result>): Promise<Result> => {
    const result = last.then(work, work);
    last = result.catch(() => {});
    return result;
  };

  return {
    async account({ signal }: CallOptions = {}): Promise<string> {
      own ??= await client.account({ doing: "ask which account is signed in", signal });
      return own;
    },

    async list({ signal }: CallOptions = {}): Promise<FolderAccess[]> {
      return (await client.permissions.list(root, { doing: "list who can reach the folder", signal })).map(toAccess);
    },

    grant: (account, right, { signal } = {}) =>
      inTurn(async () => {
        const context = { doing: `share the folder with ${account}`, signal };
        const role = right === "write" ? "writer" : "reader";
        const known = (await client.permissions.list(root, context)).find((each) => isOf(each, account));
        if (known === undefined) return client.permissions.grant(root, { account, role }, context);
        if (known.role === role || toAccess(known).right === "owner") return undefined;
        return client.permissions.changeRole(root, known.id, role, context);
      }),

    withdraw: (account, { signal } = {}) =>
      inTurn(async () => {
        const context = { doing: `withdraw the folder from ${account}`, signal };
        const known = (await client.permissions.list(root, context)).filter((each) => isOf(each, account));
        if (known.length === 0) return "absent";
        if (known.some((each) => toAccess(each).right === "owner")) return "refused";
        const results = [];
        for (const { id } of known) results.push(await client.permissions.withdraw(root, id, context));
        return results.includes("refused") ? "refused" : "withdrawn";
      }),
  };
}

function toAccess({ account, type, role }: DrivePermission): FolderAccess {
  return { account: account ?? (type === "anyone" ? ANYONE : type), right: RIGHTS.get(role) ?? "read" };
}

function isOf(permission: DrivePermission, account: string): boolean {
  return toAccess(permission).account.toLowerCase() === account.toLowerCase();
}
