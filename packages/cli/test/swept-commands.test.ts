/** Whatever writes must be safe to kill: each command that does is in a sweep of deaths, or this fails. */
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { REGISTRY } from "../src/registry.ts";

/**
 * Commands that write to a storage, or to what a device knows of a group or of itself, with the file and the text of a case in
 * which their work is killed at every step, or at many drawn ones.
 */
const SWEPT: Readonly<Record<string, readonly [file: string, text: string]>> = {
  "device add": ["packages/cli/test/killed.test.ts", '"device add"'],
  "device remove": ["tests/crash-devices.test.ts", "while removing a device and what it admitted"],
  init: ["packages/cli/test/killed.test.ts", '"init --device CODE, which comes in"'],
  kit: ["tests/crash-devices.test.ts", "while replacing the kit"],
  recover: ["tests/crash-devices.test.ts", "while coming back by a kit"],
  create: ["tests/crash-entering.test.ts", "while founding"],
  join: ["tests/crash-entering.test.ts", "while joining"],
  settle: ["tests/crash-commands.test.ts", "while settling which of two histories to follow"],
  leave: ["tests/crash-commands.test.ts", "while leaving"],
  delete: ["tests/delete-group.test.ts", "killed at every step"],
  requests: ["tests/crash-missing-key.test.ts", "answering who asks"],
  status: ["tests/crash-missing-key.test.ts", "asking for the key"],
  add: ["tests/crash-commands.test.ts", "admitting somebody"],
  invite: ["tests/crash-commands.test.ts", "inviting somebody"],
  invitations: ["tests/crash-commands.test.ts", "withdrawing an invitation"],
  role: ["tests/crash-commands.test.ts", "changing a role"],
  remove: ["tests/crash.test.ts", "during a removal lets another member finish"],
  upload: ["tests/crash.test.ts", "during an upload loses nothing"],
  download: ["packages/cli/test/killed.test.ts", '"download"'],
  import: ["packages/cli/test/killed.test.ts", '"import --delete-originals"'],
  mkdir: ["tests/crash-commands.test.ts", "making a folder"],
  mv: ["tests/crash-commands.test.ts", "moving a folder"],
  cp: ["tests/crash-commands.test.ts", "copying a folder"],
  rm: ["packages/cli/test/killed.test.ts", '"rm --permanent"'],
  restore: ["tests/crash-commands.test.ts", "taking a folder out of the trash"],
  trash: ["packages/cli/test/killed.test.ts", '"trash --empty"'],
  reencrypt: ["packages/cli/test/killed.test.ts", '"reencrypt"'],
};

/** Commands that are in no sweep, and why none is needed, or what is left to chance. */
const NOT_SWEPT: Readonly<Record<string, string>> = {
  id: "writes one file, of what lies at home",
  device: "lists",
  login: "puts one file at home in another's place, in one step",
  logout: "the same",
  accounts: "lists",
  lock: "empties one entry of the system's keychain",
  groups: "lists",
  address: "does the duties of every command, which are swept with each of the commands above",
  log: "does those duties",
  serve: "does those duties again and again",
  members: "does those duties",
  ls: "does those duties",
  cat: "does those duties",
  find: "does those duties",
  versions: "does those duties",
  verify: "does those duties",
  demo: "makes groups that are thrown away",
  shell: "runs the other commands",
  completion: "prints",
  help: "prints",
};

it("every command that writes is in a sweep of deaths, and each other says why it is not", () => {
  const named = [...Object.keys(SWEPT), ...Object.keys(NOT_SWEPT)];
  expect(named.toSorted()).toEqual(REGISTRY.map(({ name }) => name).toSorted());
});

it.each(Object.entries(SWEPT))("the sweep of %s exists", (_command, [file, text]) => {
  expect(readFileSync(file, "utf8")).toContain(text);
});
