/** Names, ids, the trash, older states: what becomes of files. */
import { FOLDER_TYPE } from "../own-folder.ts";
import { outcome, type Scene, type Trap } from "./trap.ts";

export const FILE_TRAPS: readonly Trap<Scene>[] = [
  {
    name: "two files and two folders of one name are four things",
    async observe({ made, madeFolder, listed }) {
      const ids = [
        await made("twin", "1"),
        await made("twin", "2"),
        await madeFolder("twin"),
        await madeFolder("twin"),
      ];
      return { ids: new Set(ids).size, listed: (await listed()).length };
    },
  },
  {
    name: "an id that Drive has made up makes one file, however often it is sent",
    async observe({ ask, upload, file, listed }) {
      const { json } = await ask("/drive/v3/files/generateIds", { query: { count: "7", space: "drive" } });
      const ids = json.ids as string[];
      const tries = [await upload("once", "1", { id: ids[0] }), await upload("once", "1", { id: ids[0] })].map(outcome);
      const there = (await listed()).length;
      await file(ids[0] ?? "", { method: "DELETE" });
      const afterwards = outcome(await upload("once", "1", { id: ids[0] }));
      return { ids: new Set(ids).size, tries, there, afterwards };
    },
  },
  {
    name: "a quote and a backslash in a name do not end a query",
    async observe({ made, folder, found }) {
      await made("it's \\ odd ✓", "1");
      return (await found(`name = 'it\\'s \\\\ odd ✓' and '${folder}' in parents`)).map(({ name }) => name);
    },
  },
  {
    name: "the trash hides a file from listings, and it can be taken out again",
    async observe({ made, file, folder, found, listed }) {
      const id = await made("a", "hello");
      const trashed = outcome(await file(id, { method: "PATCH", json: { trashed: true } }));
      const seen = await file(id, { query: { fields: "trashed" } });
      const bytes = (await file(id, { query: { alt: "media" } })).text;
      const inTrash = (await found(`'${folder}' in parents and trashed = true`)).length;
      const left = (await listed()).length;
      const back = outcome(await file(id, { method: "PATCH", json: { trashed: false } }));
      return { trashed, seen: seen.json.trashed, bytes, inTrash, left, back, listed: (await listed()).length };
    },
  },
  {
    name: "what is deleted is gone for good, and so is what lies in a deleted folder",
    async observe({ made, madeFolder, file, listed }) {
      const folder = await madeFolder("below");
      const [one, two] = [await made("one", "1"), await made("two", "2", { parents: [folder] })];
      const deleted = [one, folder, one].map((id) => () => file(id, { method: "DELETE" }));
      const tries: string[] = [];
      for (const each of deleted) tries.push(outcome(await each()));
      return { tries, after: outcome(await file(two)), listed: (await listed()).length };
    },
  },
  {
    name: "older states of a file stay, and can be read",
    async observe({ made, ask, file }) {
      const id = await made("a", "first");
      const update = await ask(`/upload/drive/v3/files/${id}`, {
        method: "PATCH",
        query: { uploadType: "media" },
        headers: { "content-type": "application/octet-stream" },
        body: "second",
      });
      const { json } = await file(`${id}/revisions`, { query: { fields: "revisions(id,size)" } });
      const revisions = (json.revisions ?? []) as { id: string; size: string }[];
      const oldest = await file(`${id}/revisions/${revisions[0]?.id}`, { query: { alt: "media" } });
      return { update: outcome(update), sizes: revisions.map(({ size }) => size), oldest: oldest.text };
    },
  },
  {
    name: "a file that its owner takes out of its only folder is in none",
    async observe({ made, file, folder }) {
      const id = await made("a", "1");
      const taken = await file(id, {
        method: "PATCH",
        query: { removeParents: folder, fields: "id,parents" },
        json: {},
      });
      const { json } = await file(id, { query: { fields: "parents,trashed" } });
      // It lies in the run's folder no more, so nothing else would remove it.
      const deleted = outcome(await file(id, { method: "DELETE" }));
      return { taken: outcome(taken), parents: (json.parents as string[] | undefined)?.length ?? 0, deleted };
    },
  },
  {
    name: "a property holds 124 bytes, key and value together",
    async observe({ upload }) {
      const fits = await upload("a", "1", { properties: { key: "v".repeat(121) } });
      const tooLong = await upload("b", "1", { properties: { key: "v".repeat(122) } });
      return [fits.status, tooLong.status];
    },
  },
  {
    name: "a folder and a shortcut have no bytes",
    async observe({ ask, made, madeFolder, folder, file }) {
      const targetId = await made("a", "1");
      const json = {
        name: "link",
        mimeType: "application/vnd.google-apps.shortcut",
        parents: [folder],
        shortcutDetails: { targetId },
      };
      const shortcut = await ask("/drive/v3/files", { method: "POST", query: { fields: "id,mimeType" }, json });
      const below = await madeFolder("below");
      const asked = [String(shortcut.json.id), below].map((id) => file(id, { query: { alt: "media" } }));
      const { mimeType } = (await file(below, { query: { fields: "mimeType" } })).json;
      return {
        made: outcome(shortcut),
        isFolder: mimeType === FOLDER_TYPE,
        bytes: (await Promise.all(asked)).map(outcome),
      };
    },
  },
];
