import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { webCrypto } from "../../src/age/web-crypto.ts";
import { encodeCode } from "../../src/encoding/code.ts";
import { newKitSecret } from "../../src/identity/kit.ts";
import { formatKitShare, joinKit, type KitShare, parseKitShare, splitKit } from "../../src/identity/kit-share.ts";

const crypto = webCrypto();

function split(threshold: number, count: number, kitSecret: Uint8Array = newKitSecret(crypto)) {
  return splitKit(crypto, { kitSecret, threshold, count });
}

/** Every choice of so many of these. */
function choices<Item>(items: readonly Item[], size: number): Item[][] {
  if (size === 0) return [[]];
  return items.flatMap((item, index) => choices(items.slice(index + 1), size - 1).map((rest) => [item, ...rest]));
}

describe("shares of a kit", () => {
  it("give the kit in every choice of as many as it takes, and of more, in any order", async () => {
    const secret = newKitSecret(crypto);
    const shares = await split(3, 5, secret);
    for (const size of [3, 4, 5])
      for (const some of choices(shares, size)) expect(await joinKit(some.toReversed())).toEqual(secret);
  });

  it("are a failure, saying how many it takes, in every choice of fewer; one given twice is one", async () => {
    const shares = await split(3, 5);
    for (const size of [1, 2])
      for (const some of choices(shares, size)) {
        const refused = joinKit([...some, ...some]);
        await expect(refused).rejects.toMatchObject({
          code: "malformed",
          message: expect.stringMatching(/takes 3 .* these are/),
        });
      }
    await expect(joinKit([])).rejects.toMatchObject({ code: "malformed" });
  });

  it("tell nothing about the secret where they are too few: any secret fits them", async () => {
    // A forger who makes up the third share can reach a key, and never one that the others name.
    const [first, second] = (await split(3, 5)) as [KitShare, KitShare];
    const forged = { ...second, number: 3, point: new Uint8Array(second.point.length).fill(9) };
    await expect(joinKit([first, second, forged])).rejects.toMatchObject({ code: "corrupt" });
  });

  it("of two kits, or of one kit that was split twice, do not go together", async () => {
    const secret = newKitSecret(crypto);
    const [one, again, other] = [await split(2, 3, secret), await split(2, 3, secret), await split(2, 3)];
    for (const foreign of [again, other]) {
      const mixed = [one[0], foreign[1]].filter((each) => each !== undefined);
      await expect(joinKit(mixed)).rejects.toMatchObject({
        code: "malformed",
        message: expect.stringMatching(/do not belong together/),
      });
      // Somebody who writes the right set and kit on a foreign share gets no further.
      const [first, second] = mixed as [KitShare, KitShare];
      await expect(joinKit([first, { ...second, set: first.set, kit: first.kit }])).rejects.toMatchObject({
        code: "corrupt",
      });
    }
  });

  it("with any forged byte are a failure, never a wrong key, with too many shares also", async () => {
    const shares = await split(2, 3);
    await fc.assert(
      fc.asyncProperty(fc.nat(2), fc.nat(32), fc.integer({ min: 1, max: 255 }), async (which, at, mask) => {
        const forged = shares.map((share, index) => {
          const point = share.point.slice();
          if (index === which) point[at] = (point[at] ?? 0) ^ mask;
          return { ...share, point };
        });
        await expect(joinKit(forged)).rejects.toMatchObject({ code: "corrupt" });
      }),
      { numRuns: 40 },
    );
  });

  it("of which two say different things at one place are a failure", async () => {
    const [first, second] = (await split(2, 3)) as [KitShare, KitShare];
    const forged = { ...first, point: first.point.with(0, (first.point[0] ?? 0) ^ 1) };
    await expect(joinKit([first, forged, second])).rejects.toMatchObject({ code: "corrupt" });
  });

  it("name the kit: another one in its place is a failure", async () => {
    const [shares, other] = [await split(2, 2), await split(2, 2)];
    const renamed = shares.map((share) => ({ ...share, kit: other[0]?.kit ?? "" }));
    await expect(joinKit(renamed)).rejects.toMatchObject({ code: "corrupt" });
  });

  it.each([
    [1, 3],
    [4, 3],
    [2, 33],
    [2.5, 3],
    [0, 0],
  ])("are not made %s of %s", async (threshold, count) => {
    await expect(split(threshold, count)).rejects.toMatchObject({ code: "limit" });
  });
});

describe("a share as text", () => {
  it("is read back as it was, in capitals and with blanks too", async () => {
    for (const share of await split(2, 3)) {
      expect(parseKitShare(formatKitShare(share))).toEqual(share);
      expect(
        parseKitShare(
          formatKitShare(share)
            .toUpperCase()
            .match(/.{1,7}/g)
            ?.join(" \n") ?? "",
        ),
      ).toEqual(share);
    }
  });

  it("is refused with any one character mistyped", async () => {
    const [share] = (await split(2, 2)) as [KitShare];
    const text = formatKitShare(share);
    for (let at = 0; at < text.length; at++) {
      const wrong = text.slice(0, at) + (text[at] === "q" ? "p" : "q") + text.slice(at + 1);
      expect(() => parseKitShare(wrong)).toThrow(expect.objectContaining({ code: "malformed" }));
    }
  });

  it.each([
    ["of a later version", (bytes: Uint8Array) => bytes.fill(2, 0, 1), "unsupported"],
    ["that is too short", (bytes: Uint8Array) => bytes.subarray(0, -1), "malformed"],
    ["that is too long", (bytes: Uint8Array) => new Uint8Array([...bytes, 0]), "malformed"],
    ["that needs one share only", (bytes: Uint8Array) => bytes.fill(1, 17, 18), "malformed"],
    ["that needs more than there are", (bytes: Uint8Array) => bytes.fill(4, 17, 18), "malformed"],
    ["of too many", (bytes: Uint8Array) => bytes.fill(33, 18, 19), "malformed"],
    ["with number 0", (bytes: Uint8Array) => bytes.fill(0, 19, 20), "malformed"],
    ["with a number beyond the last", (bytes: Uint8Array) => bytes.fill(4, 19, 20), "malformed"],
    ["of nothing", () => new Uint8Array(), "malformed"],
  ])("%s is refused", async (_what, spoil, code) => {
    const whole = new Uint8Array(85).fill(7).fill(1, 0, 1);
    whole.set([2, 3, 1], 17);
    expect(parseKitShare(encodeCode("conclave-share", whole))).toMatchObject({ threshold: 2, count: 3, number: 1 });
    expect(() => parseKitShare(encodeCode("conclave-share", spoil(whole.slice())))).toThrow(
      expect.objectContaining({ code }),
    );
  });
});
