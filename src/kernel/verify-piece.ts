/** The rules that a piece keeps by itself: every variable is bound, every address lies in its tensor, no two rows write one element. */

import { operations } from "../ir/ops/index.js";
import { slotTypes } from "../ir/slots.js";
import { type DType, IrError, elements } from "../ir/types.js";
import { type Coordinate, type Variable, range, visitAtoms } from "./coordinate.js";
import { address } from "./normalise.js";
import type { Part, Store } from "./part.js";
import { bytesIn, isInjective, reachOf } from "./reach.js";
import { type Scalar, type ScalarOf, reachable, variablesOf } from "./scalar.js";
import { type Tensor, tensorBytes } from "./tensor.js";

/** @throws IrError when a part breaks a rule. */
export function verifyPart(part: Part): void {
  if (part.stores.length === 0) throw new IrError("nothing is stored");
  checkLoops(part.rows, []);
  const seen = new Set<Scalar>();
  const tables = new Set<Tensor>();
  for (const store of part.stores) {
    checkLoops(store.columns, part.rows);
    checkStore(store, part);
    for (const scalar of reachable([store.value])) {
      if (seen.has(scalar)) continue;
      seen.add(scalar);
      checkScalar(scalar, part.rows);
      if (scalar.kind === "load" && scalar.tensor.storage === "local" && !tables.has(scalar.tensor)) {
        throw new IrError(`the table ${scalar.tensor.name} is read before it is filled`);
      }
    }
    if (store.tensor.storage !== "local") continue;
    if (tables.has(store.tensor)) throw new IrError(`the table ${store.tensor.name} is filled twice`);
    tables.add(store.tensor);
  }
}

function checkLoops(loops: readonly Variable[], outer: readonly Variable[]): void {
  loops.forEach((loop, i) => {
    if (!Number.isSafeInteger(loop.extent) || loop.extent < 1) throw new IrError(`the loop \`${loop.name}\` has ${loop.extent} turns`);
    if (loops.indexOf(loop) < i || outer.includes(loop)) throw new IrError(`the loop \`${loop.name}\` is bound twice`);
  });
}

function checkStore(store: Store, { kind, rows, isUpdate }: Part): void {
  const { tensor, columns, value } = store;
  const isTable = tensor.storage === "local";
  if (kind === "product" && columns.length > 0) throw new IrError(`a product writes ${tensor.name} by columns`);
  if (isTable && isUpdate) throw new IrError("an update keeps a table");
  if (value.dtype !== tensor.dtype) throw new IrError(`${tensor.name} is ${tensor.dtype}, and ${value.dtype} is written there`);
  const loops = [...rows, ...columns];
  const where = oneCoordinate(store, "written");
  for (const loop of [...value.free, ...variablesOf(where)]) {
    if (!loops.includes(loop)) throw new IrError(`\`${loop.name}\` is used where no loop binds it, for ${tensor.name}`);
  }
  checkWithin(tensor, where, "written");
  // A table is its row's own, so that its rows need not be told apart.
  const moving = (isTable ? columns : loops).filter((loop) => loop.extent > 1);
  const reach = reachOf(where, widthOf(tensor), 0);
  const isFound = moving.every((loop) => where.terms.some(({ atom }) => atom.kind === "variable" && atom.variable === loop));
  if (reach === undefined || !isFound || !isInjective(reach)) throw new IrError(`${isTable ? "columns" : "rows"} may write one element of ${tensor.name} twice`);
  if (isTable && (columns.length === 0 || bytesIn(reach) !== tensorBytes(tensor))) throw new IrError(`the table ${tensor.name} is not filled wholly`);
}

function checkScalar(scalar: Scalar, rows: readonly Variable[]): void {
  switch (scalar.kind) {
    case "number":
      return checkNumber(scalar);
    case "position":
      return checkCoordinate(scalar.at);
    case "load":
      return checkWithin(scalar.tensor, oneCoordinate(scalar, "read"), "read");
    case "apply":
      return checkApply(scalar);
    case "random": {
      if (scalar.key.dtype !== "i32" || scalar.other.dtype !== "i32") throw new IrError("a key of random numbers is not whole");
      checkCoordinate(scalar.element);
      if (range(scalar.element).low < 0) throw new IrError("a random number may be drawn for an element below 0");
      return;
    }
    case "fold":
      checkLoops(scalar.over, rows);
      if (scalar.dtype !== scalar.body.dtype || scalar.dtype === "bool") throw new IrError(`a ${scalar.combine} of ${scalar.body.dtype} is ${scalar.dtype}`);
  }
}

function checkNumber({ value, dtype }: ScalarOf<"number">): void {
  const isOfType = dtype === "f32" || (dtype === "bool" ? value === 0 || value === 1 : value === (value | 0));
  if (!isOfType) throw new IrError(`${value} is no ${dtype}`);
}

const noSlots = slotTypes({ parameters: [], states: [], inputs: [] });

function checkApply({ operation, operands, dtype }: ScalarOf<"apply">): void {
  const { operands: count, type } = operations[operation] as (typeof operations)["cast"];
  if (operands.length !== count) throw new IrError(`\`${operation}\` has ${operands.length} operands`);
  const expected: DType = type(operands.map((operand) => ({ dtype: operand.dtype, axes: [] })), { dtype }, noSlots).dtype;
  if (expected !== dtype) throw new IrError(`\`${operation}\` is ${dtype} where its rule says ${expected}`);
}

function oneCoordinate({ tensor, at }: { readonly tensor: Tensor; readonly at: readonly Coordinate[] }, what: string): Coordinate {
  if (at.length !== 1) throw new IrError(`${tensor.name} is ${what} at ${at.length} coordinates, not at the number of an element`);
  return address(at);
}

function checkWithin(tensor: Tensor, where: Coordinate, what: string): void {
  checkCoordinate(where);
  const { low, high } = range(where);
  const count = elements(tensor.axes);
  if (low < 0 || high >= count) throw new IrError(`${tensor.name} has ${count} elements and may be ${what} at ${low < 0 ? low : high}`);
}

const [least, most] = [-(2 ** 31), 2 ** 31 - 1];

/** A coordinate is computed in 32 bits, where quotients and remainders are what they say for numbers from 0 on. */
function checkCoordinate(of: Coordinate): void {
  checkRange(of);
  visitAtoms(of, (atom) => {
    if ("of" in atom) checkRange(atom.of);
    if ((atom.kind === "quotient" || atom.kind === "remainder") && range(atom.of).low < 0) throw new IrError(`a ${atom.kind} is taken of what may be ${range(atom.of).low}`);
    if (atom.kind === "clamp" && atom.low > atom.high) throw new IrError(`a coordinate is kept between ${atom.low} and ${atom.high}`);
    if (atom.kind === "value" && atom.value.dtype !== "i32") throw new IrError(`a coordinate is computed from ${atom.value.dtype}`);
  });
}

function checkRange(of: Coordinate): void {
  const { low, high } = range(of);
  if (low < least || high > most) throw new IrError(`a coordinate may be ${low < least ? low : high}, which 32 bits do not hold`);
}

/** Bytes of an element. */
export function widthOf(tensor: Tensor): number {
  return tensor.half ? 2 : 4;
}
