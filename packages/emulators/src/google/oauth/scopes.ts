/** What an app may ask an account for. */

const PREFIX = "https://www.googleapis.com/auth/";

/** Everything in the person's Drive. */
export const DRIVE_SCOPE = `${PREFIX}drive`;
/** Only what the app itself made for this person. */
export const DRIVE_FILE_SCOPE = `${PREFIX}drive.file`;
/** Everything, but only to read. */
export const DRIVE_READONLY_SCOPE = `${PREFIX}drive.readonly`;

/** What each scope is called on the page that asks. */
export const SCOPES: ReadonlyMap<string, string> = new Map([
  [DRIVE_SCOPE, "See, edit, create and delete all of your files"],
  [DRIVE_FILE_SCOPE, "See, edit, create and delete only the files that you use with this app"],
  [DRIVE_READONLY_SCOPE, "See and download all your files"],
]);
