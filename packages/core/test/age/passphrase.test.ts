import { scrypt as scryptOf } from "@noble/hashes/scrypt.js";
import { Decrypter, Encrypter } from "age-encryption";
import { beforeEach, describe, expect, it } from "vitest";
import { openWithPassphrase, type Scrypt, sealWithPassphrase } from "../../src/age/passphrase.ts";
import { webCrypto } from "../../src/age/web-crypto.ts";
import { toUtf8 } from "../../src/encoding/bytes.ts";

const crypto = webCrypto();
const passphrase = "correct horse battery staple";
let hashed = 0;

const scrypt: Scrypt = async ({ passphrase, salt, workFactor }) => {
  hashed++;
  return scryptOf(passphrase, salt, { N: 2 ** workFactor, r: 8, p: 1, dkLen: 32 });
};

async function sealed(): Promise<Uint8Array<ArrayBuffer>> {
  return sealWithPassphrase(crypto, { passphrase, workFactor: 12, plaintext: toUtf8("secret"), scrypt });
}

function open(file: Uint8Array<ArrayBuffer>, typed = passphrase): Promise<Uint8Array> {
  return openWithPassphrase(crypto, { sealed: file, passphrase: typed, scrypt });
}

beforeEach(() => {
  hashed = 0;
});

describe("a passphrase file", () => {
  it("opens again", async () => {
    expect(await open(await sealed())).toEqual(toUtf8("secret"));
  });

  it("is opened by the library, and opens what the library sealed", async () => {
    const decrypter = new Decrypter();
    decrypter.addPassphrase(passphrase);
    expect(await decrypter.decrypt(await sealed(), "text")).toBe("secret");
    const encrypter = new Encrypter();
    encrypter.setPassphrase(passphrase);
    encrypter.setScryptWorkFactor(12);
    expect(await open(new Uint8Array(await encrypter.encrypt("secret")))).toEqual(toUtf8("secret"));
  });

  it("says that the passphrase is wrong", async () => {
    await expect(open(await sealed(), "other")).rejects.toThrow(expect.objectContaining({ code: "wrong-passphrase" }));
  });

  it.each([1, 2, 11, 21, 30, 63, 99])(
    "with work factor %d is refused before anything is hashed",
    async (workFactor) => {
      const text = new TextDecoder("latin1").decode(await sealed());
      hashed = 0;
      const file = Uint8Array.from(text.replace(/(-> scrypt \S+) 12\n/, `$1 ${workFactor}\n`), (c) => c.charCodeAt(0));
      await expect(open(file)).rejects.toThrow(expect.objectContaining({ code: "limit" }));
      expect(hashed).toBe(0);
    },
  );

  it.each([
    ["0", "0"],
    ["a leading zero", "012"],
    ["a sign", "+12"],
    ["hexadecimal", "0xc"],
    ["too many digits", "120000000000000"],
    ["a second argument", "12 12"],
  ])("whose work factor has %s is refused before anything is hashed", async (_what, workFactor) => {
    const text = new TextDecoder("latin1").decode(await sealed());
    hashed = 0;
    const file = Uint8Array.from(text.replace(/(-> scrypt \S+) 12\n/, `$1 ${workFactor}\n`), (c) => c.charCodeAt(0));
    await expect(open(file)).rejects.toThrow(expect.objectContaining({ code: "corrupt" }));
    expect(hashed).toBe(0);
  });

  it("with a header that was altered, a body that was altered, or a cut end is refused", async () => {
    const file = await sealed();
    const macPlace = new TextDecoder("latin1").decode(file).indexOf("--- ") + 6;
    for (const place of [macPlace, file.length - 1, file.length - 20]) {
      const altered = file.slice();
      altered[place] = altered[place] === 0x41 ? 0x42 : 0x41;
      await expect(open(altered)).rejects.toThrow(expect.objectContaining({ code: "corrupt" }));
    }
    await expect(open(file.slice(0, -1))).rejects.toThrow(expect.objectContaining({ code: "corrupt" }));
  });

  it("is not made with an empty passphrase or an absurd work factor", async () => {
    const plaintext = toUtf8("secret");
    await expect(sealWithPassphrase(crypto, { passphrase: "", workFactor: 12, plaintext, scrypt })).rejects.toThrow(
      expect.objectContaining({ code: "malformed" }),
    );
    for (const workFactor of [1, 11, 21]) {
      await expect(sealWithPassphrase(crypto, { passphrase, workFactor, plaintext, scrypt })).rejects.toThrow(
        expect.objectContaining({ code: "limit" }),
      );
    }
  });
});
