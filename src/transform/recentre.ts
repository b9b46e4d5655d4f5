/**
 * From layer norm to root-mean-square norm, exactly: means that are subtracted from a residual stream are taken out of the program,
 * and the weights that feed the stream are centred once instead.
 *
 * Source: Jiang, Gu, Zhu and Pan, "Pre-RMSNorm and Pre-CRMSNorm transformers: equivalent and efficient pre-LN transformers", 2023.
 *
 * The pass knows no norm and no stack. From `x - mean(x)` it follows a shift of `x`: back to what `x` is made of, and on to
 * whatever reads that. If each reader passes the shift on, or takes it away by subtracting a mean itself, all these values may be
 * centred without a change to any result; if each of them is linear in others of them, down to parameters, centring those
 * parameters centres them all; and then `x` has the mean 0. What cannot be followed is a reason why the mean stays.
 */

import { Builder } from "../ir/builder.js";
import type { Entry, Op, OpOf, Program } from "../ir/program.js";
import { slotTypes } from "../ir/slots.js";
import { elements, extentOf } from "../ir/types.js";
import { indices } from "../ir/ops/strides.js";
import { verify } from "../ir/verify.js";
import { centringOf, isWithin, isZero, provenCentred, sameSet, servesCentring, sharesOf, shiftOf } from "./centring.js";
import { simplify } from "./simplify.js";

/** A parameter whose values must have zero mean over some of its axes. */
export interface CentredParameter {
  readonly slot: string;
  readonly axes: readonly string[];
}

/** Values that are shifted together, and the means that are subtracted from them. */
export interface Stream {
  /** The axes over which the mean is taken, as the first of the sites names them. */
  readonly axes: readonly string[];
  /** The operations `x - mean(x)` that become `x`, where there are no reasons against it. */
  readonly sites: readonly Op[];
  /** Operations that subtract a mean over a part of the axes, as group norms do: they stay, and bear the shift. */
  readonly bearing: readonly Op[];
  /** All values that become centred, with their axes. */
  readonly values: ReadonlyMap<Op, readonly string[]>;
  readonly parameters: readonly CentredParameter[];
  /** Data, made of no parameters, that the program must centre itself. */
  readonly data: readonly Op[];
  /** Operations on an operand that is nothing but a shift, such as a number that is added: the program goes on without it. */
  readonly shifts: readonly Op[];
  /** Why the means stay; empty where they go. */
  readonly reasons: readonly Reason[];
}

export type Reason =
  /** `reader` sees a shift of the value `of`. Without a reader, the value is the result of that name. */
  | { readonly kind: "read"; readonly of: Op; readonly reader?: Op; readonly result?: string }
  /** The value is made of parameters, but of none in a way that would let it be centred. */
  | { readonly kind: "made"; readonly of: Op }
  /** Two readers would centre the value over different axes. */
  | { readonly kind: "axes"; readonly of: Op }
  /** To centre the data would cost as much as is saved. */
  | { readonly kind: "gain"; readonly of: Op };

export interface Recentred {
  /** The program with the one entry, without the means that go; the same where none does. */
  readonly program: Program;
  readonly streams: readonly Stream[];
  /** Of the streams whose means go; a parameter may be centred over several sets of axes. */
  readonly parameters: readonly CentredParameter[];
}

/**
 * Takes means out of an entry of a simplified program. For all values of the slots, the entry of the result computes on the
 * values with the named parameters centred (`centred`) what the given one computes, in exact arithmetic.
 * @throws IrError when the program breaks a type rule.
 */
export function recentre(program: Program, name: string): Recentred {
  const entry = program.entries.get(name)!;
  const streams = streamsOf(entry);
  const going = streams.filter(({ reasons }) => reasons.length === 0);
  const { entries: _, ...rest } = program;
  const alone: Program = { ...rest, entries: new Map([[name, going.length === 0 ? entry : rewritten(entry, going, program)]]) };
  const result = simplify(alone);
  verify(result);
  return { program: result, streams, parameters: going.flatMap(({ parameters }) => parameters) };
}

/** The streams of an entry: each `x - mean(x)` belongs to one. */
function streamsOf(entry: Entry): Stream[] {
  const follow = new Following(entry);
  const done = new Set<Op>();
  const streams: Stream[] = [];
  for (const op of entry.operations) {
    if (centringOf(op) === undefined || done.has(op)) continue;
    const stream = follow.from(op);
    stream.sites.forEach((site) => done.add(site));
    streams.push(stream);
  }
  return streams;
}

/** Follows shifts through one entry. */
class Following {
  private readonly isProven: ReturnType<typeof provenCentred>;
  private readonly users = new Map<Op, Op[]>();
  private readonly resultNames = new Map<Op, string>();
  /** Operations that rest on parameters or states. */
  private readonly learned = new Set<Op>();

