/** A group in a folder of an emulated Google Drive, and those who come into it. */
import type { GoogleOptions } from "@conclave/emulators";
import { expect } from "vitest";
import { accountOf, type GoogleStage, googleStage } from "./google.ts";
import type { Person } from "./stage.ts";

/** A newcomer whose card and account Alice has added, and who is in. */
export async function admitByAccount(
  { newcomer }: GoogleStage,
  { alice, name, role = "editor" }: { readonly alice: Person; readonly name: string; readonly role?: string },
): Promise<Person> {
  const person = await newcomer(name);
  const { fingerprint } = await person.json<{ fingerprint: string }>("id", "--card", `${name}.card`);
  const words = ["add", "club", `${name}.card`, "--role", role, "--fingerprint", fingerprint];
  const added = await alice.json<{ folderAccess: string }>(...words, "--account", accountOf(name));
  expect(added.folderAccess).toBe("granted");
  const { address } = await alice.json<{ address: string }>("address", "club");
  await person.json("join", address, "--as", "club");
  return person;
}

/** Alice's group in a folder of her Drive, with a file in it. */
export async function club(
  options: GoogleOptions = {},
): Promise<GoogleStage & { readonly alice: Person; readonly store: string }> {
  const all = await googleStage(options);
  const alice = await all.newcomer("Alice");
  const { store } = await alice.json<{ store: string }>("create", "club", "gdrive:club", "--settled");
  all.stage.files("docs", { "a.txt": "alice wrote this" });
  await alice.json("upload", "docs", "club:/");
  return { ...all, alice, store };
}

/** Where Drive's interface has the folder of a group. */
export const folderOf = (store: string): string => `/drive/v3/files/${store.slice("gdrive:id=".length)}`;
