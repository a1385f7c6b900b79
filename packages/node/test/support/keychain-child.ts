/** What a person does with a keychain, in a process of its own: the keychain belongs to its session. */
import { copyFileSync, rmSync } from "node:fs";
import { newDevice } from "@conclave/core";
import {
  createIdentity,
  keepUnlocked,
  lockIdentity,
  nodeCrypto,
  openHome,
  readIdentity,
  systemKeychain,
} from "../../src/index.ts";

const keychain = process.platform === "linux" ? await systemKeychain() : undefined;
const crypto = nodeCrypto();
console.log(JSON.stringify(keychain ? await story(keychain) : { found: process.platform !== "linux" }));
await crypto.close();

async function story(chain: NonNullable<typeof keychain>) {
  const home = openHome({ env: { CONCLAVE_HOME: `${process.env.SCRATCH}/home` } });
  const device = await newDevice(crypto, { label: "computer" });
  await createIdentity(crypto, { home, device, passphrase: "first" });
  const read = async (passphrase: string) => {
    let asked = 0;
    const found = await readIdentity(crypto, {
      home,
      keychain: async () => chain,
      passphrase: async () => {
        asked++;
        return passphrase;
      },
    });
    return { asked, found };
  };
  const atFirst = await read("first");
  await keepUnlocked(atFirst.found, { home, keychain: chain });
  const whenKept = await read("first");
  copyFileSync(home.sealedIdentity, `${home.sealedIdentity}.kept`);
  rmSync(home.sealedIdentity);
  await createIdentity(crypto, { home, device, passphrase: "second" });
  const underAnotherPassphrase = await read("second");
  copyFileSync(`${home.sealedIdentity}.kept`, home.sealedIdentity);
  const locked = [await lockIdentity({ home, keychain: chain }), await lockIdentity({ home, keychain: chain })];
  const whenLocked = await read("first");
  return {
    found: true,
    asked: {
      atFirst: atFirst.asked,
      whenKept: whenKept.asked,
      underAnotherPassphrase: underAnotherPassphrase.asked,
      whenLocked: whenLocked.asked,
    },
    sameKeys: JSON.stringify(atFirst.found) === JSON.stringify(whenKept.found),
    locked,
  };
}
