/** The cards that entries carry: each a line as text and a signature in base64, so that both travel unchanged. SPEC.md §6. */
import { toUtf8 } from "../encoding/bytes.ts";
import type { LogEntry } from "./entry.ts";
import { type SignedLine, signedLine } from "./signed-line.ts";

/** A card inside an entry, of which nothing was verified. */
export interface ClaimedCard {
  readonly line: string;
  readonly signature: string;
}

/** The person's card that an entry admits, if it is one that does. */
export function claimedCard(entry: LogEntry): ClaimedCard | undefined {
  if (entry.type === "conclave/v1/found") return { line: entry.card, signature: entry.signature };
  const { act } = entry;
  return act.act === "add" || act.act === "admit" ? { line: act.card, signature: act.signature } : undefined;
}

/** The device cards that an entry brings: a device's, a kit's, or both in this order. */
export function claimedDevices(entry: LogEntry): readonly ClaimedCard[] {
  if (entry.type === "conclave/v1/found") return [];
  const { act } = entry;
  switch (act.act) {
    case "admit-device":
      return [{ line: act.device, signature: act.signature }];
    case "kit":
      return [{ line: act.kit, signature: act.signature }];
    case "recover":
      return [
        { line: act.device, signature: act.deviceSignature },
        { line: act.kit, signature: act.kitSignature },
      ];
    default:
      return [];
  }
}

/** The card as the signed line that it is. Verifies nothing. */
export function signedCardOf({ line, signature }: ClaimedCard): SignedLine {
  return signedLine(toUtf8(line), signature);
}
