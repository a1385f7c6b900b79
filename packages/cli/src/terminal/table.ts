import { escapeText } from "./escape.ts";
import { cutToWidth, textWidth } from "./text-width.ts";
import { humanSize, isoTime } from "./units.ts";

/** One column of a table. */
export interface Column {
  readonly title: string;
  /** `size`: bytes, exact off terminals; `time`: milliseconds since 1970. Default text. */
  readonly kind?: "text" | "number" | "size" | "time";
  /** Whether a terminal too narrow may cut it. */
  readonly canCut?: boolean;
}

export type Cell = string | number | undefined;

const GAP = "  ";

/** A table for people: a header, columns aligned, no borders, cut to the terminal's width. */
export function renderTable(columns: readonly Column[], rows: readonly (readonly Cell[])[], width: number): string[] {
  const texts = rows.map((row) => columns.map((column, index) => showCell(row[index], column, true)));
  const header = columns.map((column) => column.title.toUpperCase());
  const widths = columns.map((_, index) => greatest([header, ...texts], (row) => textWidth(row[index] ?? "")));
  const excess = widths.reduce((sum, each) => sum + each + GAP.length, -GAP.length) - width;
  const cuttable = columns.findIndex((column) => column.canCut);
  if (excess > 0 && cuttable >= 0) widths[cuttable] = Math.max((widths[cuttable] ?? 0) - excess, 8);
  return [header, ...texts].map((row) => renderRow(columns, row, widths));
}

/** Not by arguments to `Math.max`: a call takes a hundred thousand of them at most. */
function greatest<Item>(items: readonly Item[], of: (item: Item) => number): number {
  return items.reduce((most, item) => Math.max(most, of(item)), 0);
}

function renderRow(columns: readonly Column[], row: readonly string[], widths: readonly number[]): string {
  const cells = columns.map((column, index) => {
    const text = cutToWidth(row[index] ?? "", widths[index] ?? 0);
    const space = " ".repeat(Math.max((widths[index] ?? 0) - textWidth(text), 0));
    return isRight(column) ? space + text : text + space;
  });
  return cells.join(GAP).trimEnd();
}

/** A table for other programs: no header, exact values, columns parted by tabs (which no escaped cell holds). */
export function renderPlainTable(columns: readonly Column[], rows: readonly (readonly Cell[])[]): string[] {
  return rows.map((row) => columns.map((column, index) => showCell(row[index], column, false)).join("\t"));
}

function isRight(column: Column): boolean {
  return column.kind === "number" || column.kind === "size";
}

function showCell(cell: Cell, column: Column, isForPeople: boolean): string {
  if (cell === undefined) return isForPeople ? "-" : "";
  if (typeof cell === "string") return escapeText(cell);
  if (column.kind === "time") return isoTime(cell);
  return column.kind === "size" && isForPeople ? humanSize(cell) : String(cell);
}
