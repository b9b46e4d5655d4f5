/** Scalars as WGSL. */

import type { Atom, Coordinate, Variable } from "../../kernel/coordinate.js";
import { address } from "../../kernel/normalise.js";
import { type Fold, type Load, type Scalar, type ScalarOf, partsOf, reachable } from "../../kernel/scalar.js";
import type { Tensor } from "../../kernel/tensor.js";
import type { DType } from "../../ir/types.js";
import type { Block, Named } from "./block.js";

/** How the text of a kernel reaches tensors. */
export interface Access {
  load(tensor: Tensor, index: string): string;
  /** Four neighbouring elements from `index`, which is a multiple of four; undefined when they cannot be loaded at once. */
  loadFour(tensor: Tensor, index: string): string | undefined;
  store(tensor: Tensor, index: string, value: string): string;
  /** Whether an address that is a multiple of four in the tensor is one in its binding too. */
  storeFour(tensor: Tensor, index: string, value: string): string | undefined;
}

/** What the kernel's text is written with. */
export class Writer {
  private count = 0;
  /** Functions of the library that are called. */
  readonly called = new Set<string>();
  /** Tables of the row that is being computed: their names, and where the row's own elements begin. */
  readonly tables = new Map<Tensor, { readonly name: string; readonly start: string }>();

  constructor(readonly access: Access) {}

  /** An element of a tensor or of a table, for reading. */
  load(tensor: Tensor, index: string): string {
    const table = this.tables.get(tensor);
    return table === undefined ? this.access.load(tensor, index) : `${table.name}[${table.start}${index}]`;
  }

  /** The line that stores an element. */
  store(tensor: Tensor, index: string, value: string): string {
    const table = this.tables.get(tensor);
    return table === undefined ? this.access.store(tensor, index, value) : `${table.name}[${table.start}${index}] = ${value};`;
  }

  fresh(stem: string): string {
    return `${stem.replace(/[^A-Za-z0-9]/g, "_").replace(/^_+/, "") || "v"}_${this.count++}`;
  }

  call(name: string, ...values: readonly string[]): string {
    this.called.add(name);
    return `${name}(${values.join(", ")})`;
  }
}

const typeNames: Readonly<Record<DType, string>> = { f32: "f32", i32: "i32", bool: "bool" };

/** Writes the scalars of one part. `four` is the loop that is taken in steps of four, if there is one. */
export class Expressions {
  private readonly uses = new Map<Scalar, number>();

  constructor(
    private readonly writer: Writer,
    roots: readonly Scalar[],
    private readonly four?: Variable,
  ) {
    for (const scalar of reachable(roots)) for (const part of partsOf(scalar)) this.uses.set(part, (this.uses.get(part) ?? 0) + 1);
    for (const root of roots) this.uses.set(root, (this.uses.get(root) ?? 0) + 1);
  }

  isVector(scalar: Scalar): boolean {
    return this.four !== undefined && scalar.free.has(this.four);
  }

  /** The scalar's value for a use in `block`, as a vector if that is wanted. */
  value(scalar: Scalar, block: Block, wantsVector = this.isVector(scalar)): string {
    const { text, isVector } = this.named(scalar, block);
    return wantsVector && !isVector ? `vec4<${typeNames[scalar.dtype]}>(${text})` : text;
  }

  /** Computes a scalar here, for uses that come later. */
  hold(scalar: Scalar, block: Block): void {
    const { text, isVector } = this.named(scalar, block);
    if (scalar.kind === "number" || block.find(scalar) !== undefined) return;
    const name = this.writer.fresh("x");
    block.lines.push(`let ${name} = ${text};`);
    block.name(scalar, { text: name, isVector });
  }

  private named(scalar: Scalar, block: Block): Named {
    const known = block.find(scalar);
    if (known !== undefined) return known;
    if (scalar.kind === "number") return { text: this.literal(scalar.value, scalar.dtype), isVector: false };
    const isVector = this.isVector(scalar);
    const home = block.homeOf(scalar.free);
    const text = this.computed(scalar, home);
    const isInlined = this.uses.get(scalar) === 1 && home === block && scalar.kind !== "fold";
    if (isInlined || scalar.kind === "position") return { text: `(${text})`, isVector };
    if (scalar.kind === "fold") {
      home.name(scalar, { text, isVector });
      return { text, isVector };
    }
    const name = this.writer.fresh("x");
    home.lines.push(`let ${name} = ${text};`);
    home.name(scalar, { text: name, isVector });
    return { text: name, isVector };
  }

