/**
 * Notices: the entry that ended an epoch, left in that epoch's folder for those who have not seen it. A notice needs no
 * signature of its own: it binds if its entry counts. SPEC.md §7.
 */
import { openFile, sealFile } from "../age/file.ts";
import { equalBytes, joinBytes } from "../encoding/bytes.ts";
import { nameDigest } from "../encoding/digest.ts";
import { ConclaveError, MisfitError } from "../errors.ts";
import type { Crypto } from "../ports/crypto.ts";
import { type OpenEpoch, padLines } from "../records/records-file.ts";
import type { EpochId, RecordDigest } from "../records/shapes.ts";
import { decodeSignedLines, encodeSignedLine, type SignedLine } from "../records/signed-line.ts";
import { type Log, type LogNode, namedEpoch, nodeAt, pathTo, stateAt } from "./log.ts";
import { currentEpoch } from "./state.ts";
import { isUnder, treeOrder } from "./tree-order.ts";

/** Largest stored notice that is looked at, in bytes. */
export const NOTICE_BYTES_MAX: number = 8 * 1024 * 1024;

/** What the name of a notice says. */
export interface NoticeName {
  readonly epoch: EpochId;
  readonly digest: string;
}

const NOTICE_KEY = /^(?<epoch>[0-9a-f]{64})\/notice-(?<digest>[0-9a-f]{32})\.age$/;

/** Reads a key; undefined if it is not of the form of a notice's. */
export function parseNoticeKey(key: string): NoticeName | undefined {
  const groups = NOTICE_KEY.exec(key)?.groups;
  if (!groups) return undefined;
  const { epoch = "", digest = "" } = groups;
  return { epoch, digest };
}

/** Up to this many bytes of entries a notice carries more than the ending one: half of what is read. SPEC.md §7. */
export const NOTICE_BYTES_AIM: number = NOTICE_BYTES_MAX / 2;

/**
 * What a notice carries: every entry of the branch up to `head` that the entry which started the epoch does not build on.
 * Whoever can open it has the log up to there from a grant; the epoch's own records may be gone by the time that somebody
 * comes late. Of an epoch of a branch that lost, these are the entries since the two parted. Of more than `NOTICE_BYTES_AIM`
 * the oldest are left out: a notice that is too large would be read by nobody.
 */
export function noticeEntries(
  log: Log,
  options: { readonly head: RecordDigest; readonly epoch: EpochId },
): readonly SignedLine[] {
  const { head, epoch } = options;
  // Another branch may name the same recipient, to have notices begin elsewhere.
  const start = (stateAt(log, head)?.epochs.get(epoch) ?? namedEpoch(log, epoch))?.entry;
  const before = new Set(start === undefined ? [] : pathTo(log, start));
  return newest(pathTo(log, head).flatMap((node) => (before.has(node) ? [] : [node.verified.signed])));
}

function newest(lines: readonly SignedLine[]): readonly SignedLine[] {
  const sizes = lines.map((line) => encodeSignedLine(line).length);
  let [first, bytes] = [lines.length, 0];
  while (first > 0 && bytes <= NOTICE_BYTES_AIM) bytes += sizes[--first] ?? 0;
  return lines.slice(bytes > NOTICE_BYTES_AIM ? Math.min(first + 1, lines.length - 1) : first);
}

/** Whether a notice holds all that one of its last entry is to hold: others would wait for what was left out. */
export function isWholeNotice(
  log: Log,
  options: { readonly epoch: EpochId; readonly lines: readonly SignedLine[] },
): boolean {
  const { epoch, lines } = options;
  const signatures = new Map(lines.map(({ digest, signature }) => [digest, signature]));
  return noticeEntries(log, { head: lines.at(-1)?.digest ?? "", epoch }).every(({ digest, signature }) => {
    const given = signatures.get(digest);
    return given !== undefined && equalBytes(given, signature); // check: signature
  });
}

/**
 * Seals a notice to the epoch that has ended.
 *
 * @param options.entries - As {@link noticeEntries} gives them.
 */
export async function sealNotice(
  crypto: Crypto,
  options: {
    readonly epoch: Omit<OpenEpoch, "identity">;
    readonly entries: readonly SignedLine[];
  },
): Promise<{ readonly key: string; readonly bytes: Uint8Array<ArrayBuffer> }> {
  const { epoch, entries } = options;
  const plaintext = padLines(joinBytes(entries.map(encodeSignedLine)));
  const { sealed } = await sealFile(crypto, { recipients: [epoch.recipient], suite: epoch.suite, plaintext });
  return { key: `${epoch.epoch}/notice-${nameDigest(sealed)}.age`, bytes: sealed };
}

/**
 * Opens a notice. Its entries are not verified, and may be anybody's who holds the epoch's recipient.
 *
 * @param options.bytes - As stored, not trusted. Taken over.
 * @returns Ancestors first, the ending entry last.
 * @throws ConclaveError `limit`, `corrupt` or `malformed`.
 */
export async function openNotice(
  crypto: Crypto,
  options: { readonly name: NoticeName; readonly bytes: Uint8Array<ArrayBuffer>; readonly epoch: OpenEpoch },
): Promise<readonly SignedLine[]> {
  const { name, bytes, epoch } = options;
  if (bytes.length > NOTICE_BYTES_MAX) throw new ConclaveError("notice is too large", { code: "limit" }); // check: size
  if (name.epoch !== epoch.epoch) refuse("lies in another epoch's folder"); // check: epoch
  if (nameDigest(bytes) !== name.digest) throw new MisfitError("notice does not fit its name"); // check: digest
  const plaintext = await openFile(crypto, { sealed: bytes, identities: [epoch.identity], suite: epoch.suite });
  const lines = decodeSignedLines(plaintext);
  if (lines.length === 0) refuse("holds no entry"); // check: canonical
  return lines;
}

/**
 * The entry that ends this epoch, if the one named does: it counts, it starts a new epoch, and this epoch was current
 * where it was signed. A notice that names any other entry stops nobody.
 *
 * @param log - With the notice's entries taken in.
 */
export function endingEntry(
  log: Log,
  options: { readonly epoch: EpochId; readonly entry: RecordDigest },
): LogNode | undefined {
  const node = nodeAt(log, options.entry); // check: role
  const isEnded = epochAt(log, node?.parent) === options.epoch && epochAt(log, options.entry) !== options.epoch; // check: epoch
  return isEnded ? node : undefined;
}

/** Whether an entry counts, and lies on another branch than the one that the epoch began on, or than all that name it. */
export function isBeside(log: Log, options: { readonly epoch: EpochId; readonly entry: RecordDigest }): boolean {
  const { epoch, entry } = options;
  const state = stateAt(log, entry);
  if (state === undefined || state.epochs.get(epoch) !== undefined) return false;
  const order = treeOrder(log);
  const starts = [...log.nodes.values()].filter((node) => isStart(node, epoch));
  return starts.every(({ digest }) => !isUnder(order, { entry: digest, ancestor: entry })); // check: epoch
}

function isStart({ digest, state }: LogNode, epoch: EpochId): boolean {
  const last = currentEpoch(state);
  return last.epoch === epoch && last.entry === digest;
}

/** The epoch that is current after an entry; none where the entry does not count. */
function epochAt(log: Log, entry: RecordDigest | null | undefined): EpochId | undefined {
  const state = entry ? stateAt(log, entry) : undefined;
  return state && currentEpoch(state).epoch;
}

function refuse(how: string): never {
  throw new ConclaveError(`notice ${how}`, { code: "corrupt" });
}
