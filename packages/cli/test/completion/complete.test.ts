import { describe, expect, it } from "vitest";
import { complete } from "../../src/completion/complete.ts";
import type { KnownNames } from "../../src/completion/known-names.ts";
import { REGISTRY } from "../../src/registry.ts";
import { family, newStage } from "../support/stage.ts";

const names: KnownNames = {
  groups: async () => ["family", "work"],
  members: async (group) => (group === "family" ? ["Alice", "Bob B."] : []),
  places: async (typed) => (typed.includes(":") ? ["family:photos/", "family:notes.txt"] : ["family:", "work:"]),
};
const completed = (...words: readonly string[]) => complete(words, { registry: REGISTRY, names });

describe("what may stand at the end of a line", () => {
  it.each([
    [["sta"], ["status"]],
    [["nonsense", ""], []],
    [
      ["status", ""],
      ["family", "work"],
    ],
    [["--profile", "x", "status", "f"], ["family"]],
    [["ls", "fam"], ["family:"]],
    [["ls", "-l", "family:p"], ["family:photos/"]],
    [["remove", "family", "B"], ["Bob B."]],
    [["remove", "family", "Bob B.", "--contents", "b"], ["background"]],
    [["role", "family", "Alice", "o"], ["owner"]],
    [["help", "upl"], ["upload"]],
    [["completion", "f"], ["fish"]],
    [["mv", "family:a", "family:n"], ["family:notes.txt"]],
    [["status", "--pro"], ["--profile"]],
    [["status", "family", "x"], []],
  ])("is, behind %j, %j", async (words, expected) => {
    expect((await completed(...words)).words).toEqual(expected);
  });

  it("may be a file of this machine, where one fits", async () => {
    expect(await completed("upload", "")).toEqual({ words: ["family:", "work:"], files: true });
    expect(await completed("status", "--passphrase-file", "")).toEqual({ words: [], files: true });
    expect((await completed("ls", "")).files).toBe(false);
  });

  it("comes from what the device knows, without passphrase and storage, and leaves out what could act on a terminal", async () => {
    const stage = newStage();
    const { alice } = await family(stage);
    stage.files("photos", { "plain.txt": "1", "red\u001b[31m.txt": "2", "two\nlines.txt": "3", "sub/deep.txt": "4" });
    await alice.json("upload", "photos", "family:");
    const answer = async (...words: readonly string[]) =>
      (await alice("completion", "zsh", "--", ...words)).out.trimEnd().split("\n");
    expect(await answer("ls", "family:photos/")).toEqual(["words", "family:photos/plain.txt", "family:photos/sub/"]);
    expect(await answer("remove", "family", "")).toEqual(["words", "Alice"]);
    expect(await answer("ls", "nowhere:")).toEqual(["words"]);
    const { exit, err } = await alice("completion", "tcsh");
    expect({ exit, err }).toMatchObject({ exit: 2, err: expect.stringContaining("bash, zsh, fish, powershell") });
  });
});
