/** Comparing fingerprints: the one thing that a person has to do, done so that a nod is not enough. */
import { ConclaveError, fingerprint, matchesFingerprint, type SignedCard } from "@conclave/core";
import { usage } from "../command-error.ts";
import type { Context } from "../context.ts";

const GROUPS_ASKED = 2;

/**
 * Makes sure that a card is its person's: by the fingerprint that was given, or by asking. On the terminal the last groups
 * are not shown but asked for, so that they must come from the other person.
 *
 * @throws ConclaveError `fingerprint-mismatch`.
 */
export async function compareFingerprint(
  context: Context,
  options: { readonly card: SignedCard; readonly given: string | undefined },
): Promise<void> {
  const { card, given } = options;
  if (given !== undefined) return requireMatch(card, given);
  const groups = fingerprint(card.member).split(" ");
  const shown = groups.slice(0, -GROUPS_ASKED);
  const hidden = Array.from({ length: GROUPS_ASKED }, () => "????");
  const { name } = card.card;
  const typed = await context.prompts.ask(`and type the last ${GROUPS_ASKED} groups of what you hear:`, {
    flag: "--fingerprint FINGERPRINT",
    before: [
      `${name}'s fingerprint, as this card has it: ${[...shown, ...hidden].join(" ")}`,
      `have ${name} read theirs to you ("conclave id" shows it), by voice for instance; compare these groups`,
    ],
    subject: `${name}'s fingerprint has to be compared`,
  });
  if (typed.trim() === "") throw usage("no fingerprint was typed, and nobody was admitted");
  const whole = typed.replaceAll(/[\s:-]/g, "").length > GROUPS_ASKED * 4 ? typed : [...shown, typed].join(" ");
  requireMatch(card, whole);
}

function requireMatch(card: SignedCard, typed: string): void {
  if (matchesFingerprint(card.member, typed)) return;
  const message = `the fingerprint is not that of this card, which says it is ${card.card.name}'s`;
  throw new ConclaveError(message, { code: "fingerprint-mismatch" }); // check: digest
}
