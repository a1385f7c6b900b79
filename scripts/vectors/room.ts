/** Vectors of what a log has room for, in numbers alone. SPEC.md §6. */
import type { RoomAsked } from "../../packages/core/src/group/room.ts";
import type { Verdict } from "../../packages/core/test/vectors/vector-file.ts";
import type { Case, Plan } from "./write.ts";

const MIB = 1024 * 1024;
/** Written out here, so that neither the code nor SPEC.md can drift alone. */
const [ALL, MOST] = [32 * MIB, 31 * MIB];

function roomCase(name: string, expect: Verdict, asked: Partial<RoomAsked>): Case {
  return { name, expect, total: 0, isLast: false, isEased: false, shares: [], ...asked };
}

const admin = (weight: number) => [{ as: "admin", weight }] as const;
const member = (weight: number) => [{ as: "member", weight }] as const;

export function roomPlan(): Plan {
  const third = { total: 10 * MIB };
  return {
    file: "room",
    format: "room",
    description:
      "Whether there is room for an entry (SPEC.md §6): what the log weighs with it, whether it may use the last of the room, whether accounts may be twice as much, and the accounts that are asked, with the entry.",
    cases: () => [
      roomCase("an owner's, the last that fits", "ok", { total: MOST }),
      roomCase("an owner's, a byte more", "log-full", { total: MOST + 1 }),
      roomCase("an owner's removal, the last that fits", "ok", { total: ALL, isLast: true }),
      roomCase("an owner's removal, a byte more", "log-full", { total: ALL + 1, isLast: true }),
      roomCase("an admin's, with twice what is left", "ok", { ...third, shares: admin(42 * MIB) }),
      roomCase("an admin's, with a byte more", "log-full", { ...third, shares: admin(42 * MIB + 1) }),
      roomCase("an editor's, with a 64th of what is left", "ok", { ...third, shares: member((21 * MIB) / 64) }),
      roomCase("an editor's, with a byte more", "log-full", { ...third, shares: member((21 * MIB) / 64 + 1) }),
      roomCase("a 64th that is no whole number", "log-full", { total: MOST - 65, shares: member(2) }),
      roomCase("a removal of an own device, with a 32nd of what is left", "ok", {
        ...{ ...third, isEased: true, shares: member((21 * MIB) / 32) },
      }),
      roomCase("a removal of an own device, with a byte more", "log-full", {
        ...{ ...third, isEased: true, shares: member((21 * MIB) / 32 + 1) },
      }),
      roomCase("an editor's, whose admin has filled their part", "log-full", {
        ...{ ...third, shares: [...member(2048), ...admin(42 * MIB + 1)] },
      }),
      roomCase("an editor's, whose admin has not", "ok", { ...third, shares: [...member(2048), ...admin(42 * MIB)] }),
      roomCase("an admin's, in the last of the room", "log-full", { total: MOST + 1, shares: admin(2048) }),
      roomCase("a leave, whoever has filled what", "ok", { total: ALL, isLast: true, shares: admin(ALL) }),
    ],
  };
}
