/** What a device is called among its person's others. Members of a group see it; whoever only has the storage does not. */
import { usage } from "../command-error.ts";
import type { Context } from "../context.ts";
import type { Option } from "../parsing/option.ts";

/** How a device is named on the command line. */
export const LABEL_OPTION = {
  value: "NAME",
  summary: "what this device is called, as members of your groups see it; default: this machine's name",
} as const satisfies Option;

const UNNAMED = "computer";
const CHARACTERS_MAX = 64;
/** What a machine is called until somebody names it. */
const NOBODYS_NAMES: ReadonlySet<string> = new Set(["", "localhost"]);

/** The name that was given, else the machine's own, without its domain and whatever is no letter, digit or dash. */
export function deviceLabel(context: Pick<Context, "io">, given: string | undefined): string {
  if (given !== undefined) return requireLabel(given.trim());
  const [machine = ""] = (context.io.hostName?.() ?? "").split(".");
  const safe = machine.replaceAll(/[^\p{L}\p{M}\p{N}_-]/gu, "").slice(0, CHARACTERS_MAX);
  return NOBODYS_NAMES.has(safe.toLowerCase()) ? UNNAMED : safe;
}

/** Says so where a name was given to keys that bear another one already: from a run that was broken off. */
export function tellKeptLabel(
  context: Context,
  options: { readonly label: string; readonly given: string | undefined },
): void {
  const { label, given } = options;
  if (given === undefined || given.trim() === label) return;
  context.warn(`this device stays "${label}", as its keys were made with that name`);
}

function requireLabel(label: string): string {
  const length = [...label].length;
  const isSeen = !/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]/u.test(label);
  if (length >= 1 && length <= CHARACTERS_MAX && isSeen) return label;
  throw usage(`a device's name has 1 to ${CHARACTERS_MAX} characters on one line`, "such as --label laptop");
}
