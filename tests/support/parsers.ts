/** The parsers that read what a storage or a stranger gives, each behind one function of bytes, with seeds out of `vectors/`. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { ConclaveError } from "@conclave/core";
// biome-ignore-start lint/style/noRestrictedImports: a fuzzer goes past the public interface.
import { openFile, sealFile } from "../../packages/core/src/age/file.ts";
import { headerLength } from "../../packages/core/src/age/header.ts";
import { hasFrameOf } from "../../packages/core/src/contents/archive.ts";
import { equalBytes } from "../../packages/core/src/encoding/bytes.ts";
import { nameDigest } from "../../packages/core/src/encoding/digest.ts";
import { readLine, writeLine } from "../../packages/core/src/encoding/strict.ts";
import { formatAddress, parseAddress } from "../../packages/core/src/group/address.ts";
import { claimedGroup } from "../../packages/core/src/group/conclave-json.ts";
import { parseRecipientKey, readRecipientFile } from "../../packages/core/src/group/epoch.ts";
import { decodeGrant, encodeGrant, parseGrantKey } from "../../packages/core/src/group/grant.ts";
import { openNotice, parseNoticeKey } from "../../packages/core/src/group/notice.ts";
import { openRequest, parseRequestKey } from "../../packages/core/src/group/request.ts";
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

interface Epoch {
  readonly epoch: string;
  readonly identity: string;
  readonly recipient: string;
  readonly suite: "classic" | "hybrid";
}

/** Seals what was altered, as anybody can who holds the recipient: else the seal alone would refuse all of it. */
async function resealed(plaintext: Uint8Array, { recipient, suite }: Epoch): Promise<{ bytes: Bytes; digest: string }> {
  const { sealed } = await sealFile(plainCrypto, { recipients: [recipient], plaintext: plaintext.slice(), suite });
  return { bytes: sealed, digest: nameDigest(sealed) };
}

/** A good case of a file: its group and epoch, and what its name says. */
function goodCase(name: string): { readonly group: string; readonly epoch: Epoch; readonly key: string } & Inputs {
  const found = casesOf(name).find(({ expect }) => expect === "ok");
  return found as unknown as ReturnType<typeof goodCase>;
}

const RECORDS = ["found", "entry", "change", "receipt", "location"];
const KEYS = [parseRecordsKey, parseGrantKey, parseNoticeKey, parseRequestKey, parseRecipientKey];
const utf8 = new TextEncoder();
const latin1 = (bytes: Uint8Array) => Buffer.from(bytes).toString("latin1");

const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

async function requestParser(): Promise<Parser> {
  const { group, epoch, key } = goodCase("request");
  const id = parseRequestKey(key)?.id ?? "";
  return {
    name: "a request",
    seeds: await plaintextsOf("request", ofEpoch),
    async read(plaintext) {
      const { bytes, digest } = await resealed(plaintext, epoch);
      const { card, invited } = await openRequest(plainCrypto, { group, name: { id, digest }, bytes, epoch });
      const written = Buffer.concat([card.signed, ...(invited ? [invited.signed] : [])].map(encodeSignedLine));
      return same(written, plaintext.subarray(0, written.length));
    },
  };
}

async function noticeParser(): Promise<Parser> {
  const { epoch } = goodCase("notice");
  return {
    name: "a notice",
    seeds: await plaintextsOf("notice", ofEpoch),
    async read(plaintext) {
      const { bytes, digest } = await resealed(plaintext, epoch);
      const lines = await openNotice(plainCrypto, { name: { epoch: epoch.epoch, digest }, bytes, epoch });
      const written = Buffer.concat(lines.map(encodeSignedLine));
      return same(written, plaintext.subarray(0, written.length));
    },
  };
}

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
    await requestParser(),
    await noticeParser(),
    {
      name: "a recipient's file",
      seeds: seedsOf("recipient-file", "file"),
      read(bytes) {
        const recipient = readRecipientFile({ epoch: sha256(bytes), bytes });
        return same(utf8.encode(`${recipient}\n`), bytes);
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
