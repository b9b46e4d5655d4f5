/** The `measure` lines of a recipe: checked against the model, and made into programs. */

import { similarHelp } from "../../diagnostics/similar.js";
import { printProgram } from "../../ir/print.js";
import type { Entry, Op } from "../../ir/program.js";
import { hasAxis, sameAxes } from "../../ir/types.js";
import type { Measurement } from "../../runtime/trainer.js";
import type * as ast from "../../syntax/ast.js";
import { evaluatePartial, requireComplete, withLeading } from "../calls.js";
import { type Elaborator, type Mode } from "../elaborator.js";
import { CheckError, Silent, fail } from "../errors.js";
import { wholeOf } from "../expressions.js";
import type { Frame } from "../frame.js";
import { definitionNamed } from "../measurements.js";
import { type Module, place } from "../modules.js";
import { emptyFrame } from "../recipes.js";
import type { TensorValue, Value } from "../values.js";
import { describe } from "../values.js";
import * as tensors from "../tensors.js";
import { Host } from "./host.js";
import { Pass, type Collected, type Setting } from "./pass.js";
import { endsWith, valuesByPath, withPaths } from "./paths.js";

/** Without `of N examples`. */
const usualExamples = 512;

export interface Measures {
  /** Entries of the target's program. */
  readonly entries: readonly Entry[];
  readonly measurements: readonly Measurement[];
}

/** What one line's programs need, until it is known what else its entry gives. */
interface Planned {
  readonly measurement: Omit<Measurement, "collected">;
  readonly inputs: ReadonlyMap<string, Collected>;
}

/**
 * Checks the measures of a recipe and makes their programs. Reports what is wrong with each line.
 * @param hostElaborator an elaborator with slots of its own, for so many examples.
 */
export function elaborateMeasures(setting: Setting, hostElaborator: (examples: number) => Elaborator): Measures {
  const passes = new Map<string, Pass>();
  const names = new Set<string>();
  const planned = setting.recipe.measurements.flatMap(({ node, module }) => new Line(setting, hostElaborator, passes, names, node, module).planned() ?? []);
  const collectedBy = (entry: string) => new Set(planned.filter(({ measurement }) => measurement.entry === entry).flatMap(({ inputs }) => [...inputs.keys()]));
  const entries = [...passes.values()].map((pass) => pass.entry(collectedBy(pass.name)));
  const measurements = planned.map(({ measurement, inputs }): Measurement => {
    const { results } = entries.find(({ name }) => name === measurement.entry)!;
    return { ...measurement, collected: [...inputs.values()].map((collected) => manifestOf(collected, results.get(collected.name)!)) };
  });
  return { entries, measurements };
}

function manifestOf({ name, source }: Collected, { type }: Op): Measurement["collected"][number] {
  const combine = hasAxis(type, "batch") ? "rows" : source.kind === "value" ? "last" : "mean";
  return { name, axes: type.axes, combine };
}

/** One `measure` line. */
class Line {
  private failed = false;
  private readonly every: Measurement["every"];
  private readonly examples: number;

  constructor(
    private readonly setting: Setting,
    private readonly hostElaborator: (examples: number) => Elaborator,
    private readonly passes: Map<string, Pass>,
    private readonly names: Set<string>,
    private readonly node: ast.Measurement,
    private readonly module: Module,
  ) {
    this.every = this.time();
    this.examples = this.count();
  }

  planned(): Planned | undefined {
    const { node, module, examples } = this;
    const mode = this.mode();
    const pass = this.attempt(() => this.passFor(mode));
    if (pass === undefined) return undefined;
    this.attempt(() => this.checkPath(pass));
    const host = new Host(this.hostElaborator(examples), pass, examples);
    const values = new Map<string, Op>();
    for (const measure of node.measures) {
      this.attempt(() => {
        const found = node.at === undefined ? [this.called(host, pass, measure)] : this.matches(host, pass, measure, node.at);
        for (const { name, value } of found) {
          const full = `${name}${this.qualifiers(mode)}`;
          if (this.names.has(full)) fail("N0202", place(module.source, measure), `\`${full}\` is measured twice`, { help: "remove one of the two" });
          this.names.add(full);
          values.set(full, resultOf(host, value, () => place(module.source, measure)));
        }
      });
    }
    if (this.failed || host.e.hasFailed) return undefined;
    const numbered = [...values.values()].map((op, i): [string, Op] => [`m${i}`, op]);
    const { program, inputs } = host.program(this.setting.recipe.name, new Map(numbered));
    return { measurement: { values: [...values.keys()], every: this.every, examples, mode, entry: pass.name, program: printProgram(program) }, inputs };
  }

