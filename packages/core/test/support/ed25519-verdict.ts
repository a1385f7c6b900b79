/** The fixed table of verdicts on the published edge cases: the same in every platform. ATTACKS 15. */
import { expect } from "vitest";
import { fromHex } from "../../src/encoding/hex.ts";
import type { Crypto } from "../../src/ports/crypto.ts";
import { isAdmissibleKey, verifySignature } from "../../src/records/ed25519.ts";

/** One case of C2SP/CCTV's `ed25519vectors.json`. */
export interface EdgeCase {
  readonly number: number;
  readonly key: string;
  readonly sig: string;
  readonly msg: string;
  readonly flags: readonly string[] | null;
}

/** Wycheproof's `ed25519_test.json`. */
export interface WycheproofFile {
  readonly testGroups: readonly {
    readonly publicKey: { readonly pk: string };
    readonly tests: readonly { tcId: number; msg: string; sig: string; result: "valid" | "invalid" }[];
  }[];
}

/** Canonical encodings, no point of small order, and no residue where verification is cofactorless. */
const REFUSED = ["non_canonical_A", "non_canonical_R", "low_order_A", "low_order_R", "low_order_residue"];
const NOT_ADMITTED = ["non_canonical_A", "low_order_A", "low_order_component_A"];

function hasAny({ flags }: EdgeCase, unwanted: readonly string[]): boolean {
  return (flags ?? []).some((flag) => unwanted.includes(flag));
}

export async function expectEdgeCaseVerdicts(crypto: Crypto, cases: readonly EdgeCase[]): Promise<void> {
  let accepted = 0;
  for (const each of cases) {
    const verifyingKey = fromHex(each.key);
    const options = { verifyingKey, signature: fromHex(each.sig), message: new TextEncoder().encode(each.msg) };
    const verdict = await verifySignature(crypto, options);
    expect(verdict, `case ${each.number}`).toBe(!hasAny(each, REFUSED));
    expect(isAdmissibleKey(verifyingKey), `key of case ${each.number}`).toBe(!hasAny(each, NOT_ADMITTED));
    if (verdict) accepted++;
  }
  expect([cases.length, accepted]).toEqual([914, 43]);
}

export async function expectWycheproofVerdicts(crypto: Crypto, { testGroups }: WycheproofFile): Promise<void> {
  let count = 0;
  for (const { publicKey, tests } of testGroups) {
    for (const { tcId, msg, sig, result } of tests) {
      const options = { verifyingKey: fromHex(publicKey.pk), signature: fromHex(sig), message: fromHex(msg) };
      expect(await verifySignature(crypto, options), `case ${tcId}`).toBe(result === "valid");
      count++;
    }
  }
  expect(count).toBe(151);
}
