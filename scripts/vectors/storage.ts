import { toUtf8 } from "../../packages/core/src/encoding/bytes.ts";
import { sha256Hex } from "../../packages/core/src/encoding/digest.ts";
import { formatAddress } from "../../packages/core/src/group/address.ts";
import { conclaveJson } from "../../packages/core/src/group/conclave-json.ts";
import type { Verdict } from "../../packages/core/test/vectors/vector-file.ts";
import { replace } from "./spoilings.ts";
import { digestOf, type World } from "./world.ts";
import { base64, type Case, type Plan } from "./write.ts";

export function keyPlan({ first }: World): Plan {
  const { epoch } = first;
  const [tag, digest] = [digestOf("tag").slice(0, 32), digestOf("digest").slice(0, 32)];
  const records = `${epoch}/records/${tag}-1-2-${digest}.age`;
  const grant = `epochs/${epoch}-all-${digest}.age`;
  const request = `requests/${tag}-${digest}.age`;
  const ok = (name: string, kind: string, key: string, result: unknown): Case => ({
    name,
    expect: "ok",
    kind,
    key,
    result,
  });
  const not = (name: string, kind: string, key: string): Case => ({ name, expect: "foreign", kind, key });
  return {
    file: "key",
    format: "key",
    description:
      "Keys on the storage (SPEC.md §2): what their names say. Whatever is of no such form is foreign and left alone.",
    cases: () => [
      ok("records", "records", records, { epoch, tag, first: 1, count: 2, digest }),
      ok("locations alone", "records", replace(records, "-1-2-", "-17-0-"), {
        epoch,
        tag,
        first: 17,
        count: 0,
        digest,
      }),
      ok("a grant to all", "grant", grant, { epoch, audience: "all", digest }),
      ok("a grant to a device", "grant", replace(grant, "all", tag), { epoch, audience: tag, digest }),
      ok("a notice", "notice", `${epoch}/notice-${digest}.age`, { epoch, digest }),
      ok("a request", "request", request, { id: tag, digest }),
      ok("a recipient", "recipient", `epochs/${epoch}.recipient`, epoch),
      not("number 0", "records", replace(records, "-1-2-", "-0-2-")),
      not("a number with a zero before it", "records", replace(records, "-1-2-", "-01-2-")),
      not("a count with a zero before it", "records", replace(records, "-1-2-", "-1-02-")),
      not("a count below zero", "records", replace(records, "-1-2-", "-1--2-")),
      not("a number of 17 digits", "records", replace(records, "-1-2-", "-10000000000000000-2-")),
      not("an epoch in upper case", "records", replace(records, epoch, epoch.toUpperCase())),
      not("a folder too many", "records", `x/${records}`),
      not("a conflicted copy", "records", replace(records, ".age", " (conflicted copy).age")),
      not("a temporary file", "records", `${records}.tmp`),
      not("a line feed behind it", "records", `${records}\n`),
      not("an audience of nobody", "grant", replace(grant, "all", "none")),
      not("an audience of 8 bytes", "grant", replace(grant, "all", tag.slice(16))),
      not("a short digest", "notice", `${epoch}/notice-${digest.slice(1)}.age`),
      not("an ending in upper case", "request", replace(request, ".age", ".AGE")),
      not("a recipient of half an epoch", "recipient", `epochs/${epoch.slice(32)}.recipient`),
    ],
  };
}

