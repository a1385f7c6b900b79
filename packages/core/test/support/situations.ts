/** What a device may know of a log that is cut out of a forest: some of its entries, and what others and it itself have seen. */
import type { SignedLine } from "../../src/records/signed-line.ts";
import { type Crowd, type Draw, oneOf } from "./random-logs.ts";

/** An entry of a forest. */
export interface Planted {
  readonly line: SignedLine;
  readonly parent: string | null;
  /** Who is listed after it, if it counts. */
  readonly crowd: Crowd | undefined;
}

/** A device and an entry: a word, or a change. */
interface Said {
  readonly device: string;
  readonly entry: string;
}

/** What one device knows, and what is asked about it. */
export interface Situation {
  readonly group: string;
  readonly lines: readonly SignedLine[];
  readonly said: readonly Said[];
  readonly pin: string | undefined;
  readonly settled: string | undefined;
  readonly stood: ReadonlySet<string>;
  readonly changes: readonly Said[];
  /** Whether the change of that number lies in the past that a cut names. */
  readonly isWithin: (change: number, cutting: string) => boolean;
}

const ENTRIES_MAX = 30;
const WORDS_MAX = 14;
const CHANGES = 12;

/** Some branches of the forest; one entry, but never the first, may be missing among them. */
export function situationIn(forest: ReadonlyMap<string, Planted>, draw: Draw): Situation {
  const all = [...forest.values()];
  const [first] = all as [Planted];
  const known = someOf(forest, draw);
  if (draw(5) === 0) known.delete(oneOf(draw, [...known]));
  known.add(first);
  const lines = all.filter((planted) => known.has(planted)).map(({ line }) => line);
  const counting = [...known].filter(({ crowd }) => crowd);
  const anywhere = () => oneOf(draw, counting).line.digest;
  const words = (count: number) => Array.from({ length: count }, () => saidOf(oneOf(draw, counting), draw, all));
  return {
    group: first.line.digest,
    lines,
    said: words(draw(WORDS_MAX)),
    pin: draw(4) > 0 ? anywhere() : undefined,
    settled: draw(8) === 0 ? anywhere() : undefined,
    stood: new Set(lines.filter(() => draw(3) > 0).map(({ digest }) => digest)),
    changes: words(CHANGES),
    isWithin: (change, cutting) => (Number.parseInt(cutting.slice(0, 4), 16) + change) % 3 === 0,
  };
}

function someOf(forest: ReadonlyMap<string, Planted>, draw: Draw): Set<Planted> {
  const all = [...forest.values()];
  const known = new Set(all.slice(0, 1));
  const wanted = 5 + draw(ENTRIES_MAX - 5);
  for (let tries = 0; known.size < wanted && tries < wanted; tries++) {
    let at: Planted | undefined = oneOf(draw, all);
    // Often with all that stands beside it, so that forks have more than two sides.
    if (draw(3) === 0) for (const beside of all) if (beside.parent === at.parent) known.add(beside);
    for (known.delete(at); at && !known.has(at); at = forest.get(at.parent ?? "")) known.add(at);
  }
  return known;
}

/** Mostly of a device that is listed there. */
function saidOf({ line, crowd }: Planted, draw: Draw, all: readonly Planted[]): Said {
  const listed = [...(crowd?.members.values() ?? [])].flatMap(({ devices }) => devices);
  const kits = [...(crowd?.members.values() ?? [])].flatMap(({ kit }) => kit ?? []);
  const device = oneOf(draw, (draw(10) > 0 && listed.length > 0) || kits.length === 0 ? listed : kits);
  return { device, entry: draw(20) > 0 ? line.digest : oneOf(draw, all).line.digest };
}
