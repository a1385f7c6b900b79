/** An emulated Google beside a stage, and people who are signed in to it. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { EMULATED_CLIENT, type EmulatedGoogle, type GoogleOptions, startGoogle } from "@conclave/emulators";
import { expect, onTestFinished } from "vitest";
import { driveReferee } from "../../../../tests/support/drive-referee.ts";
import { find } from "../../../../tests/support/require.ts";
import { newStage, type Person, type Stage } from "./stage.ts";

/** A folder's type on Drive. */
export const FOLDER_TYPE = "application/vnd.google-apps.folder";

export interface GoogleStage {
  readonly google: EmulatedGoogle;
  readonly stage: Stage;
  /** Somebody without an identity, at a browser that does what the page for consent says. */
  visitor(name: string): Person;
  /** Somebody with an identity, signed in to the account of that name. */
  newcomer(name: string): Promise<Person>;
  /** What the person of that name does on Drive itself, past Conclave: `path` begins behind the host. */
  onDrive<Value>(name: string, path: string, request?: DriveRequest): Promise<Value>;
}

export interface DriveRequest {
  readonly method?: string;
  readonly json?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** The account that the person of that name has. */
export function accountOf(name: string): string {
  return `${name.toLowerCase()}@example.org`;
}

/** An emulated Google and a stage, both gone when the test is over; where Google's description is at hand, it judges what was said. */
export async function googleStage(options: GoogleOptions = {}): Promise<GoogleStage> {
  const specs = find("specs");
  const referee = specs === undefined ? undefined : driveReferee(specs);
  const google = await startGoogle({ ...options, ...(referee && { observe: referee.observe }) });
  onTestFinished(async () => {
    await google.close();
    expect(referee?.objections ?? []).toEqual([]);
  });
  const stage = newStage();
  writeClientFile(stage.folder);
  const visitor: GoogleStage["visitor"] = (name) =>
    stage.visitor(name, { env: { CONCLAVE_GOOGLE_EMULATOR: google.url }, openBrowser: browse });
  return {
    google,
    stage,
    visitor,
    newcomer: async (name) => {
      const person = visitor(name);
      await person.json("init", "--name", name, "--no-passphrase");
      await signIn(person, accountOf(name));
      return person;
    },
    onDrive: (name, path, request) => askDrive(google, accountOf(name), { path, ...request }),
  };
}

/** Signs a person in whose working directory has the client's file. */
export function signIn(person: Person, account: string): Promise<unknown> {
  return person.json(...signInWords, "--account", account);
}

const CLIENT_FILE = "client.json";

/** The command that signs in, from a folder with {@link writeClientFile}'s file. */
export const signInWords: readonly string[] = ["login", "gdrive", "--client-secret-file", CLIENT_FILE];

/** Writes the file that Google gives for a client, here the emulator's. */
export function writeClientFile(folder: string): void {
  const { id: client_id, secret: client_secret } = EMULATED_CLIENT;
  writeFileSync(join(folder, CLIENT_FILE), JSON.stringify({ installed: { client_id, client_secret } }));
}

/** A browser, which nobody waits for: it is another program. */
export async function browse(page: string): Promise<boolean> {
  void fetch(page).catch(() => undefined);
  return true;
}

async function askDrive<Value>(
  google: EmulatedGoogle,
  account: string,
  { path, method = "GET", json, headers = {}, body }: DriveRequest & { readonly path: string },
): Promise<Value> {
  const { accessToken } = google.signIn(account);
  const response = await fetch(`${google.url}${path}`, {
    method,
    headers: {
      ...(json !== undefined && { "content-type": "application/json" }),
      ...headers,
      authorization: `Bearer ${accessToken}`,
    },
    ...(json !== undefined ? { body: JSON.stringify(json) } : body !== undefined && { body }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(text);
  return (text === "" ? undefined : JSON.parse(text)) as Value;
}
