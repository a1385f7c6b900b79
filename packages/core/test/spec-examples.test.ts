/** The examples in SPEC.md are what the code makes. */
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { epochIdentity } from "../src/age/epoch-identity.ts";
import { webCrypto } from "../src/age/web-crypto.ts";
import { entryHeader, layoutOf } from "../src/contents/archive.ts";
import { declareBlob } from "../src/contents/blob.ts";
import { objectLength } from "../src/contents/object.ts";
import { toUtf8 } from "../src/encoding/bytes.ts";
import { fromHex, toHex } from "../src/encoding/hex.ts";
import { encodeBase64 } from "../src/encoding/strict.ts";
import { writerTag } from "../src/group/writer-tag.ts";
import { kitDevice, kitWords } from "../src/identity/kit.ts";
import { readRecord } from "../src/records/record.ts";
import { padLines } from "../src/records/records-file.ts";
import { encodeSignedLine, signLine } from "../src/records/signed-line.ts";

const SPEC = readFileSync("SPEC.md", "utf8");

/** The code in the last cell of the table row that begins so. */
function example(what: string): string {
  const rows = SPEC.split("\n").filter((line) => line.startsWith(`| ${what} |`));
  return rows.flatMap((row) => /\| `([^|]*)` \|$/.exec(row)?.[1] ?? [])[0] ?? "";
}

it("the example of a record is what the code makes", async () => {
  const kit = kitDevice(new Uint8Array(32));
  expect(kitWords(new Uint8Array(32))).toBe(`${"abandon ".repeat(23)}art`);
  expect(example("hybrid identity")).toBe(kit.hybridIdentity);
  expect(example("classic identity")).toBe(kit.classicIdentity);
  expect(example("Ed25519 seed")).toBe(toHex(kit.signingKey));
  expect(example("epoch's identity")).toBe(kit.classicIdentity);

  const { recipient, epoch } = await epochIdentity(kit.classicIdentity);
  expect(example("its recipient")).toBe(recipient);
  expect(example("epoch")).toBe(epoch);
  expect(example("tag")).toBe(writerTag(kit.classicIdentity, example("writer")));

  const line = example("its line");
  const value = readRecord(toUtf8(line));
  expect(value).toMatchObject({ device: example("verifying key"), epoch });
  const signed = await signLine(webCrypto(), { value, signingKey: kit.signingKey });
  expect(new TextDecoder().decode(signed.line)).toBe(line);
  expect(example("its digest")).toBe(signed.digest);
  expect(example("signature")).toBe(encodeBase64(signed.signature));
  const stored = encodeSignedLine(signed);
  expect([signed.line.length, stored.length, padLines(stored).length]).toEqual([472, 562, 1024]);
});

it("the example of a blob is what the code makes", () => {
  const pieces = [[example("piece's SHA-256"), 6]] as const;
  const declared = declareBlob({ randomBytes: (length) => new Uint8Array(length) }, pieces);
  expect(declared).toEqual({ blob: example("blob's id"), salt: example("salt"), pieces });
  expect(new TextDecoder().decode(fromHex(example("label, 0x00")))).toBe("conclave/v1/blob\0");
  const lengths = [layoutOf([6]).length, objectLength("hybrid", pieces), objectLength("classic", pieces)];
  const [archive, hybrid, classic] = lengths.map((length) => length.toLocaleString("en"));
  expect(SPEC.replaceAll(/\s+/g, " ")).toContain(
    `has ${archive} bytes, its object ${hybrid} in a hybrid group and ${classic} in a classic one`,
  );
  const header = entryHeader({ name: pieces[0][0], size: 6 });
  expect(SPEC).toContain(`first header is \`${toHex(header.slice(148, 156))}\``);
});
