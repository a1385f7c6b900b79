/** An app that was registered with Google. */
export interface OAuthClient {
  readonly id: string;
  readonly secret: string;
  /** How long refresh tokens live; apps in Google's "testing" status have seven days. Default: without end. */
  readonly refreshTokenLifeMs?: number;
}
