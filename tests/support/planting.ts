/** What anybody can leave on a group's storage who may write there: its epochs' recipients lie there for all to see. */
import { createHash } from "node:crypto";
import { sealFile } from "@conclave/core";
import { hexOf } from "./forge.ts";
import { type Operation, signListing } from "./insides.ts";
import { type Device, keyOf, live, plainCrypto } from "./world.ts";

export function digestOf(bytes: Uint8Array | string): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** Seals bytes to somebody, and puts them under a name that fits them. */
export async function plantFor(
  group: Device,
  file: { readonly recipient: string; readonly start: string; readonly plaintext: Uint8Array | string },
): Promise<string> {
  const plaintext = new Uint8Array(Buffer.from(file.plaintext as string));
  const { sealed } = await sealFile(plainCrypto, { recipients: [file.recipient], suite: "classic", plaintext });
  const key = `${file.start}${digestOf(sealed).slice(0, 32)}.age`;
  await live(group).store.put(key, sealed);
  return key;
}

/** Seals bytes to the epoch in which a device is, and puts them into one of its folders. */
export function plant(
  group: Device,
  kind: "records" | "listings" | "objects",
  plaintext: Uint8Array | string,
): Promise<string> {
  const { epoch, recipient } = live(group).view.current;
  const start = { records: `${"ab".repeat(16)}-1-999-`, listings: "999999-", objects: "" }[kind];
  return plantFor(group, { recipient, start: `${epoch}/${kind}/${start}`, plaintext });
}

/** A file with one piece, at some path: the operations that make it, and the archive of its blob. */
export function newFile(
  path: string,
  text: string,
  node: string = `f${hexOf(plainCrypto.randomBytes(16))}`,
): { readonly operations: readonly Operation[]; readonly archive: Uint8Array } {
  const salt = hexOf(plainCrypto.randomBytes(16));
  const size = Buffer.alloc(8);
  size.writeBigUInt64BE(BigInt(text.length));
  const said = [Buffer.from("conclave/v1/blob\0"), Buffer.from(salt + digestOf(text), "hex"), size];
  const blob = digestOf(Buffer.concat(said));
  const extents = [[blob, 0, 1]] as const;
  return {
    operations: [
      { op: "blob", blob, salt, pieces: [[digestOf(text), text.length]] },
      { op: "file", node, replaces: [], size: text.length, modified: 1, executable: false, extents, path },
    ],
    archive: tar([{ name: digestOf(text), bytes: text }]),
  };
}

/** A listing newer than all others, which covers all that the group's device has read and shows these rows alone. */
export function newestListing(
  group: Device,
  options: { readonly rows: readonly object[]; readonly by: Device; readonly claimed?: Device },
): Promise<Uint8Array> {
  const { rows, by, claimed = by } = options;
  const { index, view, group: id } = live(group);
  const changes = index.all<{ digest: string }>("SELECT digest FROM lines WHERE type LIKE '%change'");
  return signListing(plainCrypto, {
    first: {
      type: "conclave/v1/listing",
      group: id,
      device: keyOf(claimed.secrets),
      epoch: view.current.epoch,
      number: 999_999,
      part: 1,
      covers: changes.map(({ digest }) => digest),
      time: 4_000_000_000_000,
    },
    lines: rows.map((row) => new Uint8Array(Buffer.from(JSON.stringify(row)))),
    signingKey: by.secrets.signingKey,
  });
}

export interface TarEntry {
  readonly name: string;
  readonly bytes?: string;
  /** The kind of entry: a plain file by default. */
  readonly type?: string;
  readonly link?: string;
  /** What the header claims, where it is not the truth. */
  readonly size?: number;
  /** What is written over the header, by offset. */
  readonly over?: readonly (readonly [offset: number, text: string])[];
}

/** An archive of whatever entries. */
export function tar(entries: readonly TarEntry[]): Uint8Array {
  return Buffer.concat([...entries.flatMap(tarEntry), Buffer.alloc(1024)]);
}

function tarEntry({ name, bytes = "", type = "0", link = "", size, over = [] }: TarEntry): readonly Uint8Array[] {
  const content = Buffer.from(bytes);
  const header = Buffer.alloc(512);
  header.write(name, 0, 100, "latin1");
  header.write("0000666\x000000000\x000000000\0", 100);
  header.write(`${(size ?? content.length).toString(8).padStart(11, "0")}\0${"0".repeat(11)}\0`, 124);
  header.write(type, 156);
  header.write(link, 157, 100, "latin1");
  header.write("ustar\x0000", 257, "latin1");
  for (const [offset, text] of over) header.write(text, offset, "latin1");
  header.write("        ", 148);
  const sum = header.reduce((before, byte) => before + byte, 0);
  header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  return [header, content, Buffer.alloc((512 - (content.length % 512)) % 512)];
}