export function recipientFilePlan({ first, second, hybrid }: World): Plan {
  const caseOf = (name: string, expect: Verdict, text: string, epoch = sha256Hex(toUtf8(text))): Case => ({
    ...{ name, expect, epoch, file: base64(toUtf8(text)) },
    ...(expect === "ok" && { result: { recipient: text.trim() } }),
  });
  const { recipient } = first;
  return {
    file: "recipient-file",
    format: "recipient-file",
    description:
      "Recipient files (SPEC.md §2), held against the epoch in their name: here, the refused ones mostly fit it.",
    cases: () => [
      caseOf("of a classic epoch", "ok", `${recipient}\n`),
      caseOf("of a hybrid epoch", "ok", `${hybrid.recipient}\n`),
      caseOf("of another epoch", "corrupt", `${recipient}\n`, second.epoch),
      caseOf("without a line feed", "corrupt", recipient),
      caseOf("with a carriage return", "corrupt", `${recipient}\r\n`),
      caseOf("with two line feeds", "corrupt", `${recipient}\n\n`),
      caseOf("with a byte order mark", "corrupt", `\ufeff${recipient}\n`),
      caseOf("in upper case", "corrupt", `${recipient.toUpperCase()}\n`),
      caseOf("an identity", "corrupt", `${first.identity}\n`),
      caseOf("empty", "corrupt", ""),
      caseOf("of 2,202 bytes", "limit", `age1pq1${"q".repeat(2194)}\n`),
    ],
  };
}

export function conclaveJsonPlan({ group }: World): Plan {
  const good = new TextDecoder().decode(conclaveJson(group));
  const not = (name: string, text: string): Case => ({ name, expect: "foreign", file: base64(toUtf8(text)) });
  return {
    file: "conclave-json",
    format: "conclave-json",
    description:
      "conclave.json (SPEC.md §2): never trusted, so that whatever is of another form is foreign and no error.",
    cases: () => [
      { name: "as it is written", expect: "ok", file: base64(toUtf8(good)), result: { group } },
      not("without a line feed", good.trimEnd()),
      not("with two line feeds", `${good}\n`),
      not("of a newer version", replace(good, "conclave/v1", "conclave/v2")),
      not("keys in another order", JSON.stringify({ group, ...(JSON.parse(good) as object) }).concat("\n")),
      not("a group in upper case", replace(good, group, group.toUpperCase())),
      not("a key twice", replace(good, '"group":', `"group":"${group}","group":`)),
      not("a byte order mark", `\ufeff${good}`),
      not("a space", replace(good, '"group":', '"group": ')),
      not("over 4,096 bytes", replace(good, '"help":"', `"help":"${"x".repeat(4096)}`)),
      not("empty", ""),
    ],
  };
}

export function addressPlan({ group, log, second }: World): Plan {
  const address = {
    group,
    entry: log[2]?.digest ?? group,
    epoch: second.epoch,
    store: "file:///home/alice/Drive%20é/team",
  };
  const good = formatAddress(address);
  const ok = (name: string, text: string, result: object): Case => ({ name, expect: "ok", address: text, result });
  const not = (name: string, text: string, expect: Verdict = "malformed"): Case => ({ name, expect, address: text });
  const plain = { ...address, store: "s3://bucket/a b" };
  return {
    file: "address",
    format: "address",
    description: "Addresses (SPEC.md §7). Space around one is forgiven, nothing else.",
    cases: () => [
      ok("of a folder", good, address),
      ok("with space around it", `\n  ${good}\t\n`, address),
      ok("with a space in its store", formatAddress(plain), plain),
      not("of a newer version", replace(good, "v1", "v2"), "unsupported"),
      not("without a version", replace(good, "v1/", "")),
      not("of another scheme", replace(good, "conclave:", "https:")),
      not("its scheme in upper case", replace(good, "conclave:", "CONCLAVE:")),
      not("a group in upper case", replace(good, group, group.toUpperCase())),
      not("an epoch cut", replace(good, address.epoch, address.epoch.slice(1))),
      not("a store that is not encoded", replace(good, "%3A", ":")),
      not("a store encoded in lower case", replace(good, "%3A", "%3a")),
      not("a store encoded where it need not be", replace(good, "alice", "%61lice")),
      not("a store of no text", `${good}%FF`),
      not("no store", good.slice(0, good.lastIndexOf("/") + 1)),
      not("a part more", `${good}/x`),
      not("a space in it", replace(good, "/", "/ ")),
      not("over 4,096 characters", good + "x".repeat(4096)),
    ],
  };
}