  private computed(scalar: Scalar, block: Block): string {
    switch (scalar.kind) {
      case "number":
        return this.literal(scalar.value, scalar.dtype);
      case "position":
        return this.isVector(scalar) ? this.indices(scalar.at, block) : this.coordinate(scalar.at, block);
      case "load":
        return this.loaded(scalar, block);
      case "random":
        return this.drawn(scalar, block);
      case "apply":
        return this.applied(scalar, block);
      case "fold":
        return this.folded(scalar, block);
    }
  }

  /** A sum or maximum within an expression: a loop of its own. */
  private folded(fold: Fold, block: Block): string {
    const name = this.writer.fresh(fold.combine);
    block.lines.push(`var ${name} = ${this.start(fold)};`);
    this.loops(block, fold.over, (inner) => inner.lines.push(this.combined(fold, name, this.value(fold.body, inner))));
    return name;
  }

  /** What a fold starts from. */
  start(fold: Fold): string {
    if (fold.combine === "sum") return fold.dtype === "i32" ? "0" : "0.0";
    return fold.dtype === "i32" ? "i32(-2147483648)" : `-${this.writer.call("infinity")}`;
  }

  /** The line that adds a value to a fold's `name`. */
  combined(fold: Pick<Fold, "combine">, name: string, value: string): string {
    return fold.combine === "sum" ? `${name} += ${value};` : `${name} = max(${name}, ${value});`;
  }

  /** Nested loops over variables; `body` fills the innermost block. */
  loops(block: Block, over: readonly Variable[], body: (inner: Block) => void): void {
    const [loop, ...rest] = over;
    if (loop === undefined) return body(block);
    const name = this.writer.fresh(loop.name);
    const inner = block.open();
    inner.bind(loop, name);
    this.loops(inner, rest, body);
    block.close(`for (var ${name} = 0; ${name} < ${loop.extent}; ${name}++) {`, inner);
  }

  private loaded(load: Load, block: Block): string {
    const { access } = this.writer;
    const where = address(load.at);
    const read = (index: string) => this.writer.load(load.tensor, index);
    const bool = (text: string, isVector: boolean) => (load.dtype === "bool" ? `(${text} != ${isVector ? "vec4<i32>(0)" : "0"})` : text);
    if (!this.isVector(load)) return bool(read(this.coordinate(where, block)), false);
    if (isRunOfFour(where, this.four!)) {
      const text = access.loadFour(load.tensor, this.coordinate(where, block));
      if (text !== undefined) return bool(text, true);
    }
    const four = [0, 1, 2, 3].map((i) => read(this.coordinate(where, block, i)));
    return bool(`vec4<${load.dtype === "f32" ? "f32" : "i32"}>(${four.join(", ")})`, true);
  }

  private drawn(random: ScalarOf<"random">, block: Block): string {
    const keys = [random.key, random.other].map((key) => this.value(key, block, false));
    const draw = (i: number) => this.writer.call(random.distribution, ...keys, this.coordinate(random.element, block, i));
    return this.isVector(random) ? `vec4<f32>(${[0, 1, 2, 3].map(draw).join(", ")})` : draw(0);
  }

  private applied(scalar: ScalarOf<"apply">, block: Block): string {
    const isVector = this.isVector(scalar);
    const { operation, operands } = scalar;
    const isConstant = operands.every((operand) => operand.kind === "number") && operands[0]!.dtype === "f32";
    const values = operands.map((operand) => this.value(operand, block, isVector));
    // WGSL would compute it while compiling, and refuse a result that is not finite.
    if (isConstant) values[0] = this.writer.call("number", values[0]!);
    const [x, y, z] = values as [string, string, string];
    const own = (name: string, ...args: readonly string[]) => this.writer.call(isVector ? `${name}4` : name, ...args);
    switch (operation) {
      case "neg": return `-${x}`;
      case "sqrt": case "abs": case "floor": return `${operation}(${x})`;
      case "sign": return scalar.dtype === "i32" ? `sign(${x})` : own("sign_", x);
      case "exp": case "log": case "sin": case "cos": return own(`${operation}_`, x);
      case "rsqrt": return `inverseSqrt(${x})`;
      case "tanh": return own("tanh_", x);
      case "erf": return own("erf_", x);
      case "not": return `!${x}`;
      case "add": return `${x} + ${y}`;
      case "sub": return `${x} - ${y}`;
      case "mul": return `${x} * ${y}`;
      case "div": return `${x} / ${y}`;
      case "pow": return own("pow_", x, y);
      // Unlike WGSL's own, these give a first operand that is not a number.
      case "max": return operands[0]!.kind === "number" ? `select(${y}, ${x}, ${y} < ${x})` : `select(${x}, ${y}, ${x} < ${y})`;
      case "min": return operands[0]!.kind === "number" ? `select(${y}, ${x}, ${x} < ${y})` : `select(${x}, ${y}, ${y} < ${x})`;
      case "less": return `${x} < ${y}`;
      case "less_equal": return `${x} <= ${y}`;
      case "equal": return `${x} == ${y}`;
      case "and": return `${x} & ${y}`;
      case "or": return `${x} | ${y}`;
      case "select": return `select(${z}, ${y}, ${x})`;
      case "cast": return this.cast(operands[0]!.dtype, scalar.dtype, x, isVector);
    }
  }

