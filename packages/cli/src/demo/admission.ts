/** How people come in, and what becomes of whoever is not in. */
import type { Ground } from "./ground.ts";
import { type Given, requireTold, type Say, told } from "./stage.ts";

interface Newcomer {
  readonly ground: Ground;
  readonly alice: Say;
  readonly say: Say;
  readonly name: string;
}

/** From the request to the first look, as two people do it. Where the storage knows people, its folder is shared too. */
export async function admit(newcomer: Newcomer): Promise<void> {
  const { alice, ground, say, name } = newcomer;
  const account = ground.accountOf(name);
  const { fingerprint } = await told<{ fingerprint: string }>(say("id", "--card", `${name}.card`, "--json"), "id");
  const who = account === undefined ? [name] : [`${name}.card`, "--account", account];
  if (account === undefined) await ask(newcomer);
  const words = ["add", "family", ...who, "--fingerprint", fingerprint, "--json"];
  const { folderAccess } = await told<{ folderAccess: string }>(alice(...words), "add");
  requireTold(account === undefined || folderAccess === "granted", `the folder is shared with ${account}`);
  await told(say("join", await addressOf(alice), "--as", "family", "--json"), "join");
}

/** Leaves a request in the storage, which has to be one that everybody can write to. */
async function ask({ alice, say, name }: Newcomer): Promise<void> {
  const asked = await say("join", await addressOf(alice), "--as", "family");
  requireTold(asked.exit === 3, `${name} waits at first`);
}

/** Somebody who has the address and nothing else. Gives what they were told, and whether it was seen. */
export async function refuse({ alice, ground, say, name }: Newcomer): Promise<readonly string[]> {
  const refused = await say("join", await addressOf(alice), "--as", "family");
  requireTold(refused.exit !== 0, `${name} is not let in`);
  const asking = await requestsOf(alice);
  const isSeen = asking.some((each) => each.name === name && each.state === "waiting");
  const isShut = ground.accountOf(name) !== undefined;
  requireTold(isSeen !== isShut, "a request is seen, unless the provider shut the folder");
  requireTold(isShut || refused.exit === 3, `a stranger is refused with exit code 3, not ${refused.exit}`);
  return [
    `${errorOf(refused)} (exit code ${refused.exit})`,
    isShut
      ? `The folder is not shared with ${name} either. ${name} was given no key.`
      : `Alice sees that ${name} asks. ${name} was given no key.`,
  ];
}

/** Somebody who was removed and comes back. Gives what they were told, and whether it was seen. */
export async function turnAway({ alice, ground, say, name }: Newcomer): Promise<readonly string[]> {
  const refused = await say("ls", "family:");
  if (ground.accountOf(name) !== undefined) {
    requireTold(refused.exit === 3 || refused.exit === 6, `the provider refuses ${name}, not ${refused.exit}`);
    return [`${name} tries: ${errorOf(refused)} (exit code ${refused.exit})`];
  }
  requireTold(refused.exit === 3, `${name} is refused with exit code 3, not ${refused.exit}`);
  const asking = await requestsOf(alice);
  const isSeen = asking.some((each) => each.name === name && each.state === "refused");
  requireTold(isSeen, "the attempt is seen");
  return [`${name} tries: ${errorOf(refused)} (exit code 3)`, `Alice sees that ${name} tried.`];
}

async function addressOf(say: Say): Promise<string> {
  return (await told<{ address: string }>(say("address", "family", "--json"), "address")).address;
}

async function requestsOf(say: Say): Promise<readonly { readonly name: string; readonly state: string }[]> {
  const { exit, out } = await say("requests", "family", "--json");
  requireTold(exit === 0, "requests are listed");
  return JSON.parse(out) as { name: string; state: string }[];
}

function errorOf({ err }: Given): string {
  const start = "error: ";
  return (err.split("\n").find((line) => line.startsWith(start)) ?? "").slice(start.length);
}
