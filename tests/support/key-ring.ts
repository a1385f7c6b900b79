/** Every key that a device ever had, tried on whatever was ever stored: the proof that somebody is out. */
import { ConclaveError, type Crypto, openFile, STORED_BYTES_MAX, type Suite } from "@conclave/core";
import { openSecret } from "./insides.ts";
import { type Device, live } from "./world.ts";

interface Ring {
  readonly crypto: Crypto;
  readonly classic: readonly string[];
  readonly hybrid: readonly string[];
}

/** The identities of a device, of its owner's kit, and of every epoch that its index holds. */
export function keyRing(device: Device, crypto: Crypto): Ring {
  const epochs = live(device)
    .index.all<{ sealed: Uint8Array }>("SELECT sealed FROM identities")
    .map(({ sealed }) => openSecret({ signingKey: device.secrets.signingKey, sealed }));
  const classic = [device.secrets.classicIdentity, device.kit.classicIdentity, ...epochs];
  const hybrid = [device.secrets.hybridIdentity, device.kit.hybridIdentity, ...epochs];
  return {
    crypto,
    classic: classic.filter((identity) => !identity.startsWith("AGE-SECRET-KEY-PQ-")),
    hybrid: hybrid.filter((identity) => identity.startsWith("AGE-SECRET-KEY-PQ-")),
  };
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