  private cast(from: DType, to: DType, x: string, isVector: boolean): string {
    if (to === "bool") return `${x} != ${isVector ? `vec4<${from}>(${from === "f32" ? "0.0" : "0"})` : from === "f32" ? "0.0" : "0"}`;
    return isVector ? `vec4<${to}>(${x})` : `${to}(${x})`;
  }

  /** A number in the text. What 32 bits do not hold becomes infinite, as in the arithmetic. */
  literal(value: number, dtype: DType): string {
    if (dtype === "bool") return value === 0 ? "false" : "true";
    if (dtype === "i32") return value < 0 ? `i32(${value})` : String(value);
    const rounded = Math.fround(value);
    if (Number.isNaN(rounded)) return this.writer.call("not_a_number");
    if (!Number.isFinite(rounded)) return rounded > 0 ? this.writer.call("infinity") : `(-${this.writer.call("infinity")})`;
    const text = Object.is(rounded, -0) ? "-0.0" : /[.e]/.test(String(rounded)) ? String(rounded) : `${rounded}.0`;
    return rounded < 0 || Object.is(rounded, -0) ? `(${text}f)` : `${text}f`;
  }

  /** A coordinate; with the loop of four `step` further. */
  coordinate(of: Coordinate, block: Block, step = 0): string {
    const terms = of.terms.map(({ atom, factor }) => ({ text: this.atom(atom, block, step), factor }));
    // In an order that does not depend on when variables were made, so that equal kernels have equal texts.
    terms.sort((a, b) => b.factor - a.factor || (a.text < b.text ? -1 : 1));
    const texts = terms.map(({ text, factor }) => (factor === 1 ? text : `${text} * ${factor}`));
    if (of.constant !== 0 || texts.length === 0) texts.push(String(of.constant));
    return texts.join(" + ").replaceAll("+ -", "- ");
  }

  private atom(atom: Atom, block: Block, step: number): string {
    switch (atom.kind) {
      case "variable": {
        const text = block.loop(atom.variable)!;
        return step > 0 && atom.variable === this.four ? `(${text} + ${step})` : text;
      }
      case "quotient":
        return `(${`(${this.coordinate(atom.of, block, step)})`} / ${atom.by})`;
      case "remainder":
        return `(${`(${this.coordinate(atom.of, block, step)})`} % ${atom.by})`;
      case "clamp":
        return `clamp(${this.coordinate(atom.of, block, step)}, ${atom.low}, ${atom.high})`;
      case "value":
        return this.isVector(atom.value) ? `${this.value(atom.value, block)}[${step}]` : this.value(atom.value, block);
    }
  }

  /** Four coordinates. */
  private indices(of: Coordinate, block: Block): string {
    return `vec4<i32>(${[0, 1, 2, 3].map((i) => this.coordinate(of, block, i)).join(", ")})`;
  }

  /** The line, or lines, that store a value. */
  stored(tensor: Tensor, where: Coordinate, value: Scalar, block: Block): readonly string[] {
    const { access } = this.writer;
    const isFour = this.four !== undefined && where.terms.some(({ atom }) => atom.kind === "variable" && atom.variable === this.four);
    const bool = (text: string, vector: boolean) => (value.dtype === "bool" ? (vector ? `select(vec4<i32>(0), vec4<i32>(1), ${text})` : `select(0, 1, ${text})`) : text);
    const text = bool(this.value(value, block, isFour), isFour);
    if (!isFour) return [this.writer.store(tensor, this.coordinate(where, block), text)];
    if (isRunOfFour(where, this.four!)) {
      const whole = access.storeFour(tensor, this.coordinate(where, block), text);
      if (whole !== undefined) return [whole];
    }
    const name = this.writer.fresh("y");
    return [`let ${name} = ${text};`, ...[0, 1, 2, 3].map((i) => access.store(tensor, this.coordinate(where, block, i), `${name}[${i}]`))];
  }
}

/** Whether four steps of a loop are four neighbouring elements from a multiple of four on. */
export function isRunOfFour(where: Coordinate, four: Variable): boolean {
  return where.constant % 4 === 0 && where.terms.every(({ atom, factor }) =>
    atom.kind === "variable" && atom.variable === four ? factor === 1 : factor % 4 === 0);
}
