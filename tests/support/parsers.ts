/** The parsers that read what a storage or a stranger gives, each behind one function of bytes, with seeds out of `vectors/`. */
import { readFileSync } from "node:fs";
import { ConclaveError } from "@conclave/core";
// biome-ignore-start lint/style/noRestrictedImports: a fuzzer goes past the public interface.
import { openFile } from "../../packages/core/src/age/file.ts";
import { headerLength } from "../../packages/core/src/age/header.ts";
import { hasFrameOf } from "../../packages/core/src/contents/archive.ts";
import { equalBytes } from "../../packages/core/src/encoding/bytes.ts";
import { readLine, writeLine } from "../../packages/core/src/encoding/strict.ts";
import { formatAddress, parseAddress } from "../../packages/core/src/group/address.ts";
import { claimedGroup } from "../../packages/core/src/group/conclave-json.ts";
import { parseRecipientKey } from "../../packages/core/src/group/epoch.ts";
import { decodeGrant, encodeGrant, parseGrantKey } from "../../packages/core/src/group/grant.ts";
import { parseNoticeKey } from "../../packages/core/src/group/notice.ts";
import { parseRequestKey } from "../../packages/core/src/group/request.ts";
import { decodeCardFile } from "../../packages/core/src/identity/card.ts";
import { listingStart } from "../../packages/core/src/records/listing-start.ts";
import { readRecord } from "../../packages/core/src/records/record.ts";
import { padLines, parseRecordsKey } from "../../packages/core/src/records/records-file.ts";
import { decodeSignedLines, encodeSignedLine } from "../../packages/core/src/records/signed-line.ts";
import { bytesOf, inputsOf, type VectorCase, type VectorFile } from "../../packages/core/test/vectors/vector-file.ts";
// biome-ignore-end lint/style/noRestrictedImports: as above.
import { plainCrypto } from "./world.ts";

type Bytes = Uint8Array<ArrayBuffer>;

export interface Parser {
  readonly name: string;
  readonly seeds: readonly Bytes[];
  /** Whether it takes these bytes; throws ConclaveError if it refuses them, and anything else if it is broken. */
  readonly read: (bytes: Bytes) => boolean | Promise<boolean>;
}

/** What a parser took, and would itself write otherwise: two readers could see two things in it. */
export class TwoForms extends Error {
  override readonly name = "TwoForms";
}

function same(written: Uint8Array, read: Uint8Array): true {
  if (!equalBytes(written, read)) throw new TwoForms("what was read is written otherwise");
  return true;
}

type Inputs = Readonly<Record<string, unknown>>;

function casesOf(name: string): (VectorCase & Inputs)[] {
  const file = JSON.parse(readFileSync(`vectors/${name}.json`, "utf8")) as VectorFile;
  return file.cases.map((each) => inputsOf(file, each) as VectorCase & Inputs);
}

/** Short inputs of the cases of a file; long ones make a fuzzer slow and find no more. */
function seedsOf(name: string, field: string): Bytes[] {
  return casesOf(name)
    .flatMap((each) => (each[field] === undefined ? [] : [bytesOf(each[field] as string)]))
    .filter(({ length }) => length <= 16_384);
}

/** What is sealed in the good cases of a file. */
async function plaintextsOf(name: string, identities: (inputs: Inputs) => readonly string[]): Promise<Bytes[]> {
  const good = casesOf(name).filter(({ expect }) => expect === "ok");
  const suites = ["classic", "hybrid"] as const;
  const opened = good.flatMap((each) =>
    suites.map((suite) =>
      openFile(plainCrypto, {
        sealed: bytesOf(each.sealed as string),
        identities: identities(each).filter((identity) => identity.includes("-PQ-") === (suite === "hybrid")),
        suite,
        maxStanzas: 256,
      }).catch(() => undefined),
    ),
  );
  return (await Promise.all(opened)).filter((plaintext) => plaintext !== undefined);
}

