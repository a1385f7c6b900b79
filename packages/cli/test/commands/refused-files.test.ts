/**
 * Single local files of which the system refuses something: the others go over all the same. A superuser is refused nothing by
 * the modes of files, so the system is played here.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { family, filesBelow, newStage } from "../support/stage.ts";

/** What the system refuses now: calls, each with what its path ends with, and the code. */
const { refusals, refuse } = vi.hoisted(() => {
  const refusals = new Map<string, readonly [end: string, code: string]>();
  const refuse = (call: string, path: unknown): void => {
    const [end, code] = refusals.get(call) ?? ["/", ""];
    if (!String(path).endsWith(end)) return;
    throw Object.assign(new Error(`${code}: refused, ${call} '${path}'`), { code, path });
  };
  return { refusals, refuse };
});

vi.mock("node:fs", async (importOriginal) => {
  const real = await importOriginal<typeof import("node:fs")>();
  const opened = new Map<number, string>();
  return {
    ...real,
    openSync: (path: string, ...rest: [number, number]) => {
      refuse("open", path);
      const descriptor = real.openSync(path, ...rest);
      opened.set(descriptor, path);
      return descriptor;
    },
    readSync: (descriptor: number, ...rest: [Uint8Array, number, number, number]) => {
      refuse("read", opened.get(descriptor));
      return real.readSync(descriptor, ...rest);
    },
    writeSync: (descriptor: number, ...rest: [Uint8Array, number, number, number]) => {
      refuse("write", opened.get(descriptor));
      return real.writeSync(descriptor, ...rest);
    },
    renameSync: (from: string, to: string) => {
      refuse("rename", to);
      real.renameSync(from, to);
    },
  };
});

vi.mock("node:fs/promises", async (importOriginal) => {
  const real = await importOriginal<typeof import("node:fs/promises")>();
  return {
    ...real,
    mkdir: async (path: string, options: object) => {
      refuse("mkdir", path);
      return real.mkdir(path, options);
    },
    unlink: async (path: string) => {
      refuse("unlink", path);
      return real.unlink(path);
    },
  };
});

const FILES = { "a.txt": "alpha", "b.txt": "beta", "sub/c.txt": "gamma" };

async function during<Result>(
  refused: Readonly<Record<string, readonly [end: string, code: string]>>,
  work: () => Promise<Result>,
): Promise<Result> {
  for (const [call, what] of Object.entries(refused)) refusals.set(call, what);
  try {
    return await work();
  } finally {
    refusals.clear();
  }
}

describe("a local file of which the system refuses something", () => {
  it.each([
    ["opened", "open", "EACCES", "this user has no permission for it"],
    ["read", "read", "EIO", "its disk failed"],
  ])("is named by an upload where it cannot be %s, and the others go over", async (_what, call, code, error) => {
    const stage = newStage();
    const { alice } = await family(stage);
    stage.files("here", FILES);
    const { exit, out } = await during({ [call]: ["here/a.txt", code] }, () =>
      alice("upload", "here/.", "family:", "--json"),
    );
    expect([exit, JSON.parse(out)]).toMatchObject([1, { transferred: 2, failed: [{ path: "a.txt", error }] }]);
    expect(await alice.json("upload", "here/.", "family:")).toMatchObject({ transferred: 1, skipped: 2, failed: [] });
  });

  it.each([
    ["a file's name", "rename", "/a.txt", "EPERM", ["a.txt"], "the system does not permit it"],
    ["a folder", "mkdir", "/sub", "EACCES", ["sub", "sub/c.txt"], "this user has no permission for it"],
  ])(
    "is named by a download where %s is not given, and the others come",
    async (_what, call, end, code, paths, error) => {
      const stage = newStage();
      const { alice } = await family(stage);
      stage.files("here", FILES);
      await alice.json("upload", "here/.", "family:");
      const { exit, out } = await during({ [call]: [end, code] }, () =>
        alice("download", "family:/", "there", "--json"),
      );
      const { failed } = JSON.parse(out) as { failed: object[] };
      expect([exit, failed]).toMatchObject([1, paths.map((path) => ({ path, error }))]);
      const came = Object.keys(FILES).filter((path) => !paths.includes(path));
      expect(filesBelow(join(stage.folder, "there"))).toEqual(came);
    },
  );

  it("is replaced by a download with --overwrite though it cannot be read, and only then", async () => {
    const stage = newStage();
    const { alice } = await family(stage);
    stage.files("here", FILES);
    await alice.json("upload", "here/.", "family:");
    stage.files("there", { "a.txt": "other" });
    for (const [options, failed, text] of [
      [[], 1, "other"],
      [["--overwrite"], 0, "alpha"],
    ] as const) {
      const words = ["download", "family:/", "there", ...options, "--json"];
      const { out } = await during({ open: ["/a.txt", "EACCES"] }, () => alice(...words));
      expect((JSON.parse(out) as { failed: unknown[] }).failed).toHaveLength(failed);
      expect(readFileSync(join(stage.folder, "there/a.txt"), "utf8")).toBe(text);
    }
  });

  it("does not pass for a full disk, which ends the download", async () => {
    const stage = newStage();
    const { alice } = await family(stage);
    stage.files("here", FILES);
    await alice.json("upload", "here/.", "family:");
    const refused = await during({ write: [".part", "ENOSPC"] }, () => alice.refusal("download", "family:/", "there"));
    expect(refused).toMatchObject({ exit: 1, code: "system", message: expect.stringContaining("no space left") });
  });

  it("is named by an import, and stays, and the others are deleted", async () => {
    const stage = newStage();
    const { alice } = await family(stage);
    const folder = stage.files("plain", FILES);
    const refused = { open: ["plain/b.txt", "EACCES"], unlink: ["plain/a.txt", "EPERM"] } as const;
    const { exit, out } = await during(refused, () =>
      alice("import", "plain", "family:", "--delete-originals", "--json"),
    );
    expect([exit, JSON.parse(out)]).toMatchObject([
      1,
      {
        deleted: 1,
        failed: [
          { path: "b.txt", error: "this user has no permission for it" },
          { path: "a.txt", error: "the system does not permit it: it stays" },
        ],
      },
    ]);
    expect(filesBelow(folder)).toEqual(["a.txt", "b.txt"]);
    expect(readFileSync(join(folder, "a.txt"), "utf8")).toBe("alpha");
  });
});
