/** Which mishap befalls which request: told by rules, and by a seed where chance has a part. */
import type { Random } from "../random.ts";
import type { Fault, FaultRule } from "./fault.ts";

/** The rules in force. A request meets the first rule that has a mishap for it. */
export interface FaultPlan {
  add(...rules: readonly FaultRule[]): void;
  clear(): void;
  /** Whether every rule that is bound to happen has happened: a test's scenario was really met. */
  isSpent(): boolean;
  /** The mishap for a request of this kind, if any. */
  next(kind: string): Fault | undefined;
}

interface Rule {
  readonly rule: FaultRule;
  skipsLeft: number;
  timesLeft: number;
}

/** A plan without rules. */
export function newFaultPlan(random: Random): FaultPlan {
  let rules: Rule[] = [];
  return {
    add(...added) {
      rules.push(...added.map(toRule));
    },
    clear() {
      rules = [];
    },
    isSpent: () => rules.every(({ timesLeft }) => timesLeft === 0 || timesLeft === Number.POSITIVE_INFINITY),
    next(kind) {
      for (const rule of rules.filter((each) => isMeant(each.rule, kind))) {
        const fault = draw(rule, random);
        if (fault) return fault;
      }
      return undefined;
    },
  };
}

function toRule(rule: FaultRule): Rule {
  const times = rule.times ?? (rule.chance === undefined ? 1 : Number.POSITIVE_INFINITY);
  return { rule, skipsLeft: rule.skip ?? 0, timesLeft: times };
}

function isMeant({ on }: FaultRule, kind: string): boolean {
  if (on === undefined) return true;
  return [on].flat().some((each) => each === kind || (each.endsWith("*") && kind.startsWith(each.slice(0, -1))));
}

function draw(rule: Rule, random: Random): Fault | undefined {
  if (rule.timesLeft === 0) return undefined;
  if (rule.skipsLeft > 0) {
    rule.skipsLeft--;
    return undefined;
  }
  if (rule.rule.chance !== undefined && random.next() >= rule.rule.chance) return undefined;
  rule.timesLeft--;
  const faults = [rule.rule.fault].flat();
  return faults[Math.floor(random.next() * faults.length)];
}
