/** Where tensors' elements lie, as WebAssembly text. Sums of what does not move in a loop are computed outside of it. */

import { type Atom, type Coordinate, type Term, type Variable, atomKey } from "../../kernel/coordinate.js";
import { type Scalar, variablesOf } from "../../kernel/scalar.js";
import { type Tensor, tensorBytes } from "../../kernel/tensor.js";
import { type Block, type Writer, get, int, scaled, set, sum } from "./writer.js";

const bytes = 4;

/** An address, and bytes beyond it that an instruction adds by itself. */
export interface Place {
  readonly text: string;
  readonly offset: number;
}

/** By how many elements a coordinate moves in a step of a loop; undefined when that is not always the same. */
export function stepsAlong(of: Coordinate, loop: Variable): number | undefined {
  let step = 0;
  for (const term of of.terms) {
    const { atom, factor } = term;
    if (atom.kind === "variable") step += atom.variable === loop ? factor : 0;
    else if (variablesOf({ terms: [term] }).has(loop)) return undefined;
  }
  return step;
}

/** Whether the steps of a loop are neighbouring elements. */
export function runsAlong(of: Coordinate, loop: Variable): boolean {
  return stepsAlong(of, loop) === 1;
}

export class Addresses {
  /** @param value the text of a scalar's vector number `w`, for coordinates that are computed. */
  constructor(
    private readonly writer: Writer,
    private readonly four: Variable | undefined,
    private readonly value: (scalar: Scalar, block: Block, w: number) => string,
  ) {}

  /** Where an element of a tensor lies; with the loop of four `step` further. */
  place(tensor: Tensor, where: Coordinate, block: Block, step = 0): Place {
    const isTable = tensor.storage === "local";
    const base = isTable ? get("$scratch") : this.writer.base(tensor);
    const first = isTable ? this.writer.table(tensor, tensorBytes(tensor)) : 0;
    const offset = bytes * (where.constant + this.shiftOf(where, step)) + first;
    const text = this.summed(base, where.terms, block, step, bytes);
    // An instruction's own offset does not wrap around, and cannot be negative.
    const isPlain = offset >= 0 && where.terms.every(({ atom, factor }) => factor > 0 && atom.kind !== "value");
    return isPlain ? { text, offset } : { text: sum(text, int(offset)), offset: 0 };
  }

  /** A coordinate as a whole number; with the loop of four `step` further. */
  coordinate(of: Coordinate, block: Block, step = 0): string {
    return sum(this.summed("", of.terms, block, step, 1), int(of.constant + this.shiftOf(of, step)));
  }

  /** What plain uses of the loop of four add in `step` steps. */
  private shiftOf(of: Coordinate, step: number): number {
    if (step === 0) return 0;
    return of.terms.reduce((total, { atom, factor }) => (atom.kind === "variable" && atom.variable === this.four ? total + factor * step : total), 0);
  }

  /** A base and terms, summed from the outermost block inwards; all but the sum of the innermost is named for further uses. */
  private summed(base: string, terms: readonly Term[], block: Block, step: number, unit: number): string {
    const homes = new Map<Block, Term[]>();
    for (const term of terms) {
      const home = block.homeOf(variablesOf({ terms: [term] }));
      homes.set(home, [...(homes.get(home) ?? []), term]);
    }
    let text = base === "" ? int(0) : base;
    let key = `${base} ${unit}`;
    for (const home of chainTo(block)) {
      const own = homes.get(home);
      if (own === undefined) continue;
      const atStep = own.some(({ atom }) => this.isShifted(atom)) ? step : 0;
      // In an order that does not depend on when variables were made, so that equal kernels have equal texts.
      const parts = own.map(({ atom, factor }) => scaled(this.atom(atom, home, atStep), factor * unit)).sort();
      key += ` ${own.map(({ atom, factor }) => `${factor}*${atomKey(atom)}`).join("+")} ${atStep}`;
      const whole = sum(text, ...parts);
      text = home === block ? whole : (home.find(key) ?? this.name(home, key, whole));
    }
    return text;
  }

  /** Whether an atom depends on the loop of four in a way that is not a shift. */
  private isShifted(atom: Atom): boolean {
    return this.four !== undefined && atom.kind !== "variable" && variablesOf({ terms: [{ atom, factor: 1 }] }).has(this.four);
  }

  private name(block: Block, key: string, text: string): string {
    if (/^\(local\.get \S+\)$/.test(text)) return text;
    const local = this.writer.local("at");
    block.lines.push(set(local, text));
    block.name(key, get(local));
    return get(local);
  }

  private atom(atom: Atom, block: Block, step: number): string {
    switch (atom.kind) {
      case "variable":
        return block.loop(atom.variable)!;
      case "quotient":
        return `(i32.div_u ${this.coordinate(atom.of, block, step)} ${int(atom.by)})`;
      case "remainder":
        return `(i32.rem_u ${this.coordinate(atom.of, block, step)} ${int(atom.by)})`;
      case "clamp":
        return this.clamped(atom, block, step);
      case "value": {
        const isVector = this.four !== undefined && atom.value.free.has(this.four);
        return `(i32x4.extract_lane ${isVector ? step % 4 : 0} ${this.value(atom.value, block, Math.floor(step / 4))})`;
      }
    }
  }

  private clamped({ of, low, high }: Extract<Atom, { kind: "clamp" }>, block: Block, step: number): string {
    if (low === high) return int(low);
    const local = this.writer.local("clamped");
    const own = get(local);
    const atMost = (value: string) => `(select ${value} ${int(high)} (i32.lt_s ${own} ${int(high)}))`;
    block.lines.push(set(local, this.coordinate(of, block, step)), set(local, atMost(own)), set(local, `(select ${own} ${int(low)} (i32.gt_s ${own} ${int(low)}))`));
    return own;
  }
}

/** The blocks around a block, from the outermost to itself. */
function chainTo(block: Block): readonly Block[] {
  return block.parent === undefined ? [block] : [...chainTo(block.parent), block];
}
