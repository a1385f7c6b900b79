/** Runs the emulated cloud storages until it is interrupted, for trying things by hand: `npm run emulators`. */
import { EMULATED_CLIENT, startGoogle } from "@conclave/emulators";

const port = Number(process.env.PORT ?? 0);
const google = await startGoogle({
  port,
  users: ["alice", "bob", "carol"].map((name) => ({ email: `${name}@example.org`, consent: "ask" })),
});

process.stdout.write(`An emulated Google runs at ${google.url}, in memory only, until Ctrl-C.

accounts       ${[...google.cloud.users.values()].map(({ email }) => email).join(", ")}
client id      ${EMULATED_CLIENT.id}
client secret  ${EMULATED_CLIENT.secret}
Drive          ${google.url}/drive/v3
sign-in        ${google.url}/o/oauth2/v2/auth, ${google.url}/token, ${google.url}/revoke

The conclave command uses it instead of Google with

  export CONCLAVE_GOOGLE_EMULATOR=${google.url}

Signing in opens a page in the browser, where an account is chosen.
`);

process.once("SIGINT", () => void google.close());
process.once("SIGTERM", () => void google.close());