const ofEpoch = ({ epoch }: Inputs): string[] => [(epoch as { readonly identity: string }).identity];
const ofDevice = ({ identities }: Inputs): string[] => Object.values(identities as Readonly<Record<string, string>>);

const RECORDS = ["found", "entry", "change", "receipt", "location"];
const KEYS = [parseRecordsKey, parseGrantKey, parseNoticeKey, parseRequestKey, parseRecipientKey];
const utf8 = new TextEncoder();
const latin1 = (bytes: Uint8Array) => Buffer.from(bytes).toString("latin1");

/** All parsers; making the seeds takes some opening. */
export async function parsers(): Promise<Parser[]> {
  const sealed = ["records-file", "grant", "notice", "request"].flatMap((name) => seedsOf(name, "sealed"));
  return [
    {
      name: "records and their signatures",
      seeds: [
        ...(await plaintextsOf("records-file", ofEpoch)),
        ...(await plaintextsOf("notice", ofEpoch)),
        ...RECORDS.flatMap((name) => seedsOf(name, "record")),
      ],
      read(bytes) {
        const lines = decodeSignedLines(bytes);
        for (const { line } of lines) same(writeLine(readRecord(line)), line);
        const written = Buffer.concat(lines.map(encodeSignedLine));
        return same(padLines(written).subarray(0, written.length), bytes.subarray(0, written.length));
      },
    },
    {
      name: "the plaintext of a grant",
      seeds: await plaintextsOf("grant", ofDevice),
      read(bytes) {
        const content = decodeGrant(bytes.slice());
        const written = encodeGrant(content);
        const end = Math.min(written.length, bytes.length);
        return same(written.subarray(0, end), bytes.subarray(0, end));
      },
    },
    {
      name: "the header of an age file",
      seeds: [...sealed, ...seedsOf("object", "sealed")].map((file) => file.slice(0, 4096)),
      read(bytes) {
        const lengths = (["classic", "hybrid"] as const).map((suite) => {
          try {
            return headerLength(bytes, suite, 256);
          } catch (error) {
            if (error instanceof ConclaveError) return error;
            throw error;
          }
        });
        const taken = lengths.filter((length) => typeof length === "number");
        if (taken.some((length) => length > bytes.length)) throw new TwoForms("a header longer than its file");
        if (taken.length === 0) throw lengths[0];
        return true;
      },
    },
    {
      name: "a card",
      seeds: seedsOf("card", "card"),
      read: async (bytes) => same(encodeSignedLine((await decodeCardFile(plainCrypto, bytes)).signed), bytes),
    },
    {
      name: "an address",
      seeds: casesOf("address").map(({ address }) => utf8.encode(String(address))),
      read(bytes) {
        const text = latin1(bytes);
        const address = parseAddress(text);
        if (formatAddress(address) !== text.trim()) throw new TwoForms(text);
        return true;
      },
    },
    {
      name: "conclave.json",
      seeds: seedsOf("conclave-json", "file"),
      read: (bytes) => claimedGroup(bytes) !== undefined,
    },
    {
      name: "a listing's first line",
      seeds: seedsOf("listing", "plaintext").map((bytes) => bytes.slice(0, bytes.indexOf(0x0a))),
      read: (bytes) => same(writeLine(readLine(bytes, listingStart)), bytes),
    },
    {
      name: "a key on the storage",
      seeds: casesOf("key").map(({ key }) => utf8.encode(String(key))),
      read(bytes) {
        const key = latin1(bytes);
        const readers = KEYS.filter((parse) => parse(key) !== undefined).length;
        if (readers > 1) throw new TwoForms(key);
        return readers === 1;
      },
    },
    {
      name: "the frame of an archive",
      seeds: casesOf("archive")
        .flatMap(({ archive }) => [bytesOf(archive as string)])
        .filter(({ length }) => length <= 16_384),
      read(bytes) {
        const pieces = [["58831986bf022035197bd05d44de7eb9b1f5a6cac36994a862a7164c5ead0b41", 12]] as const;
        return hasFrameOf(bytes, pieces);
      },
    },
  ];
}
