/** Reading objects whole, so that something may rest on what they hold. SPEC.md §9, §10. */
import type { ByteBudget } from "../../contents/budget.ts";
import { giveBack } from "../../contents/memory.ts";
import { objectKey, openObject } from "../../contents/object.ts";
import { ConclaveError } from "../../errors.ts";
import { StoreError } from "../../ports/store.ts";
import type { Pieces } from "../../records/change.ts";
import type { Session } from "../session.ts";
import { type LocationRow, markProven } from "./blob-sources.ts";

/** Whether a blob lies whole where a location says; then this device remembers it. */
export async function proveWhole(
  session: Session,
  options: {
    readonly location: LocationRow;
    readonly pieces: Pieces;
    readonly budget: ByteBudget;
    readonly signal?: AbortSignal;
  },
): Promise<boolean> {
  const { location, pieces, budget, signal } = options;
  const opened = session.view.opened.get(location.epoch);
  if (!opened) return false;
  const grant = await budget.acquire((session.crypto.inPlace ? 1 : 2) * location.length, signal);
  try {
    const key = objectKey(location.epoch, location.object);
    const sealed = await session.store.get(key, { length: location.length + 1, ...(signal ? { signal } : {}) });
    const { object } = location;
    const { identity, suite } = opened;
    giveBack(await openObject(session.crypto, { sealed, object, pieces, identity, suite }));
    markProven(session, location);
    return true;
  } catch (error) {
    if (error instanceof StoreError && error.code !== "not-found") throw error;
    if (!(error instanceof ConclaveError || error instanceof StoreError)) throw error;
    return false;
  } finally {
    grant.release();
  }
}
