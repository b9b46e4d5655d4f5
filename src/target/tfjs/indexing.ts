/** Operations that move elements by computed indices. */

import { type Axis, elements } from "../../ir/types.js";
import type { Value } from "./call.js";
import { type Dimensions, includes, orderOf, proper, shapeOf } from "./layout.js";
import { type Lowering, type Physical, type Placed, carried, isLiteral } from "./lowering.js";
import type { Rule } from "./rule.js";

/** `physical` in memory with exactly these axes, each group in one dimension. */
function packed(l: Lowering, physical: Physical, groups: Dimensions, dtype: "f32" | "i32" | "bool"): Placed {
  return l.full(physical, groups.map(proper), dtype);
}

/**
 * The row that each index means in a table whose rows are (aligned axes, axis): the index itself, or plus the start of its
 * own part of the table.
 */
function rows(l: Lowering, index: Placed, aligned: readonly Axis[], extent: number): Value {
  if (elements(aligned) === 1) return index.value;
  const starts = l.tf("range", [0, elements(aligned) * extent, extent, "int32"], [elements(aligned)], "i32");
  const dimensions = index.dimensions;
  const start = l.aligned({ value: starts, dimensions: [aligned] }, dimensions);
  return l.tf("add", [index.value, start], index.value.shape, "i32");
}

export const indexing: {
  [K in "take" | "scatter_add" | "argsort"]: Rule<K>;
} = {
  take: (l, op) => {
    const [tableOp, indexOp] = op.operands;
    const { axis: name } = op.attributes;
    const [table, index] = [l.operand(tableOp!), l.operand(indexOp!)];
    if (isLiteral(table)) return table;
    const axis = tableOp!.type.axes.find((own) => own.name === name)!;
    const inTable = carried(table);
    // Every position along an axis that the table only repeats, or that has one element, gives the same.
    if (!includes(inTable, name)) return table;
    const indexAxes = carried(index);
    const aligned = indexAxes.filter((own) => own.name !== name && includes(inTable, own.name));
    const others = indexAxes.filter((own) => !includes(aligned, own.name));
    const rest = inTable.filter((own) => own.name !== name && !includes(aligned, own.name));
    const packedTable = packed(l, table, [[...aligned, axis], rest], op.type.dtype);
    const packedIndex = packed(l, index, [aligned, others], "i32");
    const flat = { value: l.shaped(rows(l, packedIndex, aligned, axis.extent), [elements(indexAxes)]), dimensions: [[...aligned, ...others]] };
    const isRow = rest.length === 0;
    const source = isRow ? l.shaped(packedTable.value, [elements([...aligned, axis])]) : packedTable.value;
    const result: Dimensions = isRow ? flat.dimensions : [...flat.dimensions, rest];
    return { value: l.tf("gather", [source, flat.value], shapeOf(result), op.type.dtype), dimensions: result };
  },

  scatter_add: (l, op) => {
    const [valuesOp, indexOp] = op.operands;
    const { axis, aligned: kept } = op.attributes;
    const index = l.operand(indexOp!);
    // Each value goes to a place of its own, so that values and indices have every axis in memory.
    const aligned = proper(indexOp!.type.axes.filter((own) => kept.includes(own.name)));
    const summed = proper(indexOp!.type.axes.filter((own) => !kept.includes(own.name)));
    const rest = proper(valuesOp!.type.axes.filter((own) => !indexOp!.type.axes.some((other) => other.name === own.name)));
    const values = packed(l, l.operand(valuesOp!), [[...aligned, ...summed], rest], "f32");
    const packedIndex = packed(l, index, [aligned, summed], "i32");
    const count = elements([...aligned, ...summed]);
    const positions = l.shaped(rows(l, packedIndex, aligned, axis.extent), [count, 1]);
    const table = proper([...aligned, axis]);
    const result: Dimensions = rest.length === 0 ? [table] : [table, rest];
    // A table of one row has no axis for rows, but scatterND wants one.
    const inner = rest.length === 0 ? [] : [elements(rest)];
    const shape = [elements(table), ...inner];
    const value = l.tf("scatterND", [positions, l.shaped(values.value, [count, ...inner]), shape], shape);
    return { value, dimensions: result };
  },

  argsort: (l, op) => {
    const { axis: name } = op.attributes;
    const x = l.operand(op.operands[0]!);
    const axis = op.type.axes.find((own) => own.name === name)!;
    if (axis.extent === 1) return { literal: 0, dtype: "i32" };
    // Equal elements keep their order.
    if (isLiteral(x) || !includes(carried(x), name)) {
      return { value: l.tf("range", [0, axis.extent, 1, "int32"], [axis.extent], "i32"), dimensions: [[axis]] };
    }
    const others = orderOf(x.dimensions).filter((own) => own.name !== name);
    const { value } = l.reshape(l.arrange(x, [...others, axis]), others.length > 0 ? [others, [axis]] : [[axis]]);
    const dimensions = others.length > 0 ? [others, [axis]] : [[axis]];
    return { value: l.helper("argsort", [value], shapeOf(dimensions), "i32", 8 * elements([...others, axis])), dimensions };
  },
};