  /** What a mistake leaves undone; the others are still looked for. */
  private attempt<T>(action: () => T): T | undefined {
    try {
      return action();
    } catch (error) {
      if (!(error instanceof CheckError || error instanceof Silent)) throw error;
      this.failed = true;
      if (error instanceof CheckError) this.setting.report(error.found);
      return undefined;
    }
  }

  private time(): Measurement["every"] {
    const { every } = this.node;
    const evaluator = this.hostElaborator(1);
    const usual = { count: 1, unit: "epochs" } as const;
    if (every === undefined) return usual;
    const count = this.attempt(() => wholeOf(evaluator, emptyFrame(this.module), every.count, "the time between two measurements"));
    const unit = (["epochs", "steps"] as const).find((known) => known === every.unit.name || known === `${every.unit.name}s`);
    if (unit === undefined) this.attempt(() => fail("N0208", place(this.module.source, every.unit), `\`${every.unit.name}\` is no unit of training`, { help: "measure every so many `epochs` or `steps`" }));
    return count === undefined || unit === undefined ? usual : { count, unit };
  }

  private count(): number {
    const { of } = this.node;
    if (of === undefined) return usualExamples;
    if (of.unit.name !== "examples" && of.unit.name !== "example") {
      this.attempt(() => fail("N0208", place(this.module.source, of.unit), `\`${of.unit.name}\` is nothing that is measured`, { help: "write `of 512 examples`" }));
    }
    return this.attempt(() => wholeOf(this.hostElaborator(1), emptyFrame(this.module), of.count, "the number of measured examples")) ?? usualExamples;
  }

  private mode(): Mode {
    const { mode } = this.node;
    if (mode === undefined || mode.name === "evaluation") return "evaluation";
    if (mode.name !== "training") {
      this.attempt(() => fail("N0208", place(this.module.source, mode), `\`${mode.name}\` is no mode of a model`, { help: "measure in `training`, or in `evaluation`" }));
    }
    return "training";
  }

  /** How names tell this line's measures from the same ones of other lines. */
  private qualifiers(mode: Mode): string {
    const { node } = this;
    const given = node.given.length === 0 ? "" : ` given ${node.given.map((binding) => this.text(binding)).join(", ")}`;
    return `${given}${mode === "training" ? " in training" : ""}`;
  }

  private text({ start, end }: ast.Span): string {
    return this.module.source.text.slice(start, end).replace(/\s+/g, " ");
  }

  private passFor(mode: Mode): Pass {
    const { node, module, setting, passes } = this;
    const key = `${mode} ${node.given.map((binding) => `${module.source.path} ${this.text(binding)}`).join(", ")}`;
    const known = passes.get(key);
    if (known !== undefined) return known;
    const given = new Map(node.given.map((binding) => [binding.name.name, (e: Elaborator, input: TensorValue) => this.stoodFor(e, binding, input)]));
    const pass = new Pass(passes.size === 0 ? "measure" : `measure_${passes.size + 1}`, setting, mode, given);
    const inputs = [...pass.e.slots.inputs.keys()].filter((name) => pass.frame.names.has(name));
    for (const { name } of node.given) {
      if (!inputs.includes(name.name)) fail("N0201", place(module.source, name), `the model has no input \`${name.name}\``, { help: similarHelp(name.name, inputs) ?? `it has ${inputs.map((own) => `\`${own}\``).join(", ")}` });
    }
    passes.set(key, pass);
    return pass;
  }

  /** What stands for an input. */
  private stoodFor(e: Elaborator, binding: ast.Binding, input: TensorValue): TensorValue {
    const { module } = this;
    const where = place(module.source, binding.value);
    const frame = emptyFrame(module);
    const value = e.language.evaluate(e, { ...frame, names: new Map([[binding.name.name, input]]) }, binding.value);
    if (value.kind !== "tensor") return fail("N0208", where, `an input is a tensor, not ${describe(value)}`);
    const own = tensors.converted(e, value, input.op.type.dtype);
    if (!sameAxes(own.op.type.axes, input.op.type.axes)) fail("N0302", where, `what stands for \`${binding.name.name}\` has other axes than the input`);
    return { ...own, op: e.at(frame, binding, () => own.op), masks: input.masks };
  }

