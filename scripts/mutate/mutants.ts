/**
 * Takes single security checks away. A line that ends in `// check: word` refuses something; its mutants are the same file
 * without that refusal, or without one of the reasons for it.
 */
import { child, type Node, operands, parse, walk } from "./syntax.ts";

export interface Mutant {
  readonly file: string;
  /** Counted from 1. */
  readonly line: number;
  /** What stands there. */
  readonly code: string;
  readonly word: string;
  /** The whole file as it is to be tried. */
  readonly text: string;
  /** What was done, for people. */
  readonly what: string;
}

interface Replacement {
  readonly node: Node;
  readonly by: string;
}

export const MARK = /\/\/ check: (?<word>[a-z]+)$/;

/** Names of functions that make or throw a refusal. */
const REFUSING = /^(?:refuse\w*|refused|note|tooLow|corrupt|reject|forget\w*)$/;

/** All mutants of one file; an error for each mark that stands where nothing can be taken away. */
export function mutantsOf(file: string, text: string): { readonly mutants: Mutant[]; readonly errors: string[] } {
  const mutants: Mutant[] = [];
  const errors: string[] = [];
  const lines = text.split("\n");
  if (!lines.some((line) => MARK.test(line))) return { mutants, errors };
  const nodes = [...walk(parse(text))];
  let start = 0;
  for (const [index, line] of lines.entries()) {
    const word = MARK.exec(line)?.groups?.word;
    if (word !== undefined) {
      const codeEnd = start + line.replace(MARK, "").trimEnd().length;
      const found = replacements(nodes, { start, end: codeEnd });
      if (found.length === 0) errors.push(`${file}:${index + 1}: nothing on this line can be taken away`);
      for (const replacement of found) {
        const changed = text.slice(0, replacement.node.start) + replacement.by + text.slice(replacement.node.end);
        parse(changed);
        mutants.push({
          file,
          line: index + 1,
          code: line.trim(),
          word,
          text: changed,
          what: describe(text, replacement),
        });
      }
    }
    start += line.length + 1;
  }
  return { mutants, errors };
}

function describe(text: string, { node, by }: Replacement): string {
  const from = text.slice(node.start, node.end).replaceAll(/\s+/g, " ");
  return `${from.length > 70 ? `${from.slice(0, 69)}…` : from} → ${by}`;
}

type Located = ReturnType<typeof walk> extends Generator<infer Item> ? Item : never;

const STATEMENT = /Statement$|^VariableDeclaration$/;

function replacements(
  nodes: readonly Located[],
  line: { readonly start: number; readonly end: number },
): Replacement[] {
  // A semicolon or comma may or may not belong to what it ends.
  const endsHere = nodes.filter(
    ({ node }) => line.end - node.end <= 1 && node.end <= line.end && node.end > line.start,
  );
  const statements = endsHere.filter(({ node }) => STATEMENT.test(node.type));
  const onLine = statements.filter(({ node }) => node.start >= line.start);
  const statement = onLine[0] ?? statements.at(-1);
  if (statement) return ofStatement(statement);
  const expression = endsHere.find(({ node }) => node.start >= line.start) ?? endsHere[0];
  if (!expression) return [];
  const thrown = expression.above.findIndex(({ type }) => STATEMENT.test(type));
  const around = expression.above[thrown];
  if (around?.type === "ThrowStatement") return ofGuard(around, expression.above.slice(thrown + 1));
  return ofExpression(expression.node);
}

function ofStatement({ node, above }: Located): Replacement[] {
  switch (node.type) {
    case "IfStatement":
      return ofIf(node);
    case "ReturnStatement": {
      const value = child(node, "argument");
      if (value && (isVerdict(value) || value.type === "ArrowFunctionExpression")) return ofExpression(value);
      return ofGuard(node, above);
    }
    case "VariableDeclaration": {
      const [declarator] = node.declarations as Node[];
      const value = declarator && child(declarator, "init");
      return value ? ofExpression(value) : [];
    }
    default:
      return ofGuard(node, above);
  }
}

/** `if (reason) refuse();`, or `if (fits) return it;` before a refusal. */
function ofIf(node: Node): Replacement[] {
  const [test, then] = [child(node, "test"), child(node, "consequent")];
  if (!test || !then) return [];
  const isBare = then.type === "ReturnStatement" && !child(then, "argument");
  if (isBare) return [...reasons(test), { node: test, by: "true" }];
  if (isRefusal(then)) return reasons(test);
  const verdict = then.type === "ReturnStatement" ? child(then, "argument") : undefined;
  const inner = verdict && isVerdict(verdict) ? ofExpression(verdict) : [];
  return [
    ...operands(test, "&&").map((reason) => ({ node: reason, by: "true" })),
    ...inner,
    { node: test, by: "false" },
  ];
}

