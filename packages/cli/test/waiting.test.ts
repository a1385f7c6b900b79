/** Whoever waits for a cloud is told so. */
import { afterEach, expect, it, vi } from "vitest";
import { club } from "./support/club.ts";
import { act, World } from "./support/run-main.ts";

afterEach(() => void vi.useRealTimers());

it("is a line on a terminal, which goes as it came", async () => {
  const world = new World({ terminal: true });
  const { err } = await act(
    (context) => {
      context.waiting("Google Drive", true);
      context.waiting("Google Drive", false);
    },
    { world },
  );
  expect(err).toBe("\r\u001b[Kwaiting for Google Drive …\r\u001b[K");
});

it("is said once where stderr is no terminal, and not at all with --quiet", async () => {
  const work = (context: { waiting(whom: string, isWaiting: boolean): void }): void => {
    for (const isWaiting of [true, false, true, false]) context.waiting("Google Drive", isWaiting);
  };
  expect((await act(work)).err).toBe("waiting for Google Drive …\n");
  expect((await act(work, { argv: ["--quiet"] })).err).toBe("");
});

it("is said by a command whose Drive does not answer, before it does", async () => {
  const held = Promise.withResolvers<void>();
  const { alice, google } = await club({ clock: { now: () => Date.now(), sleep: () => held.promise } });
  google.requests.clear();
  google.faults.add({ on: "changes.list", fault: { type: "delay", ms: 1 } });
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  const listing = alice("ls", "club:/");
  while (google.requests.count("changes.list") === 0) await new Promise(setImmediate);
  await vi.advanceTimersByTimeAsync(5_000);
  held.resolve();
  const { exit, out, err } = await listing;
  expect({ exit, out, err }).toEqual({ exit: 0, out: "docs/\n", err: "waiting for Google Drive …\n" });
});
