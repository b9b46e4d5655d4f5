/**
 * The update of all parameters together. Optimizers are written for one parameter; where one asks something of all of them
 * (`total(x)`, `gradient_at(q)`, `example_gradients(p)`), it waits there until the others have come to the same line. A
 * definition cannot be halted half-way, so it is run again from its start, with one more answer known. What is built in vain has
 * no users, and what is built twice is shared later.
 */

import type { Place } from "../diagnostics/diagnostic.js";
import type { Op } from "../ir/program.js";
import { fail } from "./errors.js";
import type { Question } from "./optimizers.js";

/** Thrown through an optimizer that has to wait for the others. */
class Waiting {}

/** One line of a definition that asks, and what has come of it. */
interface Asked {
  readonly question: Question;
  readonly where: Place;
  /** What each parameter gave, by name. */
  readonly values: Map<string, Op>;
  answers?: ReadonlyMap<string, Op>;
}

/** Answers a question: for each parameter that asks, its own answer, of which there may be only one. */
export type Answer = (question: Question, values: ReadonlyMap<string, Op>, where: Place) => ReadonlyMap<string, Op>;

/** How an optimizer asks: see `Optimizing`. */
export type Ask = (question: Question, value: Op, where: Place) => Op;

/**
 * Runs `update` for every parameter, as often as its questions need. @throws CheckError when two wait for one another
 * @param names the parameters.
 */
export function updateTogether(names: readonly string[], update: (name: string, ask: Ask) => void, answer: Answer): void {
  // Who has ever come to a line: it is answered when all of them have given their values.
  const expected = new Map<string, Set<string>>();
  while (!attempt(names, update, answer, expected));
}

/** False when a parameter came to a line that had been answered without it: then all begins anew, with that known. */
function attempt(names: readonly string[], update: (name: string, ask: Ask) => void, answer: Answer, expected: Map<string, Set<string>>): boolean {
  const asked = new Map<string, Asked>();
  const run = (name: string): "done" | "waiting" | "late" => {
    const times = new Map<string, number>();
    let isLate = false;
    const ask: Ask = (question, value, where) => {
      const line = `${where.source.path}:${where.start}`;
      const time = (times.get(line) ?? 0) + 1;
      times.set(line, time);
      const key = `${line}#${time}`;
      const known = asked.get(key) ?? { question, where, values: new Map<string, Op>() };
      asked.set(key, known);
      const own = known.answers?.get(name);
      if (own !== undefined) return own;
      const coming = expected.get(key) ?? new Set();
      isLate = known.answers !== undefined;
      if (isLate && coming.has(name)) {
        fail("N0210", where, "optimizers wait for one another here", { help: "let them ask the same things in the same order" });
      }
      expected.set(key, coming.add(name));
      known.values.set(name, value);
      throw new Waiting();
    };
    try {
      update(name, ask);
      return "done";
    } catch (error) {
      if (!(error instanceof Waiting)) throw error;
      return isLate ? "late" : "waiting";
    }
  };
  let open = names;
  while (open.length > 0) {
    const waiting: string[] = [];
    for (const name of open) {
      const state = run(name);
      if (state === "late") return false;
      if (state === "waiting") waiting.push(name);
    }
    const unanswered = [...asked].filter(([, line]) => line.answers === undefined);
    const ready = unanswered.find(([key, { values }]) => [...expected.get(key)!].every((name) => values.has(name))) ?? unanswered[0];
    if (ready !== undefined) {
      const [, line] = ready;
      line.answers = answer(line.question, line.values, line.where);
    }
    open = waiting;
  }
  return true;
}
