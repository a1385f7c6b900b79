/** Times as people give them to options. */
import { usage } from "../command-error.ts";

const UNITS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000, w: 7 * 86_400_000 };

/** A span like `30m`, `12h`, `7d` or `2w`, in milliseconds. */
export function parseDuration(text: string, flag: string): number {
  const [, count = "", unit = ""] = /^(\d{1,4})([mhdw])$/.exec(text) ?? [];
  const milliseconds = Number(count) * (UNITS[unit] ?? 0);
  if (milliseconds > 0) return milliseconds;
  throw usage(`${flag} ${text} is no span of time`, "a number with m, h, d or w behind it: 30m, 12h, 7d, 2w");
}

/**
 * The end of a day like `2026-12-31`, in UTC, or an exact time like `2026-12-31T18:00:00Z`; milliseconds since 1970.
 *
 * @param now - It has to lie after this.
 */
export function parseEnd(text: string, options: { readonly flag: string; readonly now: number }): number {
  const { flag, now } = options;
  const [, day = "", clock] = /^(\d{4}-\d{2}-\d{2})(T\d{2}:\d{2}(?::\d{2})?(?:Z|[+-]\d{2}:\d{2}))?$/.exec(text) ?? [];
  const time = isDay(day) ? Date.parse(clock === undefined ? `${day}T23:59:59.999Z` : text) : Number.NaN;
  if (Number.isNaN(time))
    throw usage(`${flag} ${text} is no day`, "a day like 2026-12-31, or a time like 2026-12-31T18:00:00Z");
  if (time <= now) throw usage(`${flag} ${text} is over already`, "a day to come");
  return time;
}

/** Whether there is such a day: `Date.parse` takes the 31st of February for one in March. */
function isDay(day: string): boolean {
  const midnight = Date.parse(`${day}T00:00:00Z`);
  return !Number.isNaN(midnight) && new Date(midnight).toISOString().startsWith(day);
}
