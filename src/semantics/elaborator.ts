/**
 * Elaboration: running the specification at compile time. Definitions are called, compile-time values computed, axes
 * aligned, sites resolved, and every tensor operation written into the IR. One elaborator makes one entry.
 */

import type { Diagnostic, Place } from "../diagnostics/diagnostic.js";
import { Builder } from "../ir/builder.js";
import type { SlotTypes } from "../ir/definition.js";
import type { Op } from "../ir/program.js";
import { type Axis, type DType, IrError, type TensorType, elements } from "../ir/types.js";
import type * as ast from "../syntax/ast.js";
import { CheckError, Silent, fail } from "./errors.js";
import type { Fact } from "./facts.js";
import type { Frame, Instance } from "./frame.js";
import type { Measuring } from "./measures/measuring.js";
import type { GroupSite, SiteRecord, StackRecord } from "./model.js";
import { type Modules, place } from "./modules.js";
import type { Optimizing } from "./optimizers.js";
import type { CallableValue, TensorValue, Value } from "./values.js";

/** A parameter as it was declared. */
export interface DeclaredParameter {
  readonly name: string;
  readonly type: TensorType;
  readonly place: Place;
  readonly isNorm: boolean;
  readonly initial: InitialValue;
  /**
   * What becomes of its first value and of every updated one: an expression in the frame of the declaration, where
   * `own` is the value.
   */
  readonly kept?: { readonly own: string; readonly node: ast.Expression; readonly frame: Frame };
}
export type InitialValue =
  | { readonly kind: "constant"; readonly value: number }
  /** The frame is that of the declaration. */
  | { readonly kind: "drawn"; readonly by: CallableValue; readonly place: Place; readonly frame: Frame };

export interface DeclaredState {
  readonly name: string;
  readonly type: TensorType;
  readonly place: Place;
  readonly owner: "model" | "optimizer";
  /** A number, or the first value of the parameter of that name. */
  readonly value: number | { readonly parameter: string };
}
export interface DeclaredInput {
  readonly name: string;
  readonly type: TensorType;
  readonly below?: number;
}

/** What lives across the entries of one program. */
export class Slots implements SlotTypes {
  readonly parameters = new Map<string, DeclaredParameter>();
  readonly states = new Map<string, DeclaredState>();
  readonly inputs = new Map<string, DeclaredInput>();

  slot(name: string): TensorType {
    const found = this.parameters.get(name) ?? this.states.get(name);
    if (found === undefined) throw new IrError(`no slot is called \`${name}\``);
    return found.type;
  }
  input(name: string): TensorType {
    const found = this.inputs.get(name);
    if (found === undefined) throw new IrError(`no input is called \`${name}\``);
    return found.type;
  }
}

export type Mode = "training" | "evaluation";

/** Values with more elements than this are refused (1 GiB in float32, and the largest buffer a GPU must offer is less). */
export const mostElements = 2 ** 28;
/** Entries with more operations than this are refused. */
export const mostOperations = 400_000;
/** Definitions may call one another this deep. */
export const deepestCalls = 100;
/** No call stands inside more expressions than these, counted through all calls around it. */
export const deepestExpressions = 300;
/** More calls than this are refused: those that build nothing new cost time as well. */
export const mostCalls = 200_000;
/** All `repeat` blocks of a program together may run this often. */
export const mostRepetitions = 2_000;

/** The evaluator, which the parts of elaboration call back into. */
export interface Language {
  /** The value of an expression. @throws CheckError | Silent */
  evaluate(e: Elaborator, frame: Frame, node: ast.Expression): Value;
  /** Runs a definition whose arguments are all given. @throws CheckError | Silent */
  run(e: Elaborator, frame: Frame, callable: CallableValue, where: Place, target?: string | Instance): Value;
}

