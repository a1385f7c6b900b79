import { ByteBudget } from "@conclave/core";

/** How much memory contents in flight may take, in bytes: one budget for the whole process. */
const BUDGET_BYTES = 96 * 1024 * 1024;

let shared: ByteBudget | undefined;

/** The process's one budget. */
export function processBudget(): ByteBudget {
  shared ??= new ByteBudget(BUDGET_BYTES);
  return shared;
}
