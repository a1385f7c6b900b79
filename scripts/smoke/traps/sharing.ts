/** Two accounts and one folder: who may do what, and how it ends. */
import type { Said } from "../drive-account.ts";
import { changes, startToken } from "./news.ts";
import { outcome, type SharedScene, type Trap } from "./trap.ts";

export const SHARING_TRAPS: readonly Trap<SharedScene>[] = [
  {
    name: "a reader reads, and may do nothing else",
    async observe(scene) {
      const { made, others } = scene;
      const id = await made("a", "hello");
      const shared = outcome(await share(scene, "reader"));
      const isSeen = await others.comes(async () => (await others.listed()).length === 1);
      const bytes = (await others.file(id, { query: { alt: "media" } })).text;
      const refused = [
        await others.upload("b", "1"),
        await others.file(id, { method: "PATCH", json: { name: "c" } }),
        await others.file(id, { method: "DELETE" }),
        await others.file(`${scene.folder}/permissions`),
      ].map(outcome);
      return { shared, isSeen, bytes, refused };
    },
  },
  {
    name: "whoever puts a file owns it, and only its owner deletes it or puts it into the trash",
    async observe(scene) {
      const { file, folder, others } = scene;
      await share(scene, "writer");
      await others.comes(async () => (await others.file(folder)).status === 200);
      const id = await others.made("theirs", "1");
      const { json } = await file(id, { query: { fields: "ownedByMe" } });
      const refused = [
        await file(id, { method: "DELETE" }),
        await file(id, { method: "PATCH", json: { trashed: true } }),
      ].map(outcome);
      const taken = outcome(await file(id, { method: "PATCH", query: { removeParents: folder }, json: {} }));
      const mine = outcome(await file(id));
      const theirs = await others.file(id, { query: { fields: "parents" } });
      const deleted = outcome(await others.file(id, { method: "DELETE" }));
      return {
        ownedByMe: json.ownedByMe,
        refused,
        taken,
        mine,
        theirs: theirs.status,
        isInNone: !theirs.json.parents,
        deleted,
      };
    },
  },
  {
    name: "a role given twice is one role, the last, and another person's account is told by its address",
    async observe(scene) {
      await share(scene, "reader");
      const again = outcome(await share(scene, "writer"));
      const mine = await permissions(scene);
      const { id } = mine.find(({ emailAddress }) => emailAddress === scene.with) ?? { id: "" };
      const json = { role: "reader" };
      const changed = outcome(await scene.file(`${scene.folder}/permissions/${id}`, { method: "PATCH", json }));
      return { again, changed, roles: (await permissions(scene)).map(({ role }) => role).sort() };
    },
  },
  {
    name: "whoever is shut out is told by the feed, and sees nothing any more",
    async observe(scene) {
      const { others, folder, made } = scene;
      await made("a", "1");
      await share(scene, "writer");
      await others.comes(async () => (await others.listed()).length === 1);
      const token = await startToken(others);
      const { id } = (await permissions(scene)).find(({ emailAddress }) => emailAddress === scene.with) ?? { id: "" };
      const withdrawn = outcome(await scene.file(`${folder}/permissions/${id}`, { method: "DELETE" }));
      const isOut = await others.comes(async () => (await others.file(folder)).status === 404);
      const isTold = await others.comes(async () =>
        (await changes(others, token)).some(({ fileId, removed }) => fileId === folder && removed),
      );
      return { withdrawn, isOut, isTold, listed: (await others.listed()).length };
    },
  },
  {
    name: "the owner stays the owner, and what is no address gets no role",
    async observe(scene) {
      const owner = (await permissions(scene)).find(({ role }) => role === "owner");
      const kept = await scene.file(`${scene.folder}/permissions/${owner?.id}`, { method: "DELETE" });
      return { kept: kept.status, nobody: (await share(scene, "reader", "no address")).status };
    },
  },
];

function share(scene: SharedScene, role: string, emailAddress = scene.with): Promise<Said> {
  const json = { type: "user", role, emailAddress };
  return scene.file(`${scene.folder}/permissions`, { method: "POST", query: { sendNotificationEmail: "false" }, json });
}

interface Permission {
  readonly id: string;
  readonly role: string;
  readonly emailAddress?: string;
}

async function permissions(scene: SharedScene): Promise<readonly Permission[]> {
  const said = await scene.file(`${scene.folder}/permissions`, {
    query: { fields: "permissions(id,role,emailAddress)" },
  });
  return (said.json.permissions ?? []) as Permission[];
}
