/** Further devices that ask with a code of this home: whichever command looks at the group next lists them. */
import { answerDevices, type CodeAnswer, fingerprint, type Session } from "@conclave/core";
import { forgetCode, listCodes, noteCodeUsed } from "@conclave/node";
import type { Context } from "../context.ts";
import type { Person } from "./person.ts";

/** Answers devices that ask in one group, and says so. */
export async function answerDeviceCodes(
  context: Pick<Context, "note" | "warn" | "clock" | "signal">,
  { session, person }: { readonly session: Session; readonly person: Pick<Person, "home"> },
): Promise<readonly CodeAnswer[]> {
  const now = context.clock.now();
  const codes = (await listCodes(person.home, now)).filter(({ groups }) => groups.includes(session.group));
  if (codes.length === 0) return [];
  const answers = await answerDevices(session, { codes, signal: context.signal });
  for (const answer of answers) {
    if (answer.outcome === "admitted") {
      const { keys } = answer.asking.device.card;
      const used = { code: answer.code, group: session.group, device: keys.verifyingKey, now };
      await noteCodeUsed(person.home, used);
      const shown = fingerprint(keys.verifyingKey);
      context.note(`your device "${keys.label}" is in now, with the fingerprint ${shown}`);
    } else {
      await forgetCode(person.home, { code: answer.code, now });
      context.warn(`a device that asked with your code was not admitted: ${answer.reason}`);
    }
  }
  return answers;
}
