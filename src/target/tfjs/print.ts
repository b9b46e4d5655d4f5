/** The text of one entry: functions for what repeats, and a method. Formatting is left to Prettier. */

import type { Op } from "../../ir/program.js";
import { type Argument, type Call, Named, type Value, isValue, valuesOf } from "./call.js";
import { Namer, Scope, camelCase, capitalised, shortName } from "./identifier.js";
import { keyMark, withoutKey } from "./outline.js";
import type { Origins } from "./origins.js";
import type { Routine, Schedule, Step } from "./schedule.js";
import type { Run } from "./outline.js";

export interface EntryText {
  readonly functions: readonly string[];
  readonly body: string;
}

/**
 * @param origins takes down where the calls come from, for the entry whose faults are located; without it, sections are
 *   headed by comments.
 */
export function printEntry(
  entry: string,
  { steps, routines }: Schedule,
  results: ReadonlyMap<string, Value>,
  names: Scope,
  origins: Origins | undefined,
): EntryText {
  const printer = new Printer(new Namer(callsOf(steps), results), origins);
  const functions = routines
    .filter((routine) => !isInner(routine))
    .map((routine) => printer.routine(routine, names.name(routineName(entry, routine))));
  return { functions, body: printer.body(steps, results, names) };
}

/** The optimizer's functions stand inside the step, where they see what all parameters share: the rate, for instance. */
function isInner({ runs }: Routine): boolean {
  return runs[0]!.calls[0]!.region.phase === "update";
}

function callsOf(steps: readonly Step[]): readonly Call[] {
  return steps.flatMap((step) => (step.kind === "call" ? [step.call] : step.kind === "invoke" ? step.run.calls : []));
}

function routineName(entry: string, { runs }: Routine): string {
  const { phase, key } = runs[0]!.calls[0]!.region;
  const layer = camelCase(key.replace(/(\.\d+)+$/, ""));
  const suffix = entry === "step" ? capitalised(phase) : (entrySuffixes.get(entry) ?? capitalised(entry));
  return `${layer}${suffix}`;
}

const entrySuffixes: ReadonlyMap<string, string> = new Map([
  ["initialise", "Initialise"],
  ["forward", "InTraining"],
  ["evaluate", "InEvaluation"],
]);

/** How a routine is called, once it was printed. */
interface Signature {
  readonly name: string;
  readonly parameters: readonly string[];
  /** Which inputs of a run the parameters are. */
  readonly passed: readonly number[];
  /** The names of the outputs; of a single one, it is returned without a name. */
  readonly outputs: readonly string[];
}

class Printer {
  private readonly signatures = new Map<Routine, Signature>();
  /** The names that values have in the functions that make them, which other functions then use, too. */
  private readonly labels = new Map<Value, string>();

  constructor(
    private readonly namer: Namer,
    private readonly origins: Origins | undefined,
  ) {}

  /** The text of a function; with `outer`, of one that stands there. */
  routine(routine: Routine, name: string, outer?: Block): string {
    const first = routine.runs[0]!;
    const { key, phase } = first.calls[0]!.region;
    const keyName = phase === "update" ? "parameter" : "layer";
    const block = new Block(this.namer, this.origins, key, keyName);
    const passed: number[] = [];
    first.inputs.forEach((value, i) => {
      if (outer === undefined || routine.runs.some((run) => run.inputs[i] !== value)) passed.push(i);
      else block.see(value, outer.refer(value));
    });
    const parameters = passed.map((i) => {
      const value = first.inputs[i]!;
      const isGradient = phase === "update" && this.namer.isGradient(value);
      return block.declare(value, isGradient ? "gradient" : this.labels.get(value));
    });
    const lines = routine.steps.flatMap((step) => (step.kind === "invoke" ? [] : block.lines(step)));
    const outputs = routine.outputs.map((i) => first.calls[i]!.result!);
    const fields = outputs.map((value) => block.refer(value));
    for (const run of routine.runs) {
      routine.outputs.forEach((at, i) => this.labels.set(run.calls[at]!.result!, fields[i]!));
    }
    this.signatures.set(routine, { name, parameters, passed, outputs: fields });
    const taken = parameters.length > 3 ? `{ ${parameters.join(", ")} }` : parameters.join(", ");
    const returned = fields.length === 0 ? "" : fields.length === 1 ? `return ${fields[0]};` : `return { ${fields.join(", ")} };`;
    const places = routine.runs.map((run) => run.calls[0]!.region.key);
    const what = phase === "update" ? `The update of a parameter, such as ${places[0]}` : `${places.join(", ")}: ${phase}`;
    return `/** ${commentText(what)}. */
      function ${name}(${[keyName, taken].filter((text) => text !== "").join(", ")}) {\n${[...lines, returned].join("\n")}\n}`;
  }

  body(steps: readonly Step[], results: ReadonlyMap<string, Value>, names: Scope): string {
    const block = new Block(this.namer, this.origins, "", "", names);
    const lines = steps.flatMap((step) => (step.kind === "invoke" ? this.invocation(step.routine, step.run, block) : block.lines(step)));
    const returned = [...results].map(([name, value]) => (name === block.refer(value) ? name : `${JSON.stringify(name)}: ${block.refer(value)}`));
    return [...lines, `return { ${returned.join(", ")} };`].join("\n");
  }

