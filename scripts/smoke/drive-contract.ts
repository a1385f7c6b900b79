/** The contract of every store, case by case on a real Drive: the same cases as the tests run. */
import { openDatabase } from "@conclave/node";
import { openDriveStore } from "@conclave/stores";
import { type ContractCase, STORE_CONTRACT } from "../../packages/stores/test/contract-cases.ts";
import type { DriveAccount } from "./drive-account.ts";
import { makeFolder } from "./own-folder.ts";

interface Place {
  readonly account: DriveAccount;
  readonly folder: string;
  readonly quick: boolean;
  say(line: string): void;
}

/** @returns How many cases did not hold. */
export async function tryContract(place: Place): Promise<number> {
  const { quick, say, account } = place;
  const cases = STORE_CONTRACT.filter(({ isLong }) => !(quick && isLong === true));
  let failed = 0;
  for (const each of cases) {
    account.signal.throwIfAborted();
    const why = await failureOf(each, place);
    if (why === undefined) continue;
    failed += 1;
    say(`DIFFERS  ${each.about}: ${each.claim}\n         ${why}`);
  }
  say(`contract ${cases.length - failed} of ${cases.length} cases hold`);
  return failed;
}

/** Why a case does not hold, in a folder of its own; undefined if it does. */
async function failureOf({ about, claim, run }: ContractCase, { account, folder }: Place): Promise<string | undefined> {
  const { auth, endpoints, signal } = account;
  const cache = openDatabase(":memory:");
  try {
    const own = await makeFolder(account, `${about}: ${claim}`.slice(0, 100), folder);
    await run(openDriveStore({ auth, endpoints, signal, folder: own, cache, freshMs: 0 }));
    return undefined;
  } catch (error) {
    signal.throwIfAborted();
    return error instanceof Error ? error.message : String(error);
  } finally {
    cache.close();
  }
}
