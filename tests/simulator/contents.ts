/** What devices show and read, in a form that can be compared. */
import { createHash } from "node:crypto";
import { ConclaveError, download, filePieces, listFolder, memberNames, type Session } from "@conclave/core";
import { memoryTarget } from "../support/memory-files.ts";
import { budget } from "../support/world.ts";
import { Broken } from "./broken.ts";

export interface Shown {
  readonly path: string;
  readonly kind: string;
  /** SHA-256 of a file's content; undefined of what cannot be read. */
  readonly digest: string | undefined;
}

/** What a device shows, from its index. */
export function entries(session: Session): Shown[] {
  const nameOf = memberNames(session.view.state);
  return [...listFolder(session.index, "", { recursive: true, nameOf })].map((entry) => ({
    path: entry.path,
    kind: entry.kind,
    digest: entry.kind === "file" ? onlyPiece(session, entry) : undefined,
  }));
}

/** Every file of a story is one piece. */
export function onlyPiece(session: Session, version: Parameters<typeof filePieces>[1]): string | undefined {
  try {
    return filePieces(session.index, version)[0]?.digest;
  } catch (error) {
    if (error instanceof ConclaveError) return undefined;
    throw error;
  }
}

/** What honest devices must agree on. */
export function stateOf(session: Session) {
  const { state, current, choice } = session.view;
  const members = state.members.map(({ id, role, devices }) => [id, role, devices.map((each) => each.verifyingKey)]);
  return { head: choice.head, epoch: current.epoch, members, tree: entries(session) };
}

/** Paths and digests of everything, read back from the storage. */
export async function contentsOf(session: Session): Promise<(readonly [string, string])[]> {
  const target = memoryTarget();
  const { failed } = await download(session, { path: "", target, budget: budget() });
  if (failed.length > 0) throw new Broken(`not readable: ${JSON.stringify(failed)}`);
  return [...target.files]
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([path, bytes]) => [path, createHash("sha256").update(bytes).digest("hex")]);
}

/** Where a device stands, in one line. */
export function stateLine(session: Session): string {
  const { state, choice } = session.view;
  const people = state.members.map(({ name, role, devices }) => `${name}:${role}*${devices.length}`);
  const epochs = [...state.epochs].map(({ epoch }) => epoch.slice(0, 6));
  return `${people.join(" ")} head ${state.head.slice(0, 8)} epochs ${epochs.join(">")} forks ${choice.forks.length}`;
}
