/** Every key that a device ever had, tried on whatever was ever stored: the proof that somebody is out. */
import { ConclaveError, type Crypto, type DeviceSecrets, openFile, STORED_BYTES_MAX, type Suite } from "@conclave/core";
import { openSecret } from "./insides.ts";
import { type Device, live } from "./world.ts";

/** Identities to try, by suite. */
export interface Ring {
  readonly crypto: Crypto;
  readonly classic: readonly string[];
  readonly hybrid: readonly string[];
}

/** The identities of a device, of its owner's kit, and of every epoch that its index holds. */
export function keyRing(device: Device, crypto: Crypto): Ring {
  return ringOf(crypto, [device.secrets, device.kit], epochIdentities(device));
}

/** As {@link keyRing}, without the kit: what a device has that was lost or stolen, while its person goes on. */
export function deviceRing(device: Device, crypto: Crypto): Ring {
  return ringOf(crypto, [device.secrets], epochIdentities(device));
}

/** What a kit alone opens, or a device that has no index. */
export function keysRing(keys: DeviceSecrets, crypto: Crypto): Ring {
  return ringOf(crypto, [keys], []);
}

/** What an epoch's identity alone opens. */
export function epochRing(identity: string, crypto: Crypto): Ring {
  return ringOf(crypto, [], [identity]);
}

function epochIdentities(device: Device): string[] {
  return live(device)
    .index.all<{ sealed: Uint8Array }>("SELECT sealed FROM identities")
    .map(({ sealed }) => openSecret({ signingKey: device.secrets.signingKey, sealed }));
}

function ringOf(crypto: Crypto, keys: readonly DeviceSecrets[], epochs: readonly string[]): Ring {
  return {
    crypto,
    classic: [
      ...keys.map(({ classicIdentity }) => classicIdentity),
      ...epochs.filter((identity) => !identity.startsWith("AGE-SECRET-KEY-PQ-")),
    ],
    hybrid: [
      ...keys.map(({ hybridIdentity }) => hybridIdentity),
      ...epochs.filter((identity) => identity.startsWith("AGE-SECRET-KEY-PQ-")),
    ],
  };
}

/** Whether only members are to open it: notices are for those who are out, recipients and `conclave.json` for everybody. */
export function isSecret(key: string): boolean {
  return key.endsWith(".age") && !key.includes("/notice-") && !key.startsWith("requests/");
}

/** The plaintext, if any key of the ring opens these bytes. */
export async function tryOpen(ring: Ring, bytes: Uint8Array): Promise<Uint8Array | undefined> {
  if (bytes.length > STORED_BYTES_MAX) return undefined;
  for (const suite of ["classic", "hybrid"] as const satisfies readonly Suite[]) {
    if (ring[suite].length === 0) continue;
    try {
      return await openFile(ring.crypto, {
        sealed: bytes.slice(),
        identities: [...ring[suite]],
        suite,
        maxStanzas: 1024,
      });
    } catch (error) {
      if (!(error instanceof ConclaveError)) throw error;
    }
  }
  return undefined;
}

/** The first of these objects that some key of the ring opens. */
export async function opensAnything(
  ring: Ring,
  objects: readonly { readonly key: string; readonly bytes: Uint8Array }[],
): Promise<string | undefined> {
  for (const { key, bytes } of objects) if (await tryOpen(ring, bytes)) return key;
  return undefined;
}
