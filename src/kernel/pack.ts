/**
 * Packs the updates of many parameters into few: parameters whose updates are the same formula are laid side by side in memory,
 * with their moments and their gradients likewise, so that one loop runs over all of them.
 */

import { elements } from "../ir/types.js";
import { type Coordinate, type Variable, at, plainVariable, variable } from "./coordinate.js";
import { address } from "./normalise.js";
import type { Part } from "./part.js";
import { type Load, type Scalar, type Scalars, loadsOf, reachable } from "./scalar.js";
import type { Tensor } from "./tensor.js";

/** Tensors that lie side by side, as one. */
export interface Pack {
  readonly tensor: Tensor;
  /** Its members, with their offsets in bytes. */
  readonly members: readonly { readonly tensor: Tensor; readonly offset: number }[];
}

/** What an update touches element by element: the tensors in the order in which its formula names them. */
interface Formula {
  readonly part: Part;
  readonly row: Variable;
  readonly tensors: readonly Tensor[];
  readonly text: string;
}

/** Elements of tensors that keep those behind them aligned. */
const evenElements = 64;

/** @param most bytes that a pack may have at most. */
export function packed(updates: readonly Part[], scalars: Scalars, most: number): { parts: readonly Part[]; packs: readonly Pack[] } {
  const groups = new Map<string, Formula[]>();
  const rest: Part[] = [];
  const taken = new Set<Tensor>();
  for (const part of updates) {
    const formula = formulaOf(part);
    if (formula === undefined || formula.tensors.some((tensor) => taken.has(tensor))) {
      rest.push(part);
      continue;
    }
    formula.tensors.forEach((tensor) => taken.add(tensor));
    groups.set(formula.text, [...(groups.get(formula.text) ?? []), formula]);
  }
  const parts: Part[] = [];
  const packs: Pack[] = [];
  for (const formulas of groups.values()) {
    if (formulas.length === 1) {
      parts.push(formulas[0]!.part);
      continue;
    }
    // Those that keep the alignment come first.
    const isEven = ({ row }: Formula) => row.extent % evenElements === 0;
    const ordered = [...formulas.filter(isEven), ...formulas.filter((formula) => !isEven(formula))];
    for (const several of bounded(ordered, most)) {
      const own = several[0]!.tensors.map((_, i) => packOf(several.map(({ tensors }) => tensors[i]!)));
      packs.push(...own);
      parts.push(together(several, own, scalars));
    }
  }
  return { parts: [...parts, ...rest], packs };
}

/** The list in pieces of at most so many bytes a tensor. */
function bounded(formulas: readonly Formula[], most: number): readonly (readonly Formula[])[] {
  const result: Formula[][] = [];
  let bytes = Infinity;
  for (const formula of formulas) {
    bytes += 4 * formula.row.extent;
    if (bytes > most) {
      result.push([]);
      bytes = 4 * formula.row.extent;
    }
    result.at(-1)!.push(formula);
  }
  return result;
}

/** The formula of a part that is one straight loop over whole tensors, beside single numbers that all updates share. */
function formulaOf(part: Part): Formula | undefined {
  const [row, ...others] = part.rows;
  if (row === undefined || others.length > 0 || part.stores.some((store) => store.columns.length > 0)) return undefined;
  const scalars = reachable(part.stores.map((store) => store.value));
  if (scalars.some((scalar) => scalar.kind === "fold" || scalar.kind === "random" || (scalar.kind === "position" && scalar.free.size > 0))) return undefined;
  const tensors: Tensor[] = [];
  const runsStraight = (tensor: Tensor, where: Coordinate) => {
    if (plainVariable(where) !== row || elements(tensor.axes) !== row.extent || tensor.storage === "input") return false;
    if (!tensors.includes(tensor)) tensors.push(tensor);
    return true;
  };
  for (const store of part.stores) if (!runsStraight(store.tensor, address(store.at))) return undefined;
  for (const load of loadsOf(part.stores.map((store) => store.value))) {
    if (load.free.size > 0 && !runsStraight(load.tensor, address(load.at))) return undefined;
  }
  return { part, row, tensors, text: textOf(part, tensors) };
}

/** The formula as a text in which the tensors are numbers. */
function textOf(part: Part, tensors: readonly Tensor[]): string {
  const known = new Map<Scalar, number>();
  const lines: string[] = [];
  const name = (tensor: Tensor) => (tensors.includes(tensor) ? `${tensor.storage}${tensors.indexOf(tensor)}` : `${tensor.storage} ${tensor.name}`);
  for (const scalar of reachable(part.stores.map((store) => store.value))) {
    known.set(scalar, known.size);
    lines.push(lineOf(scalar));
  }
  return [...lines, ...part.stores.map((store) => `${name(store.tensor)} = ${known.get(store.value)}`)].join("\n");

  function lineOf(scalar: Scalar): string {
    if (scalar.kind === "number") return `${Object.is(scalar.value, -0) ? "-0" : scalar.value} ${scalar.dtype}`;
    if (scalar.kind === "load") return `load ${name(scalar.tensor)} ${scalar.free.size > 0 ? "" : address(scalar.at).key}`;
    if (scalar.kind === "apply") return `${scalar.operation} ${scalar.operands.map((operand) => known.get(operand)).join(" ")} ${scalar.dtype}`;
    return scalar.kind;
  }
}

/** Tensors of equal storage and type, one after the other. */
export function packOf(tensors: readonly Tensor[]): Pack {
  let count = 0;
  const members = tensors.map((tensor) => {
    const offset = (tensor.half ? 2 : 4) * count;
    count += elements(tensor.axes);
    return { tensor, offset };
  });
  const [first] = tensors as [Tensor];
  const name = `${first.name} and ${tensors.length - 1} more`;
  return { tensor: { name, storage: first.storage, dtype: first.dtype, half: first.half, axes: [{ name: "element", extent: count }] }, members };
}

/** The formula of the first part, over the packs. */
function together(formulas: readonly Formula[], packs: readonly Pack[], scalars: Scalars): Part {
  const [{ part, row, tensors }] = formulas as [Formula];
  const whole = variable(row.name, elements(packs[0]!.tensor.axes));
  const packFor = (tensor: Tensor) => packs[tensors.indexOf(tensor)]?.tensor ?? tensor;
  const place = (where: readonly Coordinate[]) => where.map((coordinate) => (plainVariable(coordinate) === row ? at(whole) : coordinate));
  const stores = part.stores.map((store) => ({
    ...store,
    tensor: packFor(store.tensor),
    at: place(store.at),
    value: scalars.rewrite(store.value, {
      variable: (loop) => at(loop === row ? whole : loop),
      load: (load: Load) => scalars.load(packFor(load.tensor), load.at),
    }),
  }));
  return { ...part, rows: [whole], stores };
}
