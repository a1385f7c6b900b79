/** A vitest that stays in one copy of the workspace: most runs are short, and starting it would be most of them. */
import { once } from "node:events";
import { type Started, startIn } from "./workspace.ts";

/** What is asked of the child. */
export interface Order {
  /** The source that is spoiled, relative to the workspace. */
  readonly changed: string;
  /** The test file. */
  readonly path: string;
}

export class WarmTests {
  readonly #copy: string;
  #vitest: Started | undefined;

  constructor(copy: string) {
    this.#copy = copy;
  }

  /**
   * Runs a test file up to the first failure. Returns the full names of the tests that failed; undefined where it did not
   * end in time: it is ended, and the next run starts afresh.
   */
  async run(order: Order, seconds: number): Promise<readonly string[] | undefined> {
    const isFresh = this.#vitest === undefined;
    const answer = await this.#ask(order, seconds);
    if (answer !== "died") return answer;
    // One that has run for long may have died of what an earlier mutant left behind.
    const again = isFresh ? answer : await this.#ask(order, seconds);
    if (again === "died") throw new Error(`vitest could not run ${order.path}`);
    return again;
  }

  async #ask(order: Order, seconds: number): Promise<readonly string[] | undefined | "died"> {
    const { child, end, ended } = await this.#started();
    let isTimedOut = false;
    const timer = setTimeout(() => {
      isTimedOut = true;
      end();
    }, seconds * 1000);
    child.send(order);
    const answer = await Promise.race([once(child, "message"), ended]);
    clearTimeout(timer);
    if (answer) return answer[0];
    this.#vitest = undefined;
    return isTimedOut ? undefined : "died";
  }

  async #started(): Promise<Started> {
    if (this.#vitest) return this.#vitest;
    const argv = ["--conditions=@conclave/source", "scripts/mutate/warm-child.ts"];
    const vitest = startIn(this.#copy, argv, { stdio: ["ignore", "ignore", "inherit", "ipc"] });
    if (!(await Promise.race([once(vitest.child, "message"), vitest.ended]))) throw new Error("vitest did not start");
    this.#vitest = vitest;
    return vitest;
  }
}
