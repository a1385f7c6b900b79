/** What a story promises somebody as it goes: contents that must not be lost, people who must be in, and what they may. */
import { createHash } from "node:crypto";
import type { Actor, Person } from "./actor.ts";
import type { Put } from "./out.ts";
import type { Act } from "./story.ts";

interface Uploaded {
  readonly by: Actor;
  readonly text: string;
}

export class Ledger {
  /** Contents by their SHA-256: who uploaded them. */
  readonly uploaded: Map<string, Uploaded> = new Map();
  /** Contents whose upload was said to be done, or that somebody else has seen. */
  readonly owed: Set<string> = new Set();
  /** Contents that somebody who saw them has replaced or deleted. */
  readonly dropped: Set<string> = new Set();
  /** Devices that were let in, and by which one; nobody has tried to take that back. */
  readonly letIn: Map<Actor, Actor> = new Map();
  /** People who were ever made admins, by somebody who may. */
  readonly admins: Set<Person> = new Set();
  /** How often each act was done, and how often each was refused, by why. */
  readonly done: Map<Act, number> = new Map();
  readonly refusals: Map<string, number> = new Map();
  /** By device or kit: what devices put that knew it to be out, wherever it was put and whatever became of it. */
  readonly putSince: Map<string, Put[]> = new Map();
  /** Who ever lost the right to write: what nobody had seen of theirs may be void. */
  readonly #suspendedPeople = new Set<Person>();
  readonly #suspendedDevices = new Set<Actor>();
  /** By which device each one came in, whatever became of that. A recovery that was lost is nobody's to sign again. */
  readonly #comeBy = new Map<Actor, Actor | "kit">();

  upload(text: string, by: Actor): string {
    const digest = sha256(text);
    this.uploaded.set(digest, { by, text });
    return digest;
  }

  drop(gone: readonly { readonly digest?: string | undefined }[]): void {
    for (const { digest } of gone) if (digest !== undefined) this.dropped.add(digest);
  }

  admit(newcomer: Actor, by: Actor): void {
    this.letIn.set(newcomer, by);
    this.#comeBy.set(newcomer, by);
  }

  recover(back: Actor): void {
    this.#comeBy.set(back, "kit");
  }

  suspendPerson(person: Person | undefined): void {
    if (person) this.#suspendedPeople.add(person);
    for (const actor of this.letIn.keys()) if (actor.person === person) this.letIn.delete(actor);
  }

  suspendDevice(actor: Actor | undefined): void {
    if (!actor) return;
    this.#suspendedDevices.add(actor);
    this.letIn.delete(actor);
  }

  /** Whether its records may have been cut by somebody who had not seen them. */
  isSuspended(actor: Actor): boolean {
    return this.#suspendedPeople.has(actor.person) || this.#suspendedDevices.has(actor);
  }

  /** Whether it may be out, with all that it did: what let it in may have been lost with its author's right to do so. */
  mayBeOut(actor: Actor): boolean {
    const by = this.#comeBy.get(actor);
    return this.isSuspended(actor) || by === "kit" || (by !== undefined && this.mayBeOut(by));
  }

  notePut(out: readonly string[], put: Put): void {
    for (const key of out) this.putSince.set(key, [...(this.putSince.get(key) ?? []), put]);
  }

  noteDone(act: Act): void {
    this.done.set(act, (this.done.get(act) ?? 0) + 1);
  }

  noteRefusal(why: string): void {
    this.refusals.set(why, (this.refusals.get(why) ?? 0) + 1);
  }
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