/** A refusal that stands alone: the condition under which it is come to goes, or the statement itself. */
function ofGuard(node: Node, above: readonly Node[]): Replacement[] {
  const [parent, grandparent] = above;
  const guard = parent?.type === "BlockStatement" ? grandparent : parent;
  const inner = parent?.type === "BlockStatement" ? parent : node;
  const test = guard?.type === "IfStatement" ? child(guard, "test") : undefined;
  if (!guard || !test) return [{ node, by: ";" }];
  if (child(guard, "alternate") === inner) return [{ node: test, by: "true" }];
  return reasons(test);
}

/** Each single reason of a condition to refuse; `a && (b || c)` has two. */
function reasons(test: Node): Replacement[] {
  return operands(test, "||").flatMap((reason) => {
    const inner = operands(reason, "&&").find((part) => part !== reason && operands(part, "||").length > 1);
    return inner ? reasons(inner) : [{ node: reason, by: "false" }];
  });
}

function isRefusal(node: Node): boolean {
  switch (node.type) {
    case "BlockStatement":
      return (node.body as Node[]).some(isRefusal);
    case "ThrowStatement":
    case "ContinueStatement":
      return true;
    case "ExpressionStatement":
    case "ReturnStatement":
    case "AwaitExpression": {
      const value = child(node, "expression") ?? child(node, "argument");
      if (!value) return true;
      return isRefusal(value);
    }
    case "CallExpression":
      return REFUSING.test(nameOf(child(node, "callee")));
    case "Literal":
      return node.value === false || node.value === null;
    case "Identifier":
      return node.name === "undefined";
    default:
      return false;
  }
}

function nameOf(callee: Node | undefined): string {
  const name = callee?.type === "MemberExpression" ? child(callee, "property") : callee;
  return typeof name?.name === "string" ? name.name : "";
}

/** Whether an expression itself says yes or no. */
function isVerdict(node: Node): boolean {
  if (node.type === "AwaitExpression") return isVerdict(child(node, "argument") ?? node);
  if (node.type === "CallExpression") {
    return /^(?:is|has|verify)[A-Z]|^(?:verify|test|every|some|has)$/.test(nameOf(child(node, "callee")));
  }
  return ["LogicalExpression", "BinaryExpression", "UnaryExpression", "ConditionalExpression"].includes(node.type);
}

function ofExpression(node: Node): Replacement[] {
  if (node.type === "ArrowFunctionExpression") return ofExpression(child(node, "body") ?? node);
  if (node.type === "ParenthesizedExpression") return ofExpression(child(node, "expression") ?? node);
  if (node.type === "ConditionalExpression") return ofChoice(node);
  if (isVerdict(node)) return ofVerdict(node);
  return [ofLimiting(node) ?? { node, by: "undefined" }];
}

function ofChoice(node: Node): Replacement[] {
  const [test, then, other] = [child(node, "test"), child(node, "consequent"), child(node, "alternate")];
  if (!test || !then || !other) return [];
  if (isRefusal(other)) return operands(test, "&&").map((reason) => ({ node: reason, by: "true" }));
  if (isRefusal(then)) return reasons(test);
  return ofVerdict(test);
}

/** It is not said which answer refuses: both are tried, and each operand of a chain by itself. */
function ofVerdict(node: Node): Replacement[] {
  const chains = [
    ...operands(node, "&&").map((part) => ({ node: part, by: "true" })),
    ...operands(node, "||").map((part) => ({ node: part, by: "false" })),
  ];
  return [{ node, by: "true" }, { node, by: "false" }, ...chains.filter((part) => part.node !== node)];
}

/** `list.slice(0, MAX)`, `list.filter(isGood)`, `promise.catch(refuse)`: the call at the end goes. */
function ofLimiting(node: Node): Replacement | undefined {
  const call = node.type === "AwaitExpression" ? child(node, "argument") : node;
  const callee = call?.type === "CallExpression" ? child(call, "callee") : undefined;
  const on = callee?.type === "MemberExpression" ? child(callee, "object") : undefined;
  if (!call || !on || !["slice", "filter", "catch"].includes(nameOf(callee))) return undefined;
  return { node: { type: "tail", start: on.end, end: call.end }, by: "" };
}
