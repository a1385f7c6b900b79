import type { Option } from "./option.ts";

/** Options of every command, accepted before and after its name. */
export const GLOBAL_OPTIONS = {
  json: { summary: "print one JSON document and nothing else on stdout" },
  quiet: { short: "q", summary: "no notes and no progress" },
  "no-progress": { summary: "no progress" },
  "no-input": { summary: "never ask; fail and say which option to pass" },
  profile: { value: "NAME", summary: "keep several people apart on one machine" },
  "passphrase-file": {
    value: "FILE",
    summary: "read the passphrase from FILE, - for standard input (or CONCLAVE_PASSPHRASE_FILE)",
  },
  "no-keychain": { summary: "neither use nor fill the system's keychain" },
  "accept-rollback": { summary: "go on from what the storage shows, also where it went back" },
  verbose: { short: "v", summary: "say more" },
  debug: { summary: "with an error, show where in the program it arose" },
  stats: { summary: "at the end, show requests, bytes and times" },
} as const satisfies { readonly [name: string]: Option };

/** The global options of one run. */
export interface GlobalOptions {
  readonly json: boolean;
  readonly quiet: boolean;
  readonly noProgress: boolean;
  readonly noInput: boolean;
  readonly profile: string | undefined;
  readonly passphraseFile: string | undefined;
  readonly noKeychain: boolean;
  readonly acceptRollback: boolean;
  readonly verbose: boolean;
  readonly debug: boolean;
  readonly stats: boolean;
}

/** The global options among all that were given, by their names on the command line. */
export function globalOptions(given: ReadonlyMap<string, unknown>): GlobalOptions {
  const mark = (name: keyof typeof GLOBAL_OPTIONS): boolean => given.get(name) === true;
  const value = (name: keyof typeof GLOBAL_OPTIONS): string | undefined => {
    const found = given.get(name);
    return typeof found === "string" ? found : undefined;
  };
  return {
    json: mark("json"),
    quiet: mark("quiet"),
    noProgress: mark("no-progress"),
    noInput: mark("no-input"),
    profile: value("profile"),
    passphraseFile: value("passphrase-file"),
    noKeychain: mark("no-keychain"),
    acceptRollback: mark("accept-rollback"),
    verbose: mark("verbose"),
    debug: mark("debug"),
    stats: mark("stats"),
  };
}

/**
 * Whether a global mark stands among the words, for the time before they are parsed: errors of parsing are shown in its
 * way too.
 */
export function isMarked(argv: readonly string[], name: "json" | "debug"): boolean {
  const end = argv.indexOf("--");
  return (end < 0 ? argv : argv.slice(0, end)).includes(`--${name}`);
}
