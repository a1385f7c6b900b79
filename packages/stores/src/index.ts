export { type OpenStoreOptions, openStore, parseStoreAddress, resolveStoreAddress } from "./address.ts";
export { type FolderStoreOptions, folderStore, openFolderStore } from "./folder.ts";
export {
  type Authorization,
  type DriveAccess,
  type DriveEndpoints,
  type DriveStoreOptions,
  findDriveFolder,
  openDrivePlainFiles,
  openDriveStore,
  type Timing,
} from "./gdrive.ts";