  private invocation(routine: Routine, run: Run, block: Block): string[] {
    const lines: string[] = [];
    if (isInner(routine) && !this.signatures.has(routine)) {
      lines.push("", this.routine(routine, block.name("updateParameter"), block), "");
    }
    const { name, parameters, passed: indices, outputs } = this.signatures.get(routine)!;
    const { key, phase } = run.calls[0]!.region;
    const given = indices.map((i) => block.refer(run.inputs[i]!));
    const named = parameters.map((parameter, i) => (parameter === given[i] ? parameter : `${parameter}: ${given[i]}`));
    const passed = parameters.length > 3 ? `{ ${this.spread(parameters, given, named).join(", ")} }` : given.join(", ");
    const call = `${name}(${[JSON.stringify(key), passed].filter((text) => text !== "").join(", ")});`;
    block.endSection();
    if (outputs.length === 0) return [...lines, call];
    const record = block.name(phase === "forward" ? camelCase(key) : `${camelCase(key)}${capitalised(phase)}`);
    routine.outputs.forEach((at, i) => {
      block.bind(run.calls[at]!.result!, outputs.length === 1 ? record : `${record}.${outputs[i]}`);
    });
    return [...lines, `const ${record} = ${call}`];
  }

  /** Passes a whole record where most of what is passed are fields of it under their own names. */
  private spread(parameters: readonly string[], given: readonly string[], named: readonly string[]): readonly string[] {
    const recordOf = (i: number) => (given[i]!.endsWith(`.${parameters[i]}`) ? given[i]!.slice(0, -parameters[i]!.length - 1) : undefined);
    const counts = new Map<string, number>();
    for (const i of parameters.keys()) {
      const record = recordOf(i);
      if (record !== undefined) counts.set(record, (counts.get(record) ?? 0) + 1);
    }
    const [best, count] = [...counts].reduce((most, each) => (each[1] > most[1] ? each : most), ["", 0]);
    if (count < 4) return named;
    return [`...${best}`, ...named.filter((_, i) => recordOf(i) !== best)];
  }
}

/** Names come from the spec; whatever they are, they cannot end a comment. */
export function commentText(text: string): string {
  return text.replace(/[^\p{L}\p{N} ._,:{}()-]/gu, "\ufffd");
}

/** The statements of one function. */
class Block {
  private readonly scope: Scope;
  private readonly bound = new Map<Value, string>();
  private section: string | undefined;
  private readonly read = new Map<string, string>();

  constructor(
    private readonly namer: Namer,
    private readonly origins: Origins | undefined,
    private readonly key: string,
    private readonly keyName: string,
    outer?: Scope,
  ) {
    this.scope = new Scope(outer);
  }

  /** Uses a value of the surrounding function under the name that it has there. */
  see(value: Value, expression: string): void {
    this.scope.reserve(expression.split(".")[0]!);
    this.bound.set(value, expression);
  }

  name(base: string): string {
    return this.scope.name(base);
  }

  declare(value: Value, label?: string): string {
    const name = this.scope.name(label ?? this.namer.baseOf(value));
    this.bound.set(value, name);
    return name;
  }

  bind(value: Value, expression: string): void {
    this.bound.set(value, expression);
  }

  refer(value: Value): string {
    const { external } = value;
    return external === undefined ? this.bound.get(value)! : this.read.get(`${external.kind} ${external.name}`)!;
  }

  endSection(): void {
    this.section = undefined;
  }

  lines(step: Exclude<Step, { kind: "invoke" }>): string[] {
    if (step.kind === "dispose") {
      const values = step.values.map((value) => this.refer(value));
      return [values.length === 1 ? `${values[0]}.dispose();` : `tf.dispose([${values.join(", ")}]);`];
    }
    const { call } = step;
    const lines = this.heading(call, step.isConstant === true ? { phase: "forward", place: "" } : call.op);
    for (const { external } of valuesOf(call.args)) {
      if (external === undefined || this.read.has(`${external.kind} ${external.name}`)) continue;
      const name = this.scope.name(shortName(external.name, this.key));
      this.read.set(`${external.kind} ${external.name}`, name);
      lines.push(`const ${name} = ${external.kind}(${this.named(external.name)});`);
    }
    const args = call.args.map((argument) => this.argument(argument)).join(", ");
    if (call.result === undefined) return [...lines, `${call.name}(${args});`];
    return [...lines, `const ${this.declare(call.result)} = ${call.from}.${call.name}(${args});`];
  }

  /** A line that says where the next calls stand, when that is elsewhere than the ones before. */
  private heading(call: Call, { place, phase }: Pick<Op, "place" | "phase">): string[] {
    const section = `${phase} ${place}`;
    const isNew = section !== this.section;
    this.section = section;
    if (this.origins !== undefined) {
      const number = isNew ? this.origins.begin(phase) : undefined;
      if (call.result !== undefined) this.origins.add(call.op);
      return number === undefined ? [] : ["", `at(${number}, ${this.named(place)});`];
    }
    if (!isNew || place === "") return [];
    return ["", `// ${commentText(withoutKey(place, this.key, `{${this.keyName}}`))}`];
  }

  private argument(argument: Argument): string {
    if (isValue(argument)) return this.refer(argument);
    if (argument instanceof Named) return this.named(argument.name);
    if (Array.isArray(argument)) return `[${argument.map((item: Argument) => this.argument(item)).join(", ")}]`;
    if (typeof argument === "string") return JSON.stringify(argument);
    return Object.is(argument, -0) ? "-0" : String(argument);
  }

  /** A name as text, or as a template with the key of the region. */
  private named(name: string): string {
    const parts = withoutKey(name, this.key).split(keyMark);
    if (parts.length === 1) return JSON.stringify(name);
    if (parts.every((part) => part === "")) return this.keyName;
    const escaped = parts.map((part) => part.replace(/[\\`]|\$(?=\{)/g, "\\$&"));
    return `\`${escaped.join(`\${${this.keyName}}`)}\``;
  }
}
