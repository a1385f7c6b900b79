import { lockIdentity } from "@conclave/node";
import { defineCommand } from "../command.ts";
import { homeOf } from "../identity/person.ts";

export const lock = defineCommand({
  examples: ["conclave lock"],
  args: [],
  notes: "Takes your keys out of the system's keychain: the next command asks for the passphrase again.",

  async run(context) {
    const home = homeOf(context);
    context.unlocked?.delete(home.folder);
    const keychain = await context.keychain();
    const locked = keychain !== undefined && (await lockIdentity({ home, keychain }));
    context.out.result({ locked }, ({ line }) =>
      line(locked ? "locked: the next command asks for the passphrase" : "nothing was unlocked"),
    );
  },
});
