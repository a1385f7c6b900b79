import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import {
  type Account,
  type GoogleEndpoints,
  type GoogleScope,
  googleEndpoints,
  isAccount,
  listAccounts,
  type OAuthClient,
  readSecrets,
  type SignedIn,
  SignInError,
  saveAccount,
  signIn,
} from "@conclave/node";
import { Advice } from "../advice.ts";
import { defineCommand } from "../command.ts";
import { usage } from "../command-error.ts";
import type { Context } from "../context.ts";
import { type Person, withPerson } from "../identity/person.ts";
import { parseClientFile } from "../oauth-client-file.ts";
import { qrLines } from "../terminal/qr-lines.ts";

const NO_CLIENT_HINT =
  "Conclave ships no client id: make one of your own in ten minutes as docs/google-drive.md says, then pass --client-secret-file FILE";

export const login = defineCommand({
  examples: [
    "conclave login gdrive --client-secret-file client_secret.json",
    "conclave login gdrive --account anna@example.org",
    "conclave login gdrive --no-browser",
  ],
  args: ["provider"],
  options: {
    account: { value: "EMAIL", summary: "the account to sign in with; any other is refused" },
    "client-id": { value: "ID", summary: "your own client id at Google" },
    "client-secret-file": {
      value: "FILE",
      summary: "the client's secret, or the file that Google gives for it (with the id in it)",
    },
    scope: {
      choices: ["drive", "drive.file"],
      default: "drive",
      summary: "drive.file reaches only what this client id has put there itself: no folder that others write to",
    },
    "no-browser": { summary: "open no browser; ask for the address at which one elsewhere has ended" },
    wait: { value: "SECONDS", default: "600", summary: "how long to wait for the browser" },
  },
  notes: [
    "PROVIDER is gdrive. The tokens are kept on this device, sealed under its key. The client id is kept with the account, so",
    "that it has to be given once. docs/google-drive.md says how to make one.",
  ].join("\n"),

  async run(context, words) {
    requireProvider(words.provider);
    const { account, scope } = words;
    const timeoutMs = parseWait(words.wait);
    await withPerson(context, async (person) => {
      const google = googleEndpoints(context.env);
      const client = await clientOf(context, {
        person,
        account,
        id: words["client-id"],
        file: words["client-secret-file"],
      });
      const isElsewhere = words["no-browser"];
      const signedIn = await signInShown(context, { google, client, scope, account, timeoutMs, isElsewhere });
      const { account: name, tokens } = signedIn;
      const kept: Account = {
        provider: "gdrive",
        account: name,
        clientId: client.id,
        scope,
        since: context.clock.now(),
        ...(google.isEmulated ? { isEmulated: true } : {}),
      };
      await saveAccount(person, kept, { clientSecret: client.secret, tokens });
      context.out.result({ provider: "gdrive", account: name, scope }, ({ line }) => line(`signed in to ${name}`));
    });
  },
});

/** The only cloud so far, by the scheme of its addresses. */
function requireProvider(provider: string): void {
  if (provider !== "gdrive")
    throw usage(`${provider} is no cloud that Conclave signs in to`, "the one there is: gdrive");
}

function parseWait(text: string): number {
  if (/^[1-9][0-9]{0,4}$/.test(text)) return Number(text) * 1000;
  throw usage(`${text} is no number of seconds`, "write --wait 600, for instance");
}

/** The client that was given, or the one that an account here was signed in with. */
async function clientOf(
  context: Context,
  given: {
    readonly person: Person;
    readonly account: string | undefined;
    readonly id: string | undefined;
    readonly file: string | undefined;
  },
): Promise<OAuthClient> {
  const { person, account, id, file } = given;
  if (id === undefined && file === undefined) return keptClient(person, account);
  const read =
    file === undefined ? undefined : parseClientFile(await readFile(resolve(context.cwd, file), "utf8"), file);
  const chosen = id ?? read?.id;
  if (chosen === undefined) {
    throw usage(
      `${file} holds a secret but no client id`,
      "pass --client-id ID too, or the whole file that Google gives",
    );
  }
  if (read?.id !== undefined && read.id !== chosen) throw usage(`${file} is for another client id than ${chosen}`);
  return { id: chosen, secret: read?.secret };
}

async function keptClient(person: Person, account: string | undefined): Promise<OAuthClient> {
  const accounts = await listAccounts(person.home);
  const known = accounts.find((each) => account !== undefined && isAccount(each.account, account));
  const clients = new Set(accounts.map(({ clientId }) => clientId));
  const source = known ?? (clients.size === 1 ? accounts[0] : undefined);
  const secrets = source && (await readSecrets(person, source));
  if (source && secrets) return { id: source.clientId, secret: secrets.clientSecret };
  const error = new SignInError("there is no client id to sign in with", { code: "wrong-client" });
  throw new Advice(error, NO_CLIENT_HINT);
}

async function signInShown(
  context: Context,
  options: {
    readonly google: GoogleEndpoints;
    readonly client: OAuthClient;
    readonly scope: GoogleScope;
    readonly account: string | undefined;
    readonly timeoutMs: number;
    readonly isElsewhere: boolean;
  },
): Promise<SignedIn> {
  const { isElsewhere, ...rest } = options;
  return signIn({
    ...rest,
    clock: context.clock,
    signal: context.signal,
    show: (url) => showPage(context, { url, isElsewhere }),
    ...(isElsewhere && context.prompts.canAsk ? { paste: () => askForAddress(context) } : {}),
    onStray: () => context.warn("an answer that does not belong to this sign-in was refused"),
  });
}

async function showPage(
  context: Context,
  { url, isElsewhere }: { readonly url: string; readonly isElsewhere: boolean },
): Promise<void> {
  // Shown with --quiet too: nothing goes on without it.
  context.say("to sign in, open this page in a browser and allow access:");
  context.say(`  ${url}`);
  if (isElsewhere && context.prompts.canAsk) for (const line of await qrLines(url)) context.say(line);
  if (isElsewhere) return;
  const isOpen = await context.openBrowser?.(url);
  context.note(isOpen ? "a browser was opened; waiting for it" : "no browser could be opened here; waiting for one");
}

function askForAddress(context: Context): Promise<string> {
  return context.prompts.ask("the address at which the browser has ended:", {
    flag: "nothing: without a terminal the browser has to run on this machine",
    before: [
      "when you have allowed access, the browser goes to an address that begins with http://127.0.0.1 and, on another",
      "machine than this, cannot show it: copy that whole address from its address bar and paste it here",
    ],
  });
}
