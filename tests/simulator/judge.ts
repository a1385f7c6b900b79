/** Holds every promise against what has become of a group. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { problemsOf, readAll, verify } from "@conclave/core";
import { budget, keyOf } from "../support/world.ts";
import type { Actor, Person } from "./actor.ts";
import { Broken } from "./broken.ts";
import { contentsOf, stateOf } from "./contents.ts";
import { judgeKits } from "./judge-kits.ts";
import { judgeNewcomer } from "./judge-newcomer.ts";
import { judgeOutsiders } from "./judge-outsiders.ts";
import { MARKER } from "./keys.ts";
import { isListed } from "./out.ts";
import { comeToRest, type Rest } from "./rest.ts";
import { actorOf, type Stage, sessionOf } from "./stage.ts";

/** What a group has come to. */
export interface Judged extends Rest {
  readonly files: number;
  readonly contested: boolean;
}

export async function judge(stage: Stage): Promise<Judged> {
  const rest = await comeToRest(stage);
  const { inside } = rest;
  if (inside.length === 0) throw new Broken("nobody is left in the group");
  const contested = inside.some((actor) => sessionOf(actor).view.choice.contested);
  judgePlaintext(stage);
  const objections = stage.storage.objections?.() ?? [];
  if (objections.length > 0) throw new Broken(`the storage objects: ${objections.join("; ")}`);
  if (contested) return { ...rest, contested, files: 0 };
  judgeAgreement(stage, rest);
  const files = await judgeContents(stage, rest);
  judgeMembership(stage, rest);
  await judgeKits(stage, rest);
  await judgeOutsiders(stage, rest);
  await judgeNewcomer(stage, rest);
  return { ...rest, contested, files };
}

function judgeAgreement({ actors, ledger }: Stage, { inside }: Rest): void {
  const [first, ...others] = inside as [Actor, ...Actor[]];
  const expected = JSON.stringify(stateOf(sessionOf(first)));
  for (const other of others) {
    const state = JSON.stringify(stateOf(sessionOf(other)));
    if (state !== expected) throw new Broken(`devices differ:\n${expected}\n${state}`);
  }
  const { state } = sessionOf(first).view;
  for (const [newcomer, by] of ledger.letIn) {
    // Whose word it was may have lost the right meanwhile; then the addition may be lost with it.
    if (isListed(state, newcomer.key) || ledger.mayBeOut(newcomer)) continue;
    throw new Broken(`${newcomer.device.name}, let in by ${by.device.name}, is not in the group`);
  }
  for (const { hasJoined, key, device } of actors.filter((actor) => !inside.includes(actor))) {
    if (hasJoined && isListed(state, key)) throw new Broken(`${device.name} is listed and is kept out`);
  }
}

async function judgeContents(stage: Stage, { inside }: Rest): Promise<number> {
  const [first] = inside as [Actor];
  const read = await Promise.all(inside.map((actor) => contentsOf(sessionOf(actor))));
  for (const [index, contents] of read.entries()) {
    if (JSON.stringify(contents) !== JSON.stringify(read[0]))
      throw new Broken(`${inside[index]?.device.name} reads other contents`);
  }
  const found = new Set(read[0]?.map(([, digest]) => digest));
  judgeLosses(stage, { first, found });
  const session = sessionOf(first);
  const report = await verify(session, { budget: budget(), shown: await readAll(session), full: true });
  if (!report.ok) throw new Broken(`not whole: ${JSON.stringify(report.problems)}`);
  const awaited = inside.flatMap((actor) => problemsOf(sessionOf(actor)).filter(({ code }) => code === "awaited"));
  if (awaited.length > 0) throw new Broken(`still awaited: ${JSON.stringify(awaited)}`);
  return found.size;
}

/** Nothing is lost that somebody uploaded and nobody deleted, unless its author lost the right to write. */
function judgeLosses(
  { ledger }: Stage,
  { first, found }: { readonly first: Actor; readonly found: ReadonlySet<string> },
): void {
  const { state } = sessionOf(first).view;
  for (const digest of ledger.owed) {
    const { text, by } = ledger.uploaded.get(digest) ?? {};
    if (!by || found.has(digest) || ledger.dropped.has(digest) || ledger.isSuspended(by)) continue;
    if (!isListed(state, by.key) && ledger.mayBeOut(by)) continue;
    throw new Broken(`${text?.slice(0, 24)} of ${by.device.name} is lost`);
  }
}

/** What anybody may sign, on the list of their own devices and of their own stay. */
const EVERYBODYS: ReadonlySet<string> = new Set(["leave", "admit-device", "kit", "recover"]);

/** Nobody below admin has ever signed an entry that counts on the group, but on their own devices and to leave. */
function judgeMembership(stage: Stage, { inside }: Rest): void {
  const [first] = inside as [Actor];
  const { nodes } = sessionOf(first).view.log;
  for (const { verified } of nodes.values()) {
    const { entry } = verified;
    if (entry.type !== "conclave/v1/entry" || EVERYBODYS.has(entry.act.act)) continue;
    const author = actorOf(stage, entry.device)?.person;
    const isOwn =
      entry.act.act === "remove-device" && entry.act.devices.every((key) => personOf(stage, key) === author);
    if (!isOwn && !(author && stage.ledger.admins.has(author)))
      throw new Broken(`somebody who never was an admin could ${entry.act.act}`);
  }
}

/** Whose device or kit it is. */
function personOf(stage: Stage, key: string): Person | undefined {
  const byKit = () => stage.people.find(({ kits }) => kits.some((kit) => keyOf(kit) === key));
  return actorOf(stage, key)?.person ?? byKit();
}

function judgePlaintext({ world, storage }: Stage): void {
  const planted = Buffer.from(MARKER);
  // Names lie in the index, contents and secrets never do.
  for (const name of readdirSync(world.folder)) {
    const held = readFileSync(join(world.folder, name));
    for (const secret of [`${MARKER}-content`, "AGE-SECRET-KEY-"]) {
      if (held.includes(secret)) throw new Broken(`${secret} on the disk of a device`);
    }
  }
  for (const { key, bytes } of storage.everStored) {
    const held = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if (held.includes(planted) || key.includes(MARKER)) throw new Broken(`plaintext in ${key}`);
  }
}
