import { describe, expect, it } from "vitest";
import type { Output } from "../src/terminal/output.ts";
import { renderTable } from "../src/terminal/table.ts";
import { counted, humanSeconds, humanSize, isoTime } from "../src/terminal/units.ts";
import { act, World } from "./support/run-main.ts";

const COLUMNS = [
  { title: "name", canCut: true },
  { title: "size", kind: "size" },
  { title: "changed", kind: "time" },
] as const;
const ROWS = [
  ["a\u202e.txt", 1536, 0],
  ["日本", 5, undefined],
] as const;

describe("a table", () => {
  it("holds as many rows as a large group has files", () => {
    const rows = Array.from({ length: 130_000 }, () => ["a"]);
    expect(renderTable([{ title: "path" }], rows, 80)).toHaveLength(130_001);
  });

  it("has a header, aligned columns and sizes for people on a terminal", async () => {
    const world = new World({ terminal: true });
    const { out } = await act((context) => context.out.result([], (lines) => lines.table(COLUMNS, ROWS)), { world });
    expect(out.split("\n")).toEqual(
      [
        "NAME              SIZE  CHANGED",
        "a\\u{202e}.txt  1.50 KiB  1970-01-01T00:00:00.000Z",
        "日本                5 B  -",
        "",
      ].map((line, index) => (index === 0 ? line.replace("NAME              SIZE", "NAME               SIZE") : line)),
    );
  });

  it("is exact, without header, parted by tabs elsewhere", async () => {
    const { out } = await act((context) => context.out.result([], (lines) => lines.table(COLUMNS, ROWS)));
    expect(out).toBe("a\\u{202e}.txt\t1536\t1970-01-01T00:00:00.000Z\n日本\t5\t\n");
  });

  it("is cut to a narrow terminal in the column that allows it", async () => {
    const world = new World({ terminal: true });
    world.stdout.columns = 50;
    const rows = [["n".repeat(100), 1, 0]] as const;
    const { out } = await act((context) => context.out.result([], (lines) => lines.table(COLUMNS, rows)), { world });
    for (const line of out.split("\n")) expect(line.length).toBeLessThanOrEqual(50);
    expect(out).toContain("nnn...");
  });
});

describe("--json", () => {
  it("prints exactly one document, and nothing for people", async () => {
    const { out, err } = await act(
      ({ out, note, warn }) => {
        note("a note");
        warn("a\u001bb");
        out.result({ name: "a\u202eb" }, (lines) => lines.line("for people"));
      },
      { argv: ["--json"] },
    );
    expect(out).toBe('{"name":"a\\u202eb"}\n');
    expect(err).toBe("a note\nwarning: a\\u{1b}b\n");
  });

  it("prints a document also where a command has no result, and never two", async () => {
    expect((await act(() => undefined, { argv: ["--json"] })).out).toBe("{}\n");
    const twice = await act(({ out }) => [out.result(1, () => undefined), out.result(2, () => undefined)], {
      argv: ["--json"],
    });
    expect(twice).toMatchObject({ exit: 1, out: "1\n" });
  });

  it("prints one document of a result that was begun, also where the rest fails", async () => {
    const begin = (rest: (out: Output) => void) =>
      act(
        async ({ out }) => {
          await out.begin({ first: 1 }, () => undefined);
          rest(out);
        },
        { argv: ["--json"] },
      );
    const whole = await begin((out) => out.result({ second: "2", none: undefined }, () => undefined));
    expect(whole.out).toBe('{"first":1,"second":"2"}\n');
    const cut = await begin(() => {
      throw new Error("cut");
    });
    expect(cut).toMatchObject({ exit: 1, out: '{"first":1}\n' });
  });
});

it("says less with --quiet and more with --verbose", async () => {
  const say = (context: { note(text: string): void; detail(text: string): void }): void => {
    context.note("note");
    context.detail("detail");
  };
  expect((await act(say)).err).toBe("note\n");
  expect((await act(say, { argv: ["-q"] })).err).toBe("");
  expect((await act(say, { argv: ["-v"] })).err).toBe("note\ndetail\n");
});

it("gives a file's bytes as they are", async () => {
  const { out } = await act(({ out }) => out.bytes(new TextEncoder().encode("a\u001bb")));
  expect(out).toBe("a\u001bb");
});

it("is done with a file's bytes only once the stream is, so that their memory may be used again", async () => {
  const world = new World();
  const order: string[] = [];
  world.stdout._write = (chunk: Uint8Array, _encoding, done) => {
    setImmediate(() => {
      order.push(new TextDecoder().decode(chunk));
      done();
    });
  };
  const bytes = new TextEncoder().encode("small");
  await act(
    async ({ out }) => {
      await out.bytes(bytes);
      order.push("used again");
      bytes.fill(0x78);
    },
    { world },
  );
  expect(order.slice(0, 2)).toEqual(["small", "used again"]);
});

describe("units", () => {
  it.each([
    [0, "0 objects"],
    [1, "1 object"],
    [2, "2 objects"],
  ])("count %d as %s", (count, text) => {
    expect(counted(count, "object")).toBe(text);
  });
  it.each([
    [0, "0 B"],
    [1023, "1023 B"],
    [1024, "1.00 KiB"],
    [1536, "1.50 KiB"],
    [1024 ** 2 - 1, "1.00 MiB"],
    [123456789, "118 MiB"],
  ])("show %d bytes as %s", (bytes, text) => {
    expect(humanSize(bytes)).toBe(text);
  });
  it.each([
    [0, "0:00"],
    [59.6, "1:00"],
    [3599, "59:59"],
    [11105, "3:05:05"],
  ])("show %d seconds as %s", (seconds, text) => {
    expect(humanSeconds(seconds)).toBe(text);
  });
  it("show times in ISO 8601, and what no date can hold as its number", () => {
    expect([isoTime(0), isoTime(1e300)]).toEqual(["1970-01-01T00:00:00.000Z", "1e+300"]);
  });
});
