/** Blocks of a kernel's text: where loops are bound and values named. */

import type { Variable } from "../../kernel/coordinate.js";
import type { Scalar } from "../../kernel/scalar.js";

/** A value in the text, and whether it is a vector of four. */
export interface Named {
  readonly text: string;
  readonly isVector: boolean;
}

export class Block {
  readonly lines: string[] = [];
  private readonly names = new Map<Scalar, Named>();
  private readonly loops = new Map<Variable, string>();

  constructor(readonly parent?: Block) {}

  bind(loop: Variable, text: string): void {
    this.loops.set(loop, text);
  }

  /** The text of a loop variable here. */
  loop(loop: Variable): string | undefined {
    return this.loops.get(loop) ?? this.parent?.loop(loop);
  }

  name(scalar: Scalar, named: Named): void {
    this.names.set(scalar, named);
  }

  find(scalar: Scalar): Named | undefined {
    return this.names.get(scalar) ?? this.parent?.find(scalar);
  }

  /** The outermost block in which everything is bound that a scalar depends on: there it is computed once. */
  homeOf(scalar: Scalar): Block {
    if (this.parent === undefined) return this;
    for (const loop of scalar.free) if (this.loops.has(loop)) return this;
    return this.parent.homeOf(scalar);
  }

  /** A block within this one; its lines are added by `close`. */
  open(): Block {
    return new Block(this);
  }

  /** Adds a block's lines between a head and a closing brace. */
  close(head: string, inner: Block): void {
    this.lines.push(`${head} {`, ...inner.lines.map((line) => `  ${line}`), "}");
  }
}
