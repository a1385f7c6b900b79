import { onTestFinished } from "vitest";
import { sealedOnce } from "./sealed-once.ts";
import { plainCrypto, World } from "./world.ts";

/** A world that is gone when the test is over, and in which nothing is sealed twice with one key. A sweep that makes many may close each before. */
export function openWorld(options: ConstructorParameters<typeof World>[0] = {}): World {
  const world = new World({ ...options, crypto: sealedOnce(options.crypto ?? plainCrypto).crypto });
  onTestFinished(() => world.close());
  return world;
}
