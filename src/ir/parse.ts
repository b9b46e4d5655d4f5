/** Reads the text form of a program, as `print.ts` writes it. Passes are tested on small readable files of it. */

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
    if (line === undefined) throw new IrError("the text ends in the middle of a program");
    return line;
  };

  const head = next();
  head.expect("program");
  const name = head.word();
  head.expect("{");
  head.end();
  const parameters: ParameterSlot[] = [];
  const states: StateSlot[] = [];
  const inputs: InputSlot[] = [];
  const entries = new Map<string, Entry>();
  for (let line = next(); !line.accept("}"); line = next()) {
    const keyword = line.word();
    const slot = line.word();
    if (keyword === "entry") {
      line.expect("{");
      line.end();
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
  const program = { name, parameters, states, inputs, entries };
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
        results.set(key, line.value(values));
        if (!line.accept(",")) break;
      }
      line.end();
      next().expect("}");
      return { name, operations: values, results };
    }
    line.expect(`%${values.length}`);
    line.expect("=");
    const kind = line.word();
    if (!(kind in operations)) line.fail(`no operation is called \`${kind}\``);
    line.expect("(");
    const operands: Op[] = [];
    while (!line.accept(")")) {
      operands.push(line.value(values));
      line.accept(",");
    }
    const attributes = line.attributes();
    line.expect(":");
    const type = line.type();
    const place = line.accept("@") ? line.word() : "";
    const phase: Phase = line.done ? "forward" : line.oneOf(["backward", "update"]);
    line.end();
    values.push({ id: values.length, kind: kind as OpKind, operands, attributes, type, place, phase } as unknown as Op);
  }
}

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
    return this.take("a name");
  }

  number(): number {
    const text = this.take("a number");
    const value = Number(text);
    return Number.isNaN(value) ? this.fail(`\`${text}\` is no number`) : value;
  }

  oneOf<T extends string>(words: readonly T[]): T {
    const word = this.word();
    return words.find((candidate) => candidate === word) ?? this.fail(`expected one of ${words.join(", ")}`);
  }

  value(values: readonly Op[]): Op {
    const text = this.take("a value");
    return values[Number(text.slice(1))] ?? this.fail(`${text} is made nowhere above`);
  }

  type(): TensorType {
    const dtype: DType = this.oneOf(["f32", "i32", "bool"]);
    const axes = this.list();
    return { dtype, axes: axes as readonly Axis[] };
  }

  attributes(): Record<string, unknown> {
    const result: Record<string, unknown> = {};
    if (!this.accept("{")) return result;
    while (!this.accept("}")) {
      const key = this.word();
      this.expect(":");
      result[key] = this.attribute();
      this.accept(",");
    }
    return result;
  }

  private attribute(): unknown {
    const found = this.peek();
    if (found?.text === "[") return this.list();
    if (found?.text.startsWith('"')) return JSON.parse(this.take("a text"));
    if (found !== undefined && /^-?[\dI]/.test(found.text)) return this.number();
    const name = this.word();
    this.expect(":");
    return { name, extent: this.number() };
  }

  /** `[a, b]` or `[a: 3, b: 4]`. */
  private list(): readonly (string | Axis)[] {
    const items: (string | Axis)[] = [];
    this.expect("[");
    while (!this.accept("]")) {
      const name = this.word();
      items.push(this.accept(":") ? { name, extent: this.number() } : name);
      this.accept(",");
    }
    return items;
  }

  fail(cause: string): never {
    throw new IrError(`line ${this.line}, column ${this.position + 1}: ${cause}: ${this.text.trim()}`);
  }
}
