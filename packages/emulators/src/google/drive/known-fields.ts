/** What answers can hold, as far as a client may ask for it. What the emulator never fills stands here too. */

const USER = ["kind", "displayName", "photoLink", "me", "permissionId", "emailAddress"];

const PERMISSION = (
  "kind id type emailAddress domain role displayName photoLink deleted allowFileDiscovery expirationTime view pendingOwner " +
  "permissionDetails/permissionType permissionDetails/role permissionDetails/inherited permissionDetails/inheritedFrom"
).split(" ");

const REVISION =
  "kind id mimeType modifiedTime keepForever published originalFilename md5Checksum size exportLinks".split(" ");

const DRIVE = "kind id name createdTime hidden colorRgb themeId capabilities restrictions".split(" ");

const FILE = (
  "kind id name mimeType description starred trashed explicitlyTrashed trashedTime parents properties appProperties spaces " +
  "version webContentLink webViewLink iconLink hasThumbnail thumbnailLink thumbnailVersion viewedByMe viewedByMeTime " +
  "createdTime modifiedTime modifiedByMeTime modifiedByMe sharedWithMeTime driveId teamDriveId shared ownedByMe " +
  "capabilities viewersCanCopyContent copyRequiresWriterPermission writersCanShare permissionIds " +
  "hasAugmentedPermissions folderColorRgb originalFilename fullFileExtension fileExtension md5Checksum sha1Checksum " +
  "sha256Checksum size quotaBytesUsed headRevisionId contentHints imageMediaMetadata videoMediaMetadata isAppAuthorized " +
  "exportLinks shortcutDetails contentRestrictions resourceKey linkShareMetadata labelInfo inheritedPermissionsDisabled"
).split(" ");

function within(name: string, fields: readonly string[]): string[] {
  return fields.map((field) => `${name}/${field}`);
}

const FILE_FIELDS = [
  ...FILE,
  ...["owners", "lastModifyingUser", "sharingUser", "trashingUser"].flatMap((name) => within(name, USER)),
  ...within("permissions", PERMISSION),
];

const CHANGE = ["kind", "type", "changeType", "time", "removed", "fileId", "driveId", "teamDriveId"];

const PAGE = ["kind", "nextPageToken"];

/** The fields of each kind of answer. */
export const KNOWN_FIELDS = {
  file: FILE_FIELDS,
  fileList: [...PAGE, "incompleteSearch", ...within("files", FILE_FIELDS)],
  permission: PERMISSION,
  permissionList: [...PAGE, ...within("permissions", PERMISSION)],
  revision: REVISION,
  revisionList: [...PAGE, ...within("revisions", REVISION)],
  drive: DRIVE,
  driveList: [...PAGE, ...within("drives", DRIVE)],
  changeList: [
    ...PAGE,
    "newStartPageToken",
    ...within("changes", [...CHANGE, ...within("file", FILE_FIELDS), ...within("drive", DRIVE)]),
  ],
  startPageToken: ["kind", "startPageToken"],
  generatedIds: ["kind", "space", "ids"],
  about: [
    ..."kind storageQuota importFormats exportFormats maxImportSizes maxUploadSize appInstalled folderColorPalette".split(
      " ",
    ),
    ..."driveThemes canCreateDrives teamDriveThemes canCreateTeamDrives".split(" "),
    ...within("storageQuota", ["limit", "usage", "usageInDrive", "usageInDriveTrash"]),
    ...within("user", USER),
  ],
} as const;
