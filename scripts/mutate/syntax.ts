/** As much of a syntax tree as is needed to take a check away. */
import { parseAst } from "vitest/node";

export interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [key: string]: unknown;
}

/** @throws Error for text that is no TypeScript. */
export function parse(text: string): Node {
  return parseAst(text, { lang: "ts" }) as unknown as Node;
}

export function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null && typeof (value as { type?: unknown }).type === "string";
}

export function childrenOf(node: Node): Node[] {
  return Object.values(node).flat().filter(isNode);
}

/** All nodes below this one and itself, with those above each, innermost first. */
export function* walk(node: Node, above: readonly Node[] = []): Generator<{ node: Node; above: readonly Node[] }> {
  yield { node, above };
  for (const child of childrenOf(node)) yield* walk(child, [node, ...above]);
}

export function child(node: Node, name: string): Node | undefined {
  const value = node[name];
  return isNode(value) ? value : undefined;
}

/** The operands of a chain of one logical operator; a node that is no such chain is its only operand. */
export function operands(node: Node, operator: "||" | "&&"): Node[] {
  const inner = node.type === "ParenthesizedExpression" ? child(node, "expression") : node;
  if (inner?.type !== "LogicalExpression" || inner.operator !== operator) return [node];
  return [child(inner, "left"), child(inner, "right")].flatMap((side) => (side ? operands(side, operator) : []));
}
