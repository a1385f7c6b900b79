const STEPS = ["KiB", "MiB", "GiB", "TiB", "PiB"] as const;

/** A size for people: `1.4 MiB`. */
export function humanSize(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  let value = bytes / 1024;
  let step = 0;
  while (value >= 1023.95 && step < STEPS.length - 1) {
    value /= 1024;
    step++;
  }
  return `${value < 9.995 ? value.toFixed(2) : value.toFixed(value < 99.95 ? 1 : 0)} ${STEPS[step]}`;
}

/** A number of things for people: `1 object`, `2 objects`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

/** A span of time for people: `0:07`, `12:30`, `3:05:00`. */
export function humanSeconds(seconds: number): string {
  const whole = Math.round(seconds);
  const two = (value: number): string => String(value).padStart(2, "0");
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor(whole / 60) % 60;
  return hours > 0 ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}

/** A time in ISO 8601, in UTC; what no date can hold as its number. */
export function isoTime(milliseconds: number): string {
  const date = new Date(milliseconds);
  return Number.isNaN(date.getTime()) ? String(milliseconds) : date.toISOString();
}
