/** Prints the access token of a home's only account: `token-child.ts HOME EMULATOR`. */
import { accessTo, findAccount, googleEndpoints, nodeCrypto, openHome, readIdentity } from "../../src/index.ts";

const [folder = "", emulator = ""] = process.argv.slice(2);
const home = openHome({ env: { CONCLAVE_HOME: folder } });
const crypto = nodeCrypto();
const device = await readIdentity(crypto, { home, passphrase: () => Promise.reject(new Error("none is needed")) });
const account = await findAccount(home, "gdrive", undefined);
const google = googleEndpoints({ CONCLAVE_GOOGLE_EMULATOR: emulator });
const keeper = { home, crypto, device, clock: { now: () => Date.now() } };
process.stdout.write(await accessTo(keeper, { account, google }).token());
await crypto.close();
