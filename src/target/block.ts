/** Blocks of a kernel's text: where loops are bound and values named. */

import type { Variable } from "../kernel/coordinate.js";

/** @typeParam Named how a target writes down a value that it has named. */
export class Block<Named> {
  readonly lines: string[] = [];
  private readonly names = new Map<unknown, Named>();
  private readonly loops = new Map<Variable, string>();

  /** @param isFloor whether what is computed in it stays in it, though it may depend on none of its variables. */
  constructor(
    readonly parent?: Block<Named>,
    private readonly isFloor = false,
  ) {}

  bind(loop: Variable, text: string): void {
    this.loops.set(loop, text);
  }

  /** The text of a loop variable here. */
  loop(loop: Variable): string | undefined {
    return this.loops.get(loop) ?? this.parent?.loop(loop);
  }

  /** Names a value here; `key` is the scalar that it is of, or whatever else tells it from others. */
  name(key: unknown, named: Named): void {
    this.names.set(key, named);
  }

  find(key: unknown): Named | undefined {
    return this.names.get(key) ?? this.parent?.find(key);
  }

  /** The outermost block in which all of these variables are bound that are bound at all: there a value is computed once. */
  homeOf(free: ReadonlySet<Variable>): Block<Named> {
    if (this.parent === undefined || this.isFloor) return this;
    for (const loop of free) if (this.loops.has(loop)) return this;
    return this.parent.homeOf(free);
  }

  /** A block within this one; its lines are added by `close`. */
  open(isFloor = false): Block<Named> {
    return new Block(this, isFloor);
  }

  /** Adds a block's lines, indented, between a line that opens it and one that closes it. */
  close(head: string, inner: Block<Named>, tail = "}"): void {
    this.lines.push(head, ...inner.lines.map((line) => `  ${line}`), tail);
  }
}
