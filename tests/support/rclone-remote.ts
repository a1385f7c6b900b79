/** The emulated Drive as a remote of rclone's, told by its environment. */
import { join } from "node:path";
import { EMULATED_CLIENT } from "@conclave/emulators";

/** Where rclone looks for Google. */
export const GOOGLE_HOSTS = ["www.googleapis.com", "oauth2.googleapis.com", "accounts.google.com"];

/** The remote `g:`, whose access token has ended. */
export function driveRemote(
  folder: string,
  { accessToken, refreshToken }: { readonly accessToken: string; readonly refreshToken: string },
): Record<string, string> {
  const expiry = "2001-01-01T00:00:00Z";
  const token = { access_token: accessToken, token_type: "Bearer", refresh_token: refreshToken, expiry };
  return {
    RCLONE_CONFIG: join(folder, "rclone.conf"),
    RCLONE_CONFIG_G_TYPE: "drive",
    RCLONE_CONFIG_G_SCOPE: "drive",
    RCLONE_CONFIG_G_CLIENT_ID: EMULATED_CLIENT.id,
    RCLONE_CONFIG_G_CLIENT_SECRET: EMULATED_CLIENT.secret,
    RCLONE_CONFIG_G_TOKEN: JSON.stringify(token),
  };
}