  /** `measure uniformity(encoded.cls)`. */
  private called(host: Host, pass: Pass, measure: ast.Expression): { name: string; value: Value } {
    const { module } = this;
    const callee = this.named(measure);
    const names = new Map<string, Value>();
    for (const [name, value] of pass.frame.names) {
      const own = value.kind === "pending" ? value.declared() : value;
      if (own !== undefined && name !== callee.name) names.set(name, own.kind === "tensor" ? host.value(own) : own);
    }
    const paths = valuesByPath(pass);
    const known = (path: readonly string[]) => (path.length === 1 && names.has(path[0]!) ? undefined : paths.get(path.join(".")));
    const groupsOf = (path: readonly string[]) => (path.length === 1 ? pass.frame.names.get(path[0]!) : undefined) ?? paths.get(path.join("."));
    const isGroup = (path: readonly string[]) => {
      const object = path.length < 2 ? undefined : groupsOf(path.slice(0, -1));
      return object?.kind === "tensor" && object.groups?.some((group) => group.name === path.at(-1)) === true;
    };
    const found = measure.kind === "Call"
      ? { ...measure, arguments: measure.arguments.map((arg) => ({ ...arg, value: withPaths(arg.value, (path) => (isGroup(path) ? undefined : known(path)), (path, value) => (names.set(path, host.value(value)), path)) })) }
      : measure;
    const frame: Frame = { ...emptyFrame(module), names };
    const { e } = host;
    if (found.kind === "Call") {
      const value = e.language.evaluate(e, frame, found);
      if (value.kind === "callable") requireComplete(value, place(module.source, measure));
      return { name: this.text(measure), value };
    }
    return { name: this.text(measure), value: e.language.run(e, frame, evaluatePartial(e, frame, found, ["measure", "function"], "a measure"), place(module.source, measure)) };
  }

  /** `measure activation_variance at encoder.*.attention`. */
  private matches(host: Host, pass: Pass, measure: ast.Expression, at: ast.Path): { name: string; value: Value }[] {
    const { module } = this;
    const { e } = host;
    const callee = this.named(measure);
    const callable = evaluatePartial(e, emptyFrame(module), measure, ["measure", "function"], "a measure");
    const where = place(module.source, measure);
    const found = [...valuesByPath(pass)].filter(([path]) => endsWith(path, at.segments));
    const more = measure.kind === "Call" ? measure.arguments.map((arg) => this.text(arg)) : [];
    return found.map(([path, value]) => ({ name: `${callee.name}(${[path, ...more].join(", ")})`, value: e.language.run(e, emptyFrame(module), withLeading(callable, [host.value(value)], where), where) }));
  }

  private checkPath(pass: Pass): void {
    const { at } = this.node;
    if (at === undefined || [...valuesByPath(pass).keys()].some((path) => endsWith(path, at.segments))) return;
    const [first] = pass.e.sites;
    const help = first === undefined ? "parts of the model and parameters have paths too" : `one of its sites is \`${first.path}\``;
    fail("N0309", place(this.module.source, at), `the model has nothing at \`${at.segments.join(".")}\``, { help });
  }

  /** The name that an expression calls. @throws CheckError when it is none of a measure or a function */
  private named(measure: ast.Expression): ast.NameExpression {
    const { module } = this;
    const callee = measure.kind === "Call" ? measure.callee : measure;
    const where = place(module.source, callee);
    if (callee.kind !== "Name") return fail("N0208", where, "a measure is named here");
    const { modules } = this.hostElaborator(1);
    const found = definitionNamed({ modules }, module, callee.name);
    if (found === undefined) {
      const help = similarHelp(callee.name, [...module.definitions.keys(), ...module.imports.keys(), ...modules.prelude.keys()]);
      return fail("N0201", where, `nothing is called \`${callee.name}\` here`, help === undefined ? {} : { help });
    }
    const { keyword } = found.definition;
    if (keyword !== "measure" && keyword !== "function") return fail("N0208", where, `\`${callee.name}\` is a ${keyword}, not a measure`);
    return callee;
  }
}

/** A number, or a list of them. */
function resultOf({ e }: Host, value: Value, where: () => ReturnType<typeof place>): Op {
  if (value.kind === "number") return e.b.constant(value.value);
  if (value.kind !== "tensor") return fail("N0208", where(), `a measure is a number or a list of numbers, and this is ${describe(value)}`);
  const { axes } = value.op.type;
  if (axes.length > 1) fail("N0313", where(), `a measure is a number or a list of numbers, and this has the axes ${axes.map(({ name }) => `\`${name}\``).join(", ")}`, { help: "take `mean(…)` over some of them" });
  return tensors.converted(e, value, "f32").op;
}
