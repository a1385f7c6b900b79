export { type OpenStoreOptions, openStore, parseStoreAddress } from "./address.ts";
export { type FolderStoreOptions, folderStore, openFolderStore } from "./folder.ts";
