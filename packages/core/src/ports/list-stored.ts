/** Listing a storage that may list without end, or whatever it likes. */
import { ConclaveError } from "../errors.ts";
import { type ListOptions, type ObjectStore, STORE_KEY, type StoredObject } from "./store.ts";

/** Most files that one listing may show, one that it repeats counted each time: what is listed is held in memory. */
export const LISTED_MAX = 1_000_000;

/**
 * What a storage lists below a folder, as far as it can be a file of anybody's: names of another form, or from elsewhere, are
 * left out.
 *
 * @throws ConclaveError `limit` once more than {@link LISTED_MAX} were shown; `StoreError` as the store.
 */
export async function* listStored(
  store: Pick<ObjectStore, "list">,
  folder: string,
  options: ListOptions = {},
): AsyncGenerator<StoredObject> {
  const prefix = folder === "" ? "" : `${folder}/`;
  let shown = 0;
  for await (const object of store.list(folder, options)) {
    if (++shown > LISTED_MAX) refuse(folder); // check: size
    if (object.key.startsWith(prefix) && STORE_KEY.test(object.key)) yield object; // check: size
  }
}

function refuse(folder: string): never {
  const where = folder === "" ? "" : ` in ${folder}`;
  throw new ConclaveError(`the storage lists more than ${LISTED_MAX} files${where}`, { code: "limit" });
}
