/** Which operations are of use: dead code is what nobody needs. */

import type { Op } from "./program.js";

/**
 * Those of `operations` that `roots` need, with the roots, in order. The operations stand behind their operands, and their
 * numbers rise.
 * @param operandsOf what an operation needs, where that is not all of its operands.
 */
export function neededBy(roots: Iterable<Op>, operations: readonly Op[], operandsOf = (op: Op): readonly Op[] => op.operands): Op[] {
  const isNeeded = new Uint8Array((operations.at(-1)?.id ?? -1) + 1);
  for (const root of roots) isNeeded[root.id] = 1;
  const needed: Op[] = [];
  for (let i = operations.length - 1; i >= 0; i--) {
    const op = operations[i]!;
    if (isNeeded[op.id] === 0) continue;
    needed.push(op);
    for (const operand of operandsOf(op)) isNeeded[operand.id] = 1;
  }
  return needed.reverse();
}

/** The operands that an operation's value is made of: `attach_gradient` is its first operand, and needs the others to differentiate. */
export function valuesOf(op: Op): readonly Op[] {
  return op.kind === "attach_gradient" ? op.operands.slice(0, 1) : op.operands;
}
