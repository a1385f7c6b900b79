import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type DeviceSecrets, newDevice, writeIdentityFile } from "@conclave/core";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { nodeCrypto } from "../src/crypto.ts";
import { type Home, openHome } from "../src/home.ts";
import { createIdentity, identityState, readIdentity } from "../src/identity-store.ts";

const crypto = nodeCrypto({ workers: 0 });
const passphrase = "correct horse battery staple";
let folder: string;
let home: Home;
let device: DeviceSecrets;

beforeAll(async () => {
  device = await newDevice(crypto, { label: "laptop" });
});
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "conclave-home-"));
  home = openHome({ env: { CONCLAVE_HOME: join(folder, "home") } });
});
afterEach(() => rmSync(folder, { recursive: true }));

const coded = (code: string) => expect.objectContaining({ code });
const read = (typed = passphrase) => readIdentity(crypto, { home, passphrase: async () => typed });

describe("an identity under a passphrase", () => {
  it("opens with it, and with no other", async () => {
    expect(await identityState(home)).toBe("absent");
    await createIdentity(crypto, { home, device, passphrase });
    expect(await identityState(home)).toBe("sealed");
    expect(await read()).toEqual(device);
    await expect(read("wrong")).rejects.toThrow(coded("wrong-passphrase"));
    await expect(read("")).rejects.toThrow(coded("wrong-passphrase"));
  });

  it("leaves no secret in the folder, and one file readable by its owner alone", async () => {
    await createIdentity(crypto, { home, device, passphrase });
    expect(readdirSync(home.folder)).toEqual(["identity.age"]);
    expect(statSync(home.sealedIdentity).mode & 0o777).toBe(0o600);
    const stored = readFileSync(home.sealedIdentity, "latin1");
    expect(stored).not.toMatch(/AGE-SECRET|laptop/);
    expect(stored).toMatch(/^age-encryption\.org\/v1\n-> scrypt \S{22} 17\n/);
  });

  it("is refused, without asking or hashing for long, with an absurd work factor", async () => {
    await createIdentity(crypto, { home, device, passphrase });
    const stored = readFileSync(home.sealedIdentity, "latin1");
    for (const workFactor of [1, 11, 21, 40]) {
      writeFileSync(home.sealedIdentity, stored.replace(/ 17\n/, ` ${workFactor}\n`), "latin1");
      await expect(read()).rejects.toThrow(coded("limit"));
    }
  });

  it("is refused when cut, or grown beyond all measure", async () => {
    await createIdentity(crypto, { home, device, passphrase });
    truncateSync(home.sealedIdentity, 400);
    await expect(read()).rejects.toThrow(coded("corrupt"));
    truncateSync(home.sealedIdentity, 20_000);
    await expect(read()).rejects.toThrow(coded("limit"));
    truncateSync(home.sealedIdentity, 0);
    await expect(read()).rejects.toThrow(coded("corrupt"));
  });
});

describe("an identity in clear", () => {
  it("opens without a passphrase being asked for", async () => {
    await createIdentity(crypto, { home, device });
    expect(await identityState(home)).toBe("plain");
    const ask = () => Promise.reject(new Error("asked"));
    expect(await readIdentity(crypto, { home, passphrase: ask })).toEqual(device);
    expect(readFileSync(home.plainIdentity, "utf8")).toBe(writeIdentityFile(device));
    expect(statSync(home.plainIdentity).mode & 0o777).toBe(0o600);
  });

  it("is refused with bytes that are no UTF-8", async () => {
    const bytes = Buffer.from(writeIdentityFile(device));
    bytes[bytes.indexOf("laptop")] = 0xff;
    writeFileSync(home.plainIdentity, bytes);
    expect((await read()).label).not.toBe("laptop");
    writeFileSync(home.plainIdentity, Buffer.concat([Buffer.from("\ufeff"), Buffer.from(writeIdentityFile(device))]));
    await expect(read()).rejects.toThrow(coded("malformed"));
  });
});

describe("an identity that is there", () => {
  it.each([
    ["in clear", {}],
    ["under a passphrase", { passphrase }],
  ])("is never overwritten by another %s", async (_how, secret) => {
    const other = await newDevice(crypto, { label: "other" });
    await createIdentity(crypto, { home, device, ...secret });
    const stored = readdirSync(home.folder).map((name) => readFileSync(join(home.folder, name), "hex"));
    for (const again of [{}, { passphrase: "x" }]) {
      await expect(createIdentity(crypto, { home, device: other, ...again })).rejects.toThrow(coded("exists"));
    }
    expect(readdirSync(home.folder).map((name) => readFileSync(join(home.folder, name), "hex"))).toEqual(stored);
    expect(await read()).toEqual(device);
  });

  it("is one of those that were made at the same moment, or none is", async () => {
    const devices = await Promise.all(["a", "b", "c", "d"].map((label) => newDevice(crypto, { label })));
    const results = await Promise.allSettled(devices.map((each) => createIdentity(crypto, { home, device: each })));
    expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    const winner = results.findIndex(({ status }) => status === "fulfilled");
    expect(await read()).toEqual(devices[winner]);
    expect(readdirSync(home.folder)).toEqual(["identity.txt"]);
  });
});

it("a home without an identity says so", async () => {
  await expect(read()).rejects.toThrow(coded("not-found"));
});
