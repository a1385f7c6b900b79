/** Vectors of listings. SPEC.md §11. */
import { toUtf8 } from "../../packages/core/src/encoding/bytes.ts";
import { toHex } from "../../packages/core/src/encoding/hex.ts";
import { writeLine } from "../../packages/core/src/encoding/strict.ts";
import type { ListingStart } from "../../packages/core/src/records/listing-start.ts";
import { signListing } from "../../packages/core/src/session/files/listing.ts";
import type { Verdict } from "../../packages/core/test/vectors/vector-file.ts";
import { blobOf } from "./blobs.ts";
import { node } from "./change.ts";
import { replace } from "./spoilings.ts";
import { crypto, digestOf, TIME, type World } from "./world.ts";
import { base64, type Case, type Plan } from "./write.ts";

/** Listings, as they are before they are sealed. */
export function listingPlan(world: World): Plan {
  const { alice, bob, group, second } = world;
  const { signingKey } = alice.device;
  const blob = blobOf("a small file");
  const file = { size: 21, modified: -1, executable: true, extents: [[blob.blob, 0, 1]], path: "notes/a.txt" };
  const rows = [
    { op: "place", node: node("d", "folder"), path: "notes" },
    { op: "file", node: node("f", "file"), version: digestOf("a version"), ...file },
    { op: "link", node: node("l", "link"), target: "../elsewhere\n", path: "l" },
    { op: "blob", blob: blob.blob, salt: blob.salt, pieces: blob.pieces },
    {
      type: "conclave/v1/location",
      epoch: second.epoch,
      blob: blob.blob,
      object: digestOf("object").slice(0, 32),
      length: 2776,
    },
  ];
  const first: ListingStart = {
    ...{ type: "conclave/v1/listing", group, device: alice.key, epoch: second.epoch, number: 1, part: 1 },
    ...{ covers: [digestOf("a change")], time: TIME },
  };
  const make = (start: object, key = signingKey, lines: readonly object[] = rows) =>
    signListing(crypto, { first: start as ListingStart, lines: lines.map(writeLine), signingKey: key });
  const ok = async (name: string, start: ListingStart, lines: readonly object[]): Promise<Case> => ({
    ...{ name, expect: "ok", plaintext: base64(await make(start, signingKey, lines)) },
    result: { first: start, rows: lines.length },
  });
  return {
    file: "listing",
    format: "listing",
    description:
      "Listings (SPEC.md §11), opened: the strict form of the first line, and the last line's signature over all before it.",
    given: { signingKey: toHex(signingKey) },
    async cases() {
      const good = await make(first);
      const text = new TextDecoder().decode(good);
      const refused: readonly (readonly [string, Verdict, Uint8Array])[] = [
        ["a signature by another device", "corrupt", await make(first, bob.device.signingKey)],
        ["a row altered", "corrupt", toUtf8(replace(text, '"path":"notes"', '"path":"motes"'))],
        ["a row less", "corrupt", toUtf8(replace(text, /\n\{"op":"link".*?\n/, "\n"))],
        [
          "two rows that changed places",
          "corrupt",
          toUtf8(text.replace(/(\{"op":"place".*?\n)(\{"op":"file".*?\n)/, "$2$1")),
        ],
        ["the first line of another number", "corrupt", toUtf8(replace(text, '"number":1', '"number":2'))],
        ["cut before its signature", "malformed", toUtf8(text.slice(0, text.lastIndexOf("}") + 2))],
        ["keys in another order", "malformed", await make({ ...{ type: first.type, device: first.device }, ...first })],
        ["number 0", "malformed", await make({ ...first, number: 0 })],
        ["a part of 1.5", "malformed", await make({ ...first, part: 1.5 })],
        ["of a newer version", "unsupported", await make({ ...first, type: "conclave/v2/listing" })],
        ["a key more", "malformed", await make({ ...first, more: 0 })],
      ];
      return [
        await ok("of a folder, a file, a link and where its bytes are", first, rows),
        await ok("of nothing", { ...first, number: 2, covers: [] }, []),
        ...refused.map(([name, verdict, plaintext]) => ({ name, expect: verdict, plaintext: base64(plaintext) })),
      ];
    },
  };
}
