/**
 * Sums of values that are zero outside a range. The derivative of a slice is a padded value, so the cotangent of a value
 * that is used by slices, as where groups of tokens have their own norms, arrives as a sum of padded values.
 * Here such sums become one concatenation, which adds nothing and writes every element once.
 */

import type { Build } from "../../ir/builder.js";
import type { Op } from "../../ir/program.js";
import { extentOf, sameAxes } from "../../ir/types.js";
import { type Rule, isZero } from "./rule.js";

/** A value seen as ranges along one axis; between the pieces it is zero. */
interface Pieces {
  readonly axis: string;
  readonly extent: number;
  readonly pieces: readonly Piece[];
  readonly hasZeros: boolean;
}
interface Piece {
  readonly start: number;
  readonly end: number;
  readonly value: Op;
}

/** pad(a) + pad(b) → concatenate(a, b), where the ranges of a and b are apart; pad(a + b) where they are the same */
export const joinPieces: Rule<"add"> = ({ operands: [x, y] }, b) => joined(x!, y!, b);

/** (u + pad(a)) + pad(b) → u + concatenate(a, b) */
export const joinPiecesOfSum: Rule<"add"> = ({ operands: [x, y] }, b) => {
  for (const [sum, value] of [[x!, y!], [y!, x!]] as const) {
    if (sum.kind !== "add") continue;
    const [left, right] = sum.operands;
    const withRight = joined(right!, value, b);
    if (withRight !== undefined) return b.add(left!, withRight);
    const withLeft = joined(left!, value, b);
    if (withLeft !== undefined) return b.add(withLeft, right!);
  }
  return undefined;
};

/** The sum of `x` and `y`, where both are pieces along one axis, one has zeros, and no piece cuts another. */
function joined(x: Op, y: Op, b: Build): Op | undefined {
  const [left, right] = [piecesOf(x), piecesOf(y)];
  if (left === undefined || right === undefined || left.axis !== right.axis) return undefined;
  if (!(left.hasZeros || right.hasZeros) || !sameAxes(x.type.axes, y.type.axes)) return undefined;
  const all = [...left.pieces, ...right.pieces].sort((p, q) => p.start - q.start);
  const isCut = all.some((piece, i) => i > 0 && piece.start < all[i - 1]!.end && !sameRange(piece, all[i - 1]!));
  if (isCut) return undefined;
  const apart: Piece[] = [];
  for (const piece of all) {
    const last = apart.at(-1);
    if (last === undefined || !sameRange(last, piece)) apart.push(piece);
    else apart[apart.length - 1] = { ...piece, value: b.add(last.value, piece.value) };
  }
  return assembled({ ...left, pieces: apart }, b);
}

function sameRange(left: Piece, right: Piece): boolean {
  return left.start === right.start && left.end === right.end;
}

/** The pieces of a padded or concatenated value. */
function piecesOf(op: Op): Pieces | undefined {
  if (op.kind !== "pad" && op.kind !== "concatenate") return undefined;
  const { axis } = op.attributes;
  const extent = extentOf(op.type, axis);
  let start = op.kind === "pad" ? op.attributes.before : 0;
  const inner = op.kind === "pad" ? op.operands[0]! : op;
  const values = inner.kind === "concatenate" && inner.attributes.axis === axis ? inner.operands : [inner];
  const pieces: Piece[] = [];
  for (const value of values) {
    const end = start + extentOf(value.type, axis);
    if (!isZero(value)) pieces.push({ start, end, value });
    start = end;
  }
  return { axis, extent, pieces, hasZeros: op.kind === "pad" || pieces.length < values.length };
}

function assembled({ axis, extent, pieces }: Pieces, b: Build): Op {
  const parts: Op[] = [];
  let end = pieces[0]!.start;
  for (const piece of pieces) {
    if (piece.start > end) parts.push(zeros(piece.value, axis, piece.start - end, b));
    parts.push(piece.value);
    end = piece.end;
  }
  return b.pad(b.concatenate(parts, axis), axis, pieces[0]!.start, extent - end);
}

/** Zeros of the type of `like`, but for the extent of `axis`. */
export function zeros(like: Op, axis: string, extent: number, b: Build): Op {
  const axes = like.type.axes.map((own) => (own.name === axis ? { name: axis, extent } : own));
  return b.broadcast(b.constant(0, like.type.dtype), axes);
}
