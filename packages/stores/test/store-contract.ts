/** The cases that every store is held to, as tests: called once for each store. */
import type { ObjectStore } from "@conclave/core";
import { afterEach, describe, it } from "vitest";
import { STORE_CONTRACT } from "./contract-cases.ts";

/** A fresh, empty store, and how to clear it away. */
export interface StoreUnderTest {
  readonly store: ObjectStore;
  readonly close?: () => Promise<void>;
}

export function describeStore(name: string, make: () => Promise<StoreUnderTest>): void {
  describe(name, () => {
    let underTest: StoreUnderTest | undefined;
    afterEach(() => underTest?.close?.());

    for (const [about, cases] of Map.groupBy(STORE_CONTRACT, (each) => each.about)) {
      describe(about, () => {
        it.each(cases)("$claim", async ({ run }) => {
          underTest = await make();
          await run(underTest.store);
        });
      });
    }
  });
}
