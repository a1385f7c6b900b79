import { mnemonicToEntropy } from "@scure/bip39";
import { wordlist } from "@scure/bip39/wordlists/english.js";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { webCrypto } from "../../src/age/web-crypto.ts";
import { toHex } from "../../src/encoding/hex.ts";
import { publicKeysOf } from "../../src/identity/device.ts";
import { kitDevice, kitWords, newKitSecret, readKitWords } from "../../src/identity/kit.ts";

const secrets = fc.uint8Array({ minLength: 32, maxLength: 32 });
/** BIP 39's own test vector of 256 bits. */
const BIP39_SECRET = new Uint8Array(32).fill(0x7f);
const BIP39_WORDS =
  "legal winner thank year wave sausage worth useful legal winner thank year wave sausage worth useful legal winner thank year wave sausage worth title";

describe("a kit's words", () => {
  it("are 24 words of BIP 39's list, as its own vectors have them", () => {
    expect(kitWords(BIP39_SECRET)).toBe(BIP39_WORDS);
    expect(readKitWords(BIP39_WORDS)).toEqual(BIP39_SECRET);
    expect(mnemonicToEntropy(BIP39_WORDS, wordlist)).toEqual(BIP39_SECRET);
  });

  it("lead back to the secret, however they are typed", () => {
    fc.assert(
      fc.property(secrets, (secret) => {
        const words = kitWords(secret);
        expect(readKitWords(words)).toEqual(secret);
        const page = words
          .toUpperCase()
          .split(" ")
          .map((word, index) => `${index + 1}. ${word}`)
          .join("\n");
        expect(readKitWords(` ${page}\n`)).toEqual(secret);
      }),
    );
  });

  it.each([
    ["a word too few", BIP39_WORDS.replace(" title", ""), /has 24 words, and these are 23/],
    ["a word too many", `${BIP39_WORDS} legal`, /has 24 words, and these are 25/],
    ["no words", "", /these are 0/],
    ["one mistyped word", BIP39_WORDS.replace("title", "titel"), /word 24 is not in the list/],
    ["two mistyped words", BIP39_WORDS.replaceAll("wave", "wafe"), /words 5, 13, 21 are not in the list/],
    ["another word of the list", BIP39_WORDS.replace("title", "zoo"), /do not fit together/],
  ])("with %s are refused, saying which mistake", (_what, typed, message) => {
    expect(() => readKitWords(typed)).toThrow(
      expect.objectContaining({ code: "malformed", message: expect.stringMatching(message) }),
    );
  });

  it("are never quoted by an error", () => {
    for (const typed of [BIP39_WORDS.replace("title", "titel"), BIP39_WORDS.replace("title", "zoo")]) {
      try {
        readKitWords(typed);
        expect.unreachable();
      } catch (error) {
        expect(`${error} ${(error as Error).cause}`).not.toMatch(/winner|titel|zoo/);
      }
    }
  });
});

describe("a kit's keys", () => {
  it("follow from its words alone, as fixed by this vector", async () => {
    const kit = kitDevice(BIP39_SECRET);
    expect(kit).toEqual(kitDevice(readKitWords(kitWords(BIP39_SECRET))));
    expect({ ...kit, signingKey: toHex(kit.signingKey) }).toMatchInlineSnapshot(`
      {
        "classicIdentity": "AGE-SECRET-KEY-1ECF6FPRJEK8QG66Q6U6XM5439ZTZE8WPFDWHH2RAMWR0TYPC7MTQ5ZK84Y",
        "hybridIdentity": "AGE-SECRET-KEY-PQ-1VWJALZV0MMGN4NTCJXKZP5VSTSEQW4F082LE2FUNUH5PNR6SDLUSKHS8ZV",
        "label": "recovery kit",
        "signingKey": "24c0c6e041fe204ea7793bed6f2c453ad2b3b02603e632dc07b266563ec79c2a",
      }
    `);
    expect((await publicKeysOf(kit)).classic).toMatchInlineSnapshot(
      `"age13x0582d7ed85skpp8frjf8hmlunqequeuv95zwzqluj97c6uec4qta3cjm"`,
    );
  });

  it("differ from kit to kit and from each other", () => {
    const crypto = webCrypto();
    const [one, other] = [kitDevice(newKitSecret(crypto)), kitDevice(newKitSecret(crypto))];
    expect(one.hybridIdentity).not.toBe(other.hybridIdentity);
    expect(one.hybridIdentity.slice(19, 60)).not.toBe(one.classicIdentity.slice(16, 57));
  });

  it.each([0, 16, 31, 33])("are not drawn from %d bytes", (length) => {
    const malformed = expect.objectContaining({ code: "malformed" });
    expect(() => kitDevice(new Uint8Array(length))).toThrow(malformed);
    expect(() => kitWords(new Uint8Array(length))).toThrow(malformed);
  });
});
