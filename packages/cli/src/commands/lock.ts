import { identityState, lockIdentity } from "@conclave/node";
import { defineCommand } from "../command.ts";
import { homeOf } from "../identity/person.ts";

export const lock = defineCommand({
  examples: ["conclave lock"],
  args: [],
  notes: "Takes your keys out of the system's keychain: the next command asks for the passphrase again.",

  async run(context) {
    const home = homeOf(context);
    const wasHeld = context.unlocked?.delete(home.folder) ?? false;
    const keychain = await context.keychain();
    const wasKept = keychain !== undefined && (await lockIdentity({ home, keychain }));
    const locked = wasKept || (wasHeld && (await identityState(home)) === "sealed");
    context.out.result({ locked }, ({ line }) =>
      line(locked ? "locked: the next command asks for the passphrase" : "nothing was unlocked"),
    );
  },
});
