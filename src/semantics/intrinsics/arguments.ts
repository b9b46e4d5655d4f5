/** Reading the arguments of a built-in function. */

import type { Place } from "../../diagnostics/diagnostic.js";
import type * as ast from "../../syntax/ast.js";
import { clauseAxes } from "../calls.js";
import type { Elaborator } from "../elaborator.js";
import { fail } from "../errors.js";
import { numberOf, requireAxis, tensorOf, wholeOf } from "../expressions.js";
import type { Frame } from "../frame.js";
import { place } from "../modules.js";
import type { TensorValue, Value } from "../values.js";

/** The arguments of one call of a built-in function, with the checks that they share. */
export class Arguments {
  readonly where: Place;
  /** Those without a name. */
  readonly positional: readonly ast.Argument[];
  constructor(
    readonly e: Elaborator,
    readonly frame: Frame,
    readonly name: string,
    readonly node: ast.Call,
    /** How many arguments without a name there must be, and which names may be given. */
    counts: { readonly positional: readonly [number, number]; readonly named?: readonly string[]; readonly clauses?: readonly ast.Clause["keyword"][] },
  ) {
    this.where = place(frame.module.source, node);
    this.positional = node.arguments.filter((arg) => arg.name === undefined);
    const positional = this.positional.length;
    const [least, most] = counts.positional;
    if (positional < least || positional > most) {
      const wanted = least === most ? `${least}` : most === Infinity ? `at least ${least}` : `${least} to ${most}`;
      fail("N0207", this.where, `\`${name}\` takes ${wanted} argument${wanted === "1" ? "" : "s"} without a name, and ${positional} ${positional === 1 ? "is" : "are"} given`);
    }
    for (const arg of node.arguments) {
      const at = place(frame.module.source, arg);
      if (arg.name !== undefined && !(counts.named ?? []).includes(arg.name.name)) {
        fail("N0206", at, `\`${name}\` has no parameter \`${arg.name.name}\``);
      }
      if (arg.clause !== undefined && !(counts.clauses ?? []).includes(arg.clause.keyword)) {
        const help = counts.clauses?.length ? `write \`${counts.clauses[0]}\`` : "leave the axes out";
        fail("N0206", place(frame.module.source, arg.clause), `\`${name}\` takes no \`${arg.clause.keyword}\``, { help });
      }
    }
  }

  named(name: string): ast.Argument | undefined {
    return this.node.arguments.find((arg) => arg.name?.name === name);
  }

  at(index: number): ast.Argument {
    return this.positional[index]!;
  }

  placeOf(index: number): Place {
    return place(this.frame.module.source, this.at(index));
  }

  value(index: number): Value {
    return this.e.language.evaluate(this.e, this.frame, this.at(index).value);
  }

  tensor(index: number): TensorValue {
    return tensorOf(this.e, this.frame, this.at(index).value);
  }

  /** A named number, or `otherwise`. */
  number(name: string, otherwise: number): number {
    const arg = this.named(name);
    return arg === undefined ? otherwise : numberOf(this.e, this.frame, arg.value, `\`${name}\``);
  }

  whole(name: string): number {
    const arg = this.named(name);
    if (arg === undefined) return fail("N0207", this.where, `\`${this.name}\` needs \`${name}: …\``);
    return wholeOf(this.e, this.frame, arg.value, `\`${name}\``);
  }

  /** The clause of the call, wherever it stands. */
  get clause(): ast.Clause | undefined {
    return this.node.arguments.find((arg) => arg.clause !== undefined)?.clause;
  }

  /** The axes that the clause means of `value`; all of them when there is no clause. */
  axes(value: TensorValue): readonly string[] {
    const own = value.op.type.axes.map((axis) => axis.name);
    return this.clause === undefined ? own : clauseAxes(this.e, this.frame, this.clause, own);
  }

  /** The one axis that the clause names. */
  axis(value: TensorValue): string {
    const { clause } = this;
    if (clause === undefined) return fail("N0207", this.where, `\`${this.name}\` must be told an axis`, { help: "write `along token`, say" });
    const axes = this.axes(value);
    if (axes.length !== 1) return fail("N0301", place(this.frame.module.source, clause), `\`${this.name}\` works along one axis, not ${axes.length}`);
    requireAxis(value, axes[0]!, place(this.frame.module.source, clause));
    return axes[0]!;
  }

  /** Builds at the call, with the type rules' complaints turned into diagnostics. */
  build<T>(action: () => T): T {
    return this.e.at(this.frame, this.node, action);
  }
}
