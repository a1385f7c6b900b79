/** How news travels: what listings and the feed of changes show, and when. */
import { outcome, type Scene, type Trap } from "./trap.ts";

export const NEWS_TRAPS: readonly Trap<Scene>[] = [
  {
    name: "a new file is in listings at once: of its folder, by its name, by its property",
    async observe({ made, folder, found, listed }) {
      await made("new", "1", { properties: { "conclave-folder": folder } });
      const byName = await found(`name = 'new' and '${folder}' in parents and trashed = false`);
      const byProperty = await found(
        `'me' in owners and properties has { key='conclave-folder' and value='${folder}' }`,
      );
      return { inFolder: (await listed()).length, byName: byName.length, byProperty: byProperty.length };
    },
  },
  {
    name: "a listing in pages shows everything once, and says that it looked everywhere",
    async observe({ made, ask, folder, found }) {
      for (const name of ["a", "b", "c"]) await made(name, name);
      const q = `'${folder}' in parents and trashed = false`;
      const whole = await ask("/drive/v3/files", { query: { q, fields: "incompleteSearch" } });
      const names = (await found(q, { pageSize: "2" })).map(({ name }) => name);
      return { names: names.sort(), incomplete: whole.json.incompleteSearch };
    },
  },
  {
    name: "the feed tells of a file that is made, trashed and deleted",
    async observe(scene) {
      const { made, file, comes } = scene;
      const token = await startToken(scene);
      const id = await made("a", "1");
      const changed = (test: (change: Change) => boolean) =>
        comes(async () => (await changes(scene, token)).some((change) => change.fileId === id && test(change)));
      const isMade = await changed(({ removed }) => !removed);
      await file(id, { method: "PATCH", json: { trashed: true } });
      const isTrashed = await changed((change) => change.file?.trashed === true);
      await file(id, { method: "DELETE" });
      return { isMade, isTrashed, isRemoved: await changed(({ removed }) => removed) };
    },
  },
  {
    name: "a token that the feed never gave is refused",
    observe: async ({ ask }) => (await ask("/drive/v3/changes", { query: { pageToken: "nonsense" } })).status,
  },
  {
    name: "a property that is searched for is found exactly, not by its beginning",
    async observe({ made, found, folder }) {
      await made("a", "1", { properties: { mark: "one two" } });
      const has = (value: string) =>
        found(`'${folder}' in parents and properties has { key='mark' and value='${value}' }`);
      return [(await has("one two")).length, (await has("one")).length];
    },
  },
];

interface Change {
  readonly fileId?: string;
  readonly removed: boolean;
  readonly file?: { readonly trashed?: boolean };
}

export async function startToken({ ask }: Pick<Scene, "ask">): Promise<string> {
  const said = await ask("/drive/v3/changes/startPageToken");
  if (typeof said.json.startPageToken === "string") return said.json.startPageToken;
  throw new Error(`the feed gives no token: ${outcome(said)}`);
}

/** All that the feed tells since a token. */
export async function changes({ ask }: Pick<Scene, "ask">, token: string): Promise<readonly Change[]> {
  const all: Change[] = [];
  for (let page: unknown = token; typeof page === "string"; ) {
    const { json } = await ask("/drive/v3/changes", {
      query: { pageToken: page, includeRemoved: "true", fields: "nextPageToken,changes(fileId,removed,file(trashed))" },
    });
    all.push(...((json.changes ?? []) as Change[]));
    page = json.nextPageToken;
  }
  return all;
}