export class Elaborator {
  readonly results: { name: string; value: Op }[] = [];
  readonly losses: { value: TensorValue; place: Place }[] = [];
  readonly reports: { name: string; value: TensorValue; place: Place }[] = [];
  /** The last value of every state that was updated. */
  readonly updated = new Map<string, Op>();
  readonly sites: SiteRecord[] = [];
  readonly groupSites: GroupSite[] = [];
  readonly stacks: StackRecord[] = [];
  /** What the names and sublayers of the spec's own text are; the standard library's are left out. */
  readonly facts: Fact[] = [];
  /** The ranges of the builder's operations that layers inside of norms added. */
  readonly netsInNorms: (readonly [number, number])[] = [];
  /** Sublayers whose norm stands on the stream itself, `norm(x + sublayer(x))`. */
  readonly postNorms: { readonly stack: string; readonly place: Place }[] = [];
  /** Comparisons that hide the future, each with the part of the model that it stands in. */
  readonly causal: { readonly place: Place; readonly within: string }[] = [];
  /** What each part of the model gave, by its path. */
  readonly outputs = new Map<string, TensorValue>();
  /** What comes to each site, by its path. */
  readonly siteInputs = new Map<string, TensorValue>();
  /** What stands for the inputs of these names. */
  readonly given = new Map<string, (input: TensorValue) => TensorValue>();
  /**
   * Set where the model is written out for measures: all examples of a batch count, and every part of a value is cut out of
   * the value itself, so that the gradient by the value is the whole of it.
   */
  isMeasured = false;
  /** Inside a measure, which is computed apart from the model: the gradients that it may ask for. */
  measuring: Measuring | undefined;
  /** The calls that are being written out, outermost first. */
  private readonly running: { readonly where: Place; readonly name: string }[] = [];
  /** Whether something that was tried went wrong, be it told here or somewhere before. */
  hasFailed = false;
  private calls = 0;
  private repetitions = 0;
  private isExhausted = false;
  /** Definitions by `=` whose values are being looked for, outermost first. */
  readonly resolving = new Map<ast.Definition, Place>();
  /** How many expressions are being evaluated, each inside the one before. */
  level = 0;
  /** Operations up to here have a size within the limit. */
  private checked = 0;
  /** Streams of random numbers taken so far, by place, so that each draw has its own. */
  private readonly streams = new Map<string, number>();
  /** What stands for parameters of these names wherever the model reads them. */
  readonly substitutes = new Map<string, (parameter: Op) => Op>();
  /** What an optimizer knows besides its arguments, while one runs. */
  optimizing: Optimizing | undefined;
  /** Conditions known only when the program runs, under all of which `<-` changes anything. */
  readonly conditions: Op[] = [];
  /** States that evaluation reads in the place of parameters, by the parameters' names. */
  readonly averages = new Map<string, string>();
  /** What optimizers report of a step. */
  readonly stepReports = new Map<string, Op>();
  /** While initial values are drawn: how the drawn parameter is contracted. */
  readonly fans = new Map<Op, { readonly in: number; readonly out: number }>();
  /** Conditions known to hold everywhere. */
  readonly always = new Set<Op>();

  constructor(
    readonly modules: Modules,
    readonly slots: Slots,
    readonly mode: Mode,
    readonly batch: number,
    readonly report: (found: Diagnostic) => void,
    readonly language: Language,
    /** That of another elaborator, to write further operations behind its own. */
    readonly builder: Builder = new Builder(slots),
  ) {}

  get b(): Builder["build"] {
    return this.builder.build;
  }

  /** Runs `action`; a mistake in it is reported and gives `instead`. */
  attempt<T>(instead: () => T, action: () => T): T {
    try {
      return action();
    } catch (error) {
      if (!(error instanceof Silent || error instanceof CheckError)) throw error;
      this.hasFailed = true;
      if (error instanceof CheckError) this.report(error.found);
      return instead();
    }
  }