  constructor({ operations, results }: Entry) {
    this.isProven = provenCentred(operations);
    for (const op of operations) {
      for (const operand of new Set(op.operands)) this.users.set(operand, [...(this.users.get(operand) ?? []), op]);
      if (op.kind === "parameter" || op.kind === "state" || op.operands.some((operand) => this.learned.has(operand))) this.learned.add(op);
    }
    for (const [name, op] of results) this.resultNames.set(op, name);
  }

  private usersOf = (op: Op): readonly Op[] => this.users.get(op) ?? [];

  /** The stream from which `site` subtracts its mean. */
  from(site: Op): Stream {
    const { of, axes } = centringOf(site)!;
    const values = new Map<Op, readonly string[]>();
    const sites = new Set([site]);
    const bearing = new Set<Op>();
    const parameters: CentredParameter[] = [];
    const data: Op[] = [];
    const shifts: Op[] = [];
    const reasons: Reason[] = [];
    const open: (readonly [Op, readonly string[]])[] = [[of, axes]];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      const [value, over] = next;
      const known = values.get(value);
      if (known !== undefined && !sameSet(known, over)) reasons.push({ kind: "axes", of: value });
      if (known !== undefined || this.isProven(value, over)) continue;
      values.set(value, over);

      const shares = sharesOf(value, over);
      if (value.kind === "parameter") parameters.push({ slot: value.attributes.slot, axes: over });
      else if (shares === undefined) {
        if (this.learned.has(value)) reasons.push({ kind: "made", of: value });
        else data.push(value);
      }
      shares?.forEach((share, i) => {
        const operand = value.operands[i]!;
        if (share?.length === 0 && !isZero(operand)) shifts.push(value);
        else if (share !== undefined && share.length > 0) open.push([operand, share]);
      });

      const result = this.resultNames.get(value);
      if (result !== undefined) reasons.push({ kind: "read", of: value, result });
      for (const user of this.usersOf(value)) {
        const centring = centringOf(user);
        if (centring?.of === value && isWithin(centring.axes, over)) (sameSet(centring.axes, over) ? sites : bearing).add(user);
        else if (!servesCentring(user, (op) => (this.resultNames.has(op) ? undefined : this.usersOf(op)))) {
          const shift = shiftOf(user, value, over);
          if (shift === undefined) reasons.push({ kind: "read", of: value, reader: user });
          else open.push([user, shift]);
        }
      }
    }
    const size = (ops: Iterable<Op>) => [...ops].reduce((sum, op) => sum + elements(op.type.axes), 0);
    if (reasons.length === 0 && data.length > 0 && size(data) >= size(sites)) data.forEach((op) => reasons.push({ kind: "gain", of: op }));
    return { axes, sites: [...sites], bearing: [...bearing], values, parameters, data, shifts, reasons };
  }
}

/** The entry without the means of these streams. */
function rewritten(entry: Entry, streams: readonly Stream[], program: Program): Entry {
  const builder = new Builder(slotTypes(program));
  const { build: b } = builder;
  const sites = new Set(streams.flatMap((stream) => stream.sites));
  const copies = new Map<Op, Op>();
  for (const op of entry.operations) {
    builder.position = { place: op.place, phase: op.phase, ...(op.source === undefined ? {} : { source: op.source }) };
    const operands = op.operands.map((operand) => copies.get(operand)!);
    if (sites.has(op)) {
      copies.set(op, operands[0]!);
      continue;
    }
    for (const { values, shifts } of streams) {
      if (!shifts.includes(op)) continue;
      sharesOf(op, values.get(op)!)!.forEach((share, i) => {
        if (share?.length === 0) operands[i] = b.broadcast(b.constant(0), operands[i]!.type.axes);
      });
    }
    let value = builder.add(op.kind, operands, op.attributes as never) as Op;
    for (const stream of streams) if (stream.data.includes(op)) value = less(value, stream.values.get(op)!, b);
    copies.set(op, value);
  }
  return { name: entry.name, operations: builder.operations, results: new Map([...entry.results].map(([key, op]) => [key, copies.get(op)!])) };
}

/** `x - mean(x over axes)` */
function less(x: Op, axes: readonly string[], b: Builder["build"]): Op {
  const count = axes.reduce((product, name) => product * extentOf(x.type, name), 1);
  return b.sub(x, b.scale(b.sum(x, axes), 1 / count));
}

/** The values of a parameter, less their mean over axes; the sums are float64. The result is as long, of the same type. */
export function centred<Data extends Float32Array | Float64Array>(data: Data, type: OpOf<"parameter">["type"], axes: readonly string[]): Data {
  const rest = { dtype: type.dtype, axes: type.axes.filter((axis) => !axes.includes(axis.name)) };
  const at = indices(type.axes, rest);
  const means = new Float64Array(elements(rest.axes));
  const count = data.length / means.length;
  data.forEach((value, i) => (means[at[i]!]! += value / count));
  return data.map((value, i) => value - means[at[i]!]!) as Data;
}
