import { findGroup } from "@conclave/node";
import { defineCommand } from "../command.ts";
import { usage } from "../command-error.ts";
import { withPerson } from "../identity/person.ts";
import { parseGroupName } from "../parsing/place.ts";
import { serveGroup } from "../serve/serve-group.ts";

export const serve = defineCommand({
  examples: ["conclave serve family", "conclave serve family work --json --every 60"],
  args: ["group..."],
  options: { every: { value: "SECONDS", summary: "how often to look; default 5 for folders, 60 for clouds" } },
  notes: [
    "Keeps groups going on a machine that stays on, until it is told to stop (Ctrl-C or SIGTERM, exit code 0): admits who was",
    "invited, shows who asks and who is refused, completes grants, finishes re-encryptions, re-seals what came late, removes",
    "guests when their stay ends. Several of them, here or elsewhere, do no harm. With --json each line is one event.",
  ].join("\n"),

  async run(context, { group: names, every }) {
    const seconds = every === undefined ? undefined : Number(every);
    if (seconds !== undefined && !(Number.isInteger(seconds) && seconds >= 1 && seconds <= 86_400)) {
      throw usage(`--every ${every} is no number of seconds`, "a whole number from 1 to 86400");
    }
    const wanted = [...new Set(names.map((name) => parseGroupName(name)))];
    const exits = await withPerson(context, async (person) => {
      const groups = await Promise.all(wanted.map((name) => findGroup(person.home, name)));
      return Promise.all(groups.map((group) => serveGroup(context, { person, group, seconds })));
    });
    // Whoever is out of all of them has nothing left to serve; told to stop is no failure.
    return exits.every((exit) => exit !== 0) ? exits[0] : undefined;
  },
});
