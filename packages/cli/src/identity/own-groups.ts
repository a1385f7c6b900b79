/** Work that concerns this person in all of their groups. */
import { ConclaveError, StoreError } from "@conclave/core";
import { type KnownGroup, listGroups } from "@conclave/node";
import type { Context } from "../context.ts";
import { type AtWork, withKnownGroup } from "../with-group.ts";
import type { Person } from "./person.ts";

/** A group in which the work could not be done, and why. */
export interface Undone {
  readonly group: string;
  readonly error: string;
}

/**
 * Does something in each of this person's groups, one after the other. A group that cannot be reached, or that this person
 * is out of, is said and passed over.
 */
export async function inEachGroup(
  context: Context,
  options: {
    readonly person: Person;
    readonly work: (at: AtWork) => Promise<void>;
    readonly only?: (group: KnownGroup) => boolean;
  },
): Promise<readonly Undone[]> {
  const { person, work, only = () => true } = options;
  const undone: Undone[] = [];
  for (const group of (await listGroups(person.home)).filter(only)) {
    try {
      await withKnownGroup(context, {
        person,
        group,
        work: async (at) => {
          await work(at);
          return undefined;
        },
      });
    } catch (error) {
      if (!(error instanceof ConclaveError) && !(error instanceof StoreError)) throw error;
      context.signal.throwIfAborted();
      undone.push({ group: group.name, error: error.message });
      context.warn(`${group.name}: ${error.message}`);
    }
  }
  return undone;
}
