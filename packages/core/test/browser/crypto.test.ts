import { describe, expect, inject, it, type TestContext } from "vitest";
import { CHUNK_BYTES } from "../../src/age/chunks.ts";
import { newEpochIdentity } from "../../src/age/epoch-identity.ts";
import { openFile, sealFile } from "../../src/age/file.ts";
import { webCrypto } from "../../src/age/web-crypto.ts";
import { expectEdgeCaseVerdicts, expectWycheproofVerdicts } from "../support/ed25519-verdict.ts";

const crypto = webCrypto();

async function vectors<T>(context: TestContext, file: string): Promise<T> {
  const folder = inject("vectors") ?? context.skip("CONCLAVE_VECTORS names no folder");
  return (await fetch(`/@fs${folder}/${file}`)).json() as Promise<T>;
}

describe("the one verdict on a signature, in a browser", () => {
  it("is the fixed one on every edge case of CCTV", async (context) => {
    await expectEdgeCaseVerdicts(crypto, await vectors(context, "cctv-ed25519.json"));
  });

  it("is Wycheproof's on every case", async (context) => {
    await expectWycheproofVerdicts(crypto, await vectors(context, "wycheproof-ed25519_test.json"));
  });
});

it.each(["hybrid", "classic"] as const)("an age file of the %s suite opens again in a browser", async (suite) => {
  const { identity, recipient } = await newEpochIdentity(suite);
  const plaintext = new Uint8Array(2 * CHUNK_BYTES + 1).fill(7);
  const { sealed } = await sealFile(crypto, { recipients: [recipient], plaintext, suite });
  expect(await openFile(crypto, { sealed: sealed.slice(), identities: [identity], suite })).toEqual(plaintext);
  sealed[sealed.length - 1] = (sealed.at(-1) ?? 0) ^ 1;
  await expect(openFile(crypto, { sealed, identities: [identity], suite })).rejects.toThrow(
    expect.objectContaining({ code: "corrupt" }),
  );
});
