import { onTestFinished } from "vitest";
import { World } from "./world.ts";

/** A world that is gone when the test is over. A sweep that makes many may close each before. */
export function openWorld(...options: ConstructorParameters<typeof World>): World {
  const world = new World(...options);
  onTestFinished(() => world.close());
  return world;
}
