/** Reads the text form of a program, as `print.ts` writes it. Passes are tested on small readable files of it. */

import { type AttributeShape, attributeShapes } from "./attributes.js";
import { operations } from "./ops/index.js";
import type { Entry, InputSlot, Op, OpKind, ParameterSlot, Phase, Program, StateSlot } from "./program.js";
import { type Axis, type DType, IrError, type TensorType } from "./types.js";
import { verify } from "./verify.js";

/** @throws IrError naming the line, when the text is no program or the program breaks a rule. */
export function parseProgram(text: string): Program {
  const lines = text.split("\n").map((line, i) => new Line(line, i + 1)).filter((line) => !line.done);
  let at = 0;
  const next = (): Line => {
    const line = lines[at++];
    if (line === undefined) throw new IrError(`line ${text.split("\n").length}: the text ends in the middle of a program`);
    return line;
  };

  const head = next();
  head.expect("program");
  const name = head.word();
  const precision = head.accept("mixed") ? "mixed" : "single";
  head.expect("{");
  head.end();
  const parameters: ParameterSlot[] = [];
  const states: StateSlot[] = [];
  const inputs: InputSlot[] = [];
  const entries = new Map<string, Entry>();
  let line = next();
  for (; !line.accept("}"); line = next()) {
    const keyword = line.word();
    const slot = line.word();
    if (keyword === "entry") {
      line.expect("{");
      line.end();
      if (entries.has(slot)) line.fail(`a second entry is called \`${slot}\``);
      entries.set(slot, parseEntry(slot, next));
      continue;
    }
    line.expect(":");
    const type = line.type();
    if (keyword === "parameter") parameters.push({ name: slot, type, role: line.oneOf(["norm", "bias", "weight", "embedding"]) });
    else if (keyword === "state") states.push({ name: slot, type, owner: line.oneOf(["model", "optimizer"]) });
    else if (keyword === "input") inputs.push({ name: slot, type, ...(line.accept("below") ? { below: line.number() } : {}) });
    else line.fail(`\`${keyword}\` begins no line here`);
    line.end();
  }
  line.end();
  lines[at]?.fail("the program has ended");
  const program: Program = { name, precision, parameters, states, inputs, entries };
  verify(program);
  return program;
}

function parseEntry(name: string, next: () => Line): Entry {
  const values: Op[] = [];
  for (;;) {
    const line = next();
    if (line.accept("return")) {
      const results = new Map<string, Op>();
      while (!line.done) {
        const key = line.word();
        line.expect(":");
        if (results.has(key)) line.fail(`a second result is called \`${key}\``);
        results.set(key, line.value(values));
        if (!line.accept(",")) break;
      }
      line.end();
      const last = next();
      last.expect("}");
      last.end();
      return { name, operations: values, results };
    }
    line.expect(`%${values.length}`);
    line.expect("=");
    const kind = line.kind();
    line.expect("(");
    const operands: Op[] = [];
    while (!line.accept(")")) {
      operands.push(line.value(values));
      line.accept(",");
    }
    const attributes = line.attributes(kind);
    line.expect(":");
    const type = line.type();
    const place = line.accept("@") ? line.word() : "";
    const phase: Phase = line.done ? "forward" : line.oneOf(["backward", "update"]);
    line.end();
    values.push({ id: values.length, kind, operands, attributes, type, place, phase } as unknown as Op);
  }
}

const dtypes: readonly DType[] = ["f32", "i32", "bool"];

const token = /\s*("(?:[^"\\]|\\.)*"|%\d+|-?\d+(?:\.\d+)?(?:e[+-]?\d+)?|-?Infinity|[\p{L}_][\p{L}\p{N}_.+/#-]*|[{}()[\]:,=@])/uy;

class Line {
  private position = 0;
  constructor(private readonly text: string, private readonly line: number) {}

  get done(): boolean {
    return this.text.slice(this.position).trim() === "";
  }

  private peek(): { text: string; end: number } | undefined {
    token.lastIndex = this.position;
    const match = token.exec(this.text);
    return match === null ? undefined : { text: match[1]!, end: token.lastIndex };
  }

  private take(what: string): string {
    const found = this.peek();
    if (found === undefined) return this.fail(`expected ${what}`);
    this.position = found.end;
    return found.text;
  }

  accept(text: string): boolean {
    const found = this.peek();
    if (found?.text !== text) return false;
    this.position = found.end;
    return true;
  }

  expect(text: string): void {
    if (!this.accept(text)) this.fail(`expected \`${text}\``);
  }

  end(): void {
    if (!this.done) this.fail("expected the end of the line");
  }

  word(): string {
    const text = this.take("a name");
    return /^[\p{L}_]/u.test(text) ? text : this.fail(`\`${text}\` is no name`);
  }

  number(): number {
    const text = this.take("a number");
    const value = text.startsWith('"') ? NaN : Number(text);
    return Number.isNaN(value) && text !== "NaN" ? this.fail(`${text} is no number`) : value;
  }

  oneOf<T extends string>(words: readonly T[], word = this.word()): T {
    return words.find((candidate) => candidate === word) ?? this.fail(`expected one of ${words.join(", ")}`);
  }

  kind(): OpKind {
    const word = this.word();
    return Object.hasOwn(operations, word) ? (word as OpKind) : this.fail(`no operation is called \`${word}\``);
  }

  value(values: readonly Op[]): Op {
    const text = this.take("a value");
    const value = text.startsWith("%") ? values[Number(text.slice(1))] : undefined;
    return value ?? this.fail(`${text} is made nowhere above`);
  }

  type(): TensorType {
    return { dtype: this.oneOf(dtypes), axes: this.list(() => this.axis()) };
  }

  /** The attributes of an operation: all of them, and no others. */
  attributes(kind: OpKind): Record<string, unknown> {
    const shapes = new Map<string, AttributeShape>(Object.entries(attributeShapes[kind]));
    const result = new Map<string, unknown>();
    if (this.accept("{")) {
      while (!this.accept("}")) {
        const key = this.word();
        const shape = shapes.get(key);
        if (shape === undefined || result.has(key)) return this.fail(`\`${kind}\` has no${shape === undefined ? "" : " second"} attribute \`${key}\``);
        this.expect(":");
        result.set(key, this.attribute(shape));
        this.accept(",");
      }
    }
    for (const key of shapes.keys()) if (!result.has(key)) this.fail(`\`${kind}\` lacks its attribute \`${key}\``);
    return Object.fromEntries(result);
  }

  private attribute(shape: AttributeShape): unknown {
    switch (shape) {
      case "number": return this.number();
      case "text": return this.string();
      case "dtype": return this.oneOf(dtypes, this.string());
      case "distribution": return this.oneOf(["uniform", "normal"], this.string());
      case "names": return this.list(() => this.word());
      case "axes": return this.list(() => this.axis());
      case "axis": return this.axis();
    }
  }

  private string(): string {
    const text = this.take("a text");
    try {
      const value: unknown = JSON.parse(text);
      if (typeof value === "string") return value;
    } catch {
      // Told below.
    }
    return this.fail(`${text} is no text`);
  }

  private axis(): Axis {
    const name = this.word();
    this.expect(":");
    return { name, extent: this.number() };
  }

  /** `[a, b]` or `[a: 3, b: 4]`. */
  private list<T>(item: () => T): readonly T[] {
    const items: T[] = [];
    this.expect("[");
    while (!this.accept("]")) {
      items.push(item());
      this.accept(",");
    }
    return items;
  }

  fail(cause: string): never {
    throw new IrError(`line ${this.line}, column ${this.position + 1}: ${cause}: ${this.text.trim()}`);
  }
}
