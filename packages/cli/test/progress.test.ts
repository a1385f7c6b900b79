import { describe, expect, it } from "vitest";
import type { Context } from "../src/context.ts";
import { act, World } from "./support/run-main.ts";

const MIB = 1024 * 1024;

/** Ten seconds of one MiB a second, in steps of half a second. */
function upload(world: World): (context: Context) => void {
  return ({ progress, out }) => {
    const shown = progress("uploading");
    for (let step = 0; step <= 20; step++) {
      world.time = step * 500;
      shown.update({
        doneBytes: (step * MIB) / 2,
        totalBytes: 100 * MIB,
        doneItems: step,
        totalItems: 200,
        current: "a\u001b[2Jb",
      });
    }
    out.result({}, (lines) => lines.line("a result"));
    shown.finish();
  };
}

describe("on a terminal", () => {
  it("shows share, bytes, items, rate, time left and the current name, escaped", async () => {
    const world = new World({ terminal: true });
    world.stderr.columns = 200;
    const { out, err } = await act(upload(world), { world });
    const last = err.split("\r\u001b[K").findLast((line) => line !== "");
    expect(last).toBe("uploading  10%  10.0 MiB/100 MiB  20/200 items  1.00 MiB/s  1:30 left  a\\u{1b}[2Jb");
    expect(out).toBe("a result\n");
  });

  it("takes the bar away before a result and at the end", async () => {
    const world = new World({ terminal: true });
    const written: string[] = [];
    for (const [name, stream] of [
      ["out", world.stdout],
      ["err", world.stderr],
    ] as const) {
      const write = stream._write.bind(stream);
      stream._write = (chunk: Uint8Array, encoding: string, done: () => void) => {
        written.push(`${name}:${new TextDecoder().decode(chunk)}`);
        write(chunk, encoding, done);
      };
    }
    await act(upload(world), { world });
    expect(written[written.indexOf("out:a result\n") - 1]).toBe("err:\r\u001b[K");
  });

  it("never writes a line that is wider than the terminal", async () => {
    const world = new World({ terminal: true });
    world.stderr.columns = 30;
    const { err } = await act(upload(world), { world });
    for (const line of err.split("\r\u001b[K")) expect(line.length).toBeLessThan(30);
  });

  it("paints at most ten times a second", async () => {
    const world = new World({ terminal: true });
    const { err } = await act(
      ({ progress }) => {
        const shown = progress("x");
        for (world.time = 0; world.time < 1000; world.time++) {
          shown.update({ doneBytes: world.time, totalBytes: 1000, doneItems: 0, totalItems: 1 });
        }
      },
      { world },
    );
    expect(err.split("\r\u001b[K").length - 1).toBe(10);
  });
});

describe("elsewhere", () => {
  it.each([[{}], [{ TERM: "dumb" }]])("writes one plain line every 30 seconds (%j)", async (env) => {
    const world = new World({ terminal: "TERM" in env });
    world.env = env;
    const { err } = await act(
      ({ progress }) => {
        const shown = progress("uploading");
        for (let second = 0; second <= 65; second++) {
          world.time = second * 1000;
          shown.update({ doneBytes: second, totalBytes: 100, doneItems: 0, totalItems: 1 });
        }
        shown.finish();
      },
      { world },
    );
    expect(err).toBe(
      "uploading  30%  30 B/100 B  0/1 items  1 B/s  1:10 left\nuploading  60%  60 B/100 B  0/1 items  1 B/s  0:40 left\n",
    );
  });

  it.each([["--quiet"], ["--no-progress"]])("writes nothing with %s", async (flag) => {
    const world = new World({ terminal: true });
    expect((await act(upload(world), { world, argv: [flag] })).err).toBe("");
  });
});
