/**
 * Parts that are alike but for their tensors, such as those of repeated layers, are brought into normal form once: for the others
 * the first one's is taken, with their tensors in it.
 */

import type { Coordinate, Variable } from "./coordinate.js";
import { normalise } from "./normalise.js";
import type { Part } from "./part.js";
import { type Load, type Scalar, type Scalars, reachable } from "./scalar.js";
import { tabulated } from "./tabulate.js";
import type { Tensor } from "./tensor.js";

interface Form {
  /** In the order of their first use. */
  readonly tensors: readonly Tensor[];
  readonly normal: Part;
}

export class NormalForms {
  private readonly known = new Map<string, Form>();

  constructor(private readonly scalars: Scalars) {}

  of(part: Part): Part {
    const { key, tensors } = structureOf(part);
    const known = this.known.get(key);
    if (known !== undefined) return this.withTensors(known, part, tensors);
    const normal = tabulated(normalise(part, this.scalars), this.scalars);
    this.known.set(key, { tensors, normal });
    return normal;
  }

  private withTensors({ tensors, normal }: Form, part: Part, own: readonly Tensor[]): Part {
    const by = new Map(tensors.map((tensor, i) => [tensor, own[i]!]));
    const load = (of: Load) => this.scalars.load(by.get(of.tensor) ?? of.tensor, of.at);
    // Of tables, which come first, the origin is that of the first store.
    const tables = normal.stores.length - part.stores.length;
    const stores = normal.stores.map((store, i) => ({
      ...store,
      tensor: by.get(store.tensor) ?? store.tensor,
      value: this.scalars.rewrite(store.value, { load }),
      origin: part.stores[Math.max(0, i - tables)]!.origin,
    }));
    return { ...normal, stores };
  }
}

/** Everything that makes a part but for which tensors it has: they and its variables are numbered by their first use. */
export function structureOf(part: Part): { key: string; tensors: readonly Tensor[] } {
  const tensors = new Map<Tensor, number>();
  const variables = new Map<Variable, number>();
  const numbers = new Map<Scalar, number>();
  const texts: string[] = [part.kind, String(part.isUpdate)];
  const tensor = (own: Tensor): string => {
    const known = tensors.get(own);
    if (known !== undefined) return `t${known}`;
    tensors.set(own, tensors.size);
    return `t${tensors.size - 1}:${own.storage} ${own.dtype} ${own.half} ${own.axes.map(({ extent }) => extent).join(" ")}`;
  };
  const loop = (own: Variable): string => {
    const known = variables.get(own);
    if (known !== undefined) return `v${known}`;
    variables.set(own, variables.size);
    return `v${variables.size - 1}:${own.name} ${own.extent}`;
  };
  const coordinate = ({ constant, terms }: Coordinate): string => {
    // Terms stand in the order of when their variables were made, which is no part of the structure.
    const moving = terms.map(({ atom, factor }) => {
      if (atom.kind === "variable") return `${factor}*${loop(atom.variable)}`;
      if (atom.kind === "value") return `${factor}*s${numbers.get(atom.value)}`;
      const inner = coordinate(atom.of);
      return atom.kind === "clamp" ? `${factor}*<${atom.low} ${inner} ${atom.high}>` : `${factor}*(${inner} ${atom.kind} ${atom.by})`;
    });
    return `${constant}+${moving.join("+")}`;
  };
  const scalar = (own: Scalar): string => {
    const number = (of: Scalar) => numbers.get(of);
    switch (own.kind) {
      case "number":
        return Object.is(own.value, -0) ? "-0" : String(own.value);
      case "position":
        return coordinate(own.at);
      case "load":
        return `${tensor(own.tensor)}[${own.at.map(coordinate).join(",")}]`;
      case "apply":
        return `${own.operation} ${own.operands.map(number).join(" ")}`;
      case "random":
        return `${own.distribution} ${number(own.key)} ${number(own.other)} ${coordinate(own.element)}`;
      case "fold":
        return `${own.combine} ${own.over.map(loop).join(" ")} ${number(own.body)}`;
    }
  };
  texts.push(part.rows.map(loop).join(" "));
  for (const own of reachable(part.stores.map((store) => store.value))) {
    numbers.set(own, numbers.size);
    texts.push(`${own.kind} ${own.dtype} ${scalar(own)}`);
  }
  for (const { tensor: written, at, columns, value } of part.stores) {
    texts.push(`${tensor(written)} ${at.map(coordinate).join(",")} ${columns.map(loop).join(" ")} ${numbers.get(value)}`);
  }
  return { key: texts.join("\n"), tensors: [...tensors.keys()] };
}
