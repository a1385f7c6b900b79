import type { Clock } from "@conclave/core";
import { escapeText } from "./escape.ts";
import type { OutStream } from "./io.ts";
import type { StatusLine } from "./status-line.ts";
import { humanSeconds, humanSize } from "./units.ts";

/** How far some work is; a total of 0 is not known yet. */
export interface ProgressEvent {
  readonly doneBytes: number;
  readonly totalBytes: number;
  readonly doneItems: number;
  readonly totalItems: number;
  /** What is being worked on, as others named it; escaped when shown. */
  readonly current?: string;
}

/** Shows how far some work is. */
export interface Progress {
  update(event: ProgressEvent): void;
  /** Takes the bar away. */
  finish(): void;
}

/** How often a terminal is painted. */
const PAINT_MS = 100;
/** How often a line is written where there is no terminal. */
const LINE_MS = 30_000;
/** The rate is that of the last so many milliseconds, so that it follows a change but does not flicker. */
const RATE_WINDOW_MS = 10_000;
/** How far apart the points are from which the rate is taken. */
const SAMPLE_MS = 500;

interface Sample {
  readonly at: number;
  readonly event: ProgressEvent;
}

/** Progress that nobody sees. */
export const SILENT: Progress = { update: () => undefined, finish: () => undefined };

/** A bar on a terminal, a plain line every 30 s elsewhere. */
export function showProgress(options: {
  readonly title: string;
  readonly stream: OutStream;
  readonly status: StatusLine;
  readonly clock: Clock;
  /** False on a terminal that cannot take a line away again. */
  readonly canPaint: boolean;
}): Progress {
  const { stream, status, clock, canPaint } = options;
  const rate = new Rate();
  const title = escapeText(options.title);
  let shownAt = canPaint ? Number.NEGATIVE_INFINITY : clock.now();
  return {
    update(event) {
      const now = clock.now();
      rate.add({ at: now, event });
      if (now - shownAt < (canPaint ? PAINT_MS : LINE_MS)) return;
      shownAt = now;
      const text = `${title} ${describe(event, rate)}`;
      if (canPaint) status.paint(text);
      else stream.write(`${text}\n`);
    },
    finish: () => status.clear(),
  };
}

/** Plain ASCII, so that it is right in every locale and read well aloud. */
function describe(event: ProgressEvent, rate: Rate): string {
  const { doneBytes, totalBytes, doneItems, totalItems, current } = event;
  const perSecond = rate.perSecond();
  const parts = [
    share(doneBytes, totalBytes) ?? share(doneItems, totalItems),
    totalBytes > 0 ? `${humanSize(doneBytes)}/${humanSize(totalBytes)}` : shownBytes(doneBytes),
    totalItems > 0 ? `${doneItems}/${totalItems} items` : `${doneItems} items`,
    perSecond > 0 ? `${humanSize(Math.round(perSecond))}/s` : undefined,
    perSecond > 0 && totalBytes > doneBytes ? `${humanSeconds((totalBytes - doneBytes) / perSecond)} left` : undefined,
    current === undefined ? undefined : escapeText(current),
  ];
  return parts.filter((part) => part !== undefined).join("  ");
}

/** Nothing of work that is not counted in bytes. */
function shownBytes(doneBytes: number): string | undefined {
  return doneBytes > 0 ? humanSize(doneBytes) : undefined;
}

function share(done: number, total: number): string | undefined {
  if (total <= 0) return undefined;
  return `${String(Math.min(Math.floor((done / total) * 100), 100)).padStart(3)}%`;
}

/** Bytes per second over the last seconds. */
class Rate {
  readonly #samples: Sample[] = [];
  #newest: Sample | undefined;

  add(sample: Sample): void {
    this.#newest = sample;
    const last = this.#samples.at(-1);
    if (last === undefined || sample.at - last.at >= SAMPLE_MS) this.#samples.push(sample);
    while (this.#samples.length > 1 && sample.at - (this.#samples[0]?.at ?? 0) > RATE_WINDOW_MS) this.#samples.shift();
  }

  perSecond(): number {
    const oldest = this.#samples[0];
    if (oldest === undefined || this.#newest === undefined) return 0;
    const span = this.#newest.at - oldest.at;
    return span <= 0 ? 0 : ((this.#newest.event.doneBytes - oldest.event.doneBytes) / span) * 1000;
  }
}