  /** Builds at a place of the text: the type rules' complaints become the user's diagnostics. */
  at<T>(frame: Frame, span: ast.Span, action: () => T): T {
    const before = this.builder.position;
    const where = place(frame.module.source, span);
    this.builder.position = { ...before, place: frame.instance.path, source: where.source.place(where.start) };
    try {
      const result = action();
      const { operations } = this.builder;
      while (this.checked < operations.length) this.checkSize(operations[this.checked++]!.type.axes, where);
      return result;
    } catch (error) {
      if (error instanceof IrError) fail("N0302", where, error.message);
      throw error;
    } finally {
      this.builder.position = before;
    }
  }

  /** Enters a call. @throws CheckError when definitions call one another without end, or too much is built. */
  nested<T>(where: Place, name: string, action: () => T): T {
    if (this.running.length >= deepestCalls || this.level >= deepestExpressions) this.tooDeep(where, name);
    if (this.builder.operations.length > mostOperations) {
      this.exhausted(where, `the program has more than ${mostOperations} operations`, "make the model less deep");
    }
    if (++this.calls > mostCalls) this.exhausted(where, `more than ${mostCalls} calls are written out`, "give a result that is used twice a name");
    this.running.push({ where, name });
    try {
      return action();
    } finally {
      this.running.pop();
    }
  }

  /** Of the calls that go around in a circle, the first one in the text is told. @throws CheckError always */
  private tooDeep(where: Place, last: string): never {
    const seen = new Set<string>();
    const repeated = [...this.running, { where, name: last }].filter(({ where: { source, start }, name }) => {
      // A stack's sublayer is a call of its placement too, whose name does not stand there.
      return source.text.startsWith(name, start) && (seen.has(name) || !seen.add(name));
    });
    const elsewhere = (call: { where: Place }) => Number(call.where.source !== where.source);
    const [first] = repeated.toSorted((a, b) => elsewhere(a) - elsewhere(b) || a.where.start - b.where.start);
    if (first === undefined) return fail("N0205", where, "calls are nested too deep", { help: "let definitions call fewer others" });
    return fail("N0205", first.where, `\`${first.name}\` uses itself without end, or too deep`, {
      note: "a definition is written out where it is called, so it cannot contain itself",
    });
  }

  /** What comes after the limit is beyond it too, and stays silent. @throws CheckError | Silent always */
  private exhausted(where: Place, message: string, help: string): never {
    if (this.isExhausted) throw new Silent();
    this.isExhausted = true;
    return fail("N0601", where, message, { help });
  }

  /** Enters a `repeat` block. @throws CheckError when all of them together run too often. */
  repeats(count: number, where: Place): void {
    this.repetitions += count;
    if (this.repetitions > mostRepetitions) {
      this.exhausted(where, `the program repeats sublayers more than ${mostRepetitions} times`, "make the model less deep");
    }
  }

  /** @throws CheckError when a tensor of these axes would be beyond the limit. */
  checkSize(axes: readonly Axis[], where: Place): void {
    const count = elements(axes);
    if (count > mostElements) {
      fail("N0601", where, `a tensor of ${axes.map((axis) => `${axis.name}: ${axis.extent}`).join(", ")} has ${count} elements; at most ${mostElements} are allowed`);
    }
  }

  /** Keeps what a name of the text, or a sublayer, is. */
  note(kind: Fact["kind"], frame: Frame, { name, ...span }: Pick<ast.Identifier, "name"> & ast.Span, value: Value, path = frame.instance.path): void {
    if (frame.module.isLibrary || value.kind === "poison") return;
    this.facts.push({ kind, name, place: place(frame.module.source, span), path, value });
  }

  /** A name for the next draw of random numbers at `path`. */
  stream(path: string): string {
    const count = (this.streams.get(path) ?? 0) + 1;
    this.streams.set(path, count);
    return count === 1 ? path : `${path}#${count}`;
  }

  tensor(op: Op, masks: readonly Op[] = []): TensorValue {
    return { kind: "tensor", op, masks: masks.filter((mask) => !this.always.has(mask)) };
  }
}

/** The element type of a value that becomes a tensor. */
export function dtypeOf(value: Value): DType | undefined {
  if (value.kind === "tensor") return value.op.type.dtype;
  return value.kind === "boolean" ? "bool" : undefined;
}
