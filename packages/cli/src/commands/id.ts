import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { ConclaveError, encodeCardFile, fingerprint } from "@conclave/core";
import { createPrivateFile, nodeCrypto } from "@conclave/node";
import { Advice } from "../advice.ts";
import { defineCommand } from "../command.ts";
import { homeOf, ownCard } from "../identity/person.ts";
import { qrLines } from "../terminal/qr-lines.ts";

export const id = defineCommand({
  examples: ["conclave id", "conclave id --card alice.card"],
  args: [],
  options: { card: { value: "FILE", summary: "write your public card to FILE, to be sent to an admin" } },
  notes:
    "The card is public: it may be sent by any way. Only the fingerprint must be compared by a way that you trust.",

  async run(context, { card: file }) {
    const crypto = nodeCrypto();
    const card = await ownCard({ home: homeOf(context), crypto });
    if (file !== undefined) await writeCard(resolve(context.cwd, file), encodeCardFile(card.signed));
    const { name } = card.card;
    const shown = fingerprint(card.member);
    const picture = context.out.isTerminal
      ? await qrLines(`CONCLAVE:${shown.replaceAll(" ", "").toUpperCase()}`, context.io.stdout)
      : [];
    context.out.result(
      { name, fingerprint: shown, id: card.member, ...(file === undefined ? {} : { card: file }) },
      ({ line }) => {
        line(`name         ${name}`);
        line(`fingerprint  ${shown}`);
        if (file !== undefined) line(`card         ${file}`);
        for (const each of picture) line(each);
      },
    );
  },
});

/** The same card again is no error; another file is never overwritten. */
async function writeCard(path: string, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
  try {
    await createPrivateFile(path, bytes);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== "EEXIST") throw cause;
    if ((await readFile(path)).equals(bytes)) return;
    throw new Advice(
      new ConclaveError(`${path} is there already and is another file`, { code: "exists", cause }),
      "choose another name for the file",
    );
  }
}
