/** The text form of a kernel program, for people. */

import type { Coordinate, Variable } from "./coordinate.js";
import { type Store, originOf } from "./part.js";
import type { Dispatch, EntryPlan, KernelProgram, Piece, Schedule } from "./program.js";
import { type Scalar, partsOf, reachable } from "./scalar.js";
import type { Tensor } from "./tensor.js";

export function printKernels(program: KernelProgram): string {
  const buffers = [...program.buffers].map(([name, bytes]) => `${name} ${bytes}`).join(", ");
  const lines = [`kernels ${program.name} {`, `  buffers ${buffers} bytes`];
  for (const entry of program.entries.values()) lines.push("", ...printEntry(entry, program));
  return `${[...lines, "}"].join("\n")}\n`;
}

function printEntry(entry: EntryPlan, program: KernelProgram): readonly string[] {
  const count = entry.dispatches.length + entry.updates.length;
  const lines = [`  ${entry.name}: ${count} dispatches, ${entry.arenaBytes} bytes of arena`];
  entry.dispatches.forEach((dispatch, i) => lines.push(...printDispatch(`dispatch ${i}`, dispatch, program)));
  entry.updates.forEach((dispatch, i) => lines.push(...printDispatch(`update ${i}`, dispatch, program)));
  return lines;
}

function printDispatch(title: string, { pieces, threads, turns }: Dispatch, program: KernelProgram): readonly string[] {
  const groups = pieces.reduce((total, piece) => total + piece.groups, 0);
  return [`    ${title}: ${groups} groups of ${threads}${turns === undefined ? "" : `, in ${turns} turns`}`, ...pieces.flatMap((piece) => printPiece(piece, program))];
}

function printPiece(piece: Piece, program: KernelProgram): readonly string[] {
  const { part } = piece;
  const names = new Names(program);
  const origin = originOf(part);
  const rows = part.rows.map((loop) => `${names.loop(loop)} < ${loop.extent}`).join(", ");
  const lines = [`      ${printSchedule(piece.schedule)} [${rows}]${origin.place === "" ? "" : ` @${origin.place}`} ${origin.phase}`];
  const uses = new Map<Scalar, number>();
  for (const scalar of reachable(part.stores.map((store) => store.value))) {
    for (const operand of partsOf(scalar)) uses.set(operand, (uses.get(operand) ?? 0) + 1);
  }
  for (const scalar of reachable(part.stores.map((store) => store.value))) {
    const isNamed = scalar.kind === "fold" || (scalar.kind === "apply" && (uses.get(scalar) ?? 0) > 1);
    if (isNamed) lines.push(`        ${names.name(scalar)} = ${names.text(scalar, true)}`);
  }
  return [...lines, ...part.stores.map((store) => `        ${printStore(store, names)}`)];
}

function printStore(store: Store, names: Names): string {
  const loop = store.columns.map((own) => `${names.loop(own)} < ${own.extent}`).join(", ");
  return `${names.tensor(store.tensor)}[${names.coordinate(store.at[0]!)}] = ${names.text(store.value)}${loop === "" ? "" : ` for ${loop}`}`;
}

function printSchedule(schedule: Schedule): string {
  if (schedule.kind === "fold") return schedule.lanes > 1 ? `rows of ${schedule.lanes} threads` : schedule.rowsPerThread > 1 ? `rows, ${schedule.rowsPerThread} a thread` : "rows";
  const { threadsM, threadsN, microM, microN, stepK, isShared } = schedule;
  return `product ${threadsM * microM}x${threadsN * microN}x${stepK} (${microM}x${microN} a thread${isShared ? ", shared" : ""})`;
}

/** Short names for what a piece consists of. */
class Names {
  private readonly loops = new Map<Variable, string>();
  private readonly named = new Map<Scalar, string>();

  constructor(private readonly program: KernelProgram) {}

  loop(loop: Variable): string {
    const known = this.loops.get(loop);
    if (known !== undefined) return known;
    const taken = [...this.loops.values()].filter((name) => name.replace(/\d+$/, "") === loop.name).length;
    const name = taken === 0 ? loop.name : `${loop.name}${taken + 1}`;
    this.loops.set(loop, name);
    return name;
  }

  name(scalar: Scalar): string {
    const known = this.named.get(scalar) ?? `%${this.named.size}`;
    this.named.set(scalar, known);
    return known;
  }

  tensor(tensor: Tensor): string {
    const place = this.program.placements.get(tensor);
    return tensor.storage === "temporary" ? `${tensor.name}@${place?.offset}` : tensor.name;
  }

  text(scalar: Scalar, isDefinition = false): string {
    const known = this.named.get(scalar);
    if (known !== undefined && !isDefinition) return known;
    switch (scalar.kind) {
      case "number":
        return String(scalar.value);
      case "position":
        return this.coordinate(scalar.at);
      case "load":
        return `${this.tensor(scalar.tensor)}[${this.coordinate(scalar.at[0]!)}]`;
      case "random":
        return `${scalar.distribution}(${this.text(scalar.key)}, ${this.coordinate(scalar.element)})`;
      case "apply":
        return `${scalar.operation}(${scalar.operands.map((operand) => this.text(operand)).join(", ")})`;
      case "fold":
        return `${scalar.combine}(${scalar.over.map((loop) => `${this.loop(loop)} < ${loop.extent}`).join(", ")}) ${this.text(scalar.body)}`;
    }
  }

  coordinate(of: Coordinate): string {
    const terms = of.terms.map(({ atom, factor }) => {
      const text =
        atom.kind === "variable" ? this.loop(atom.variable)
        : atom.kind === "value" ? this.text(atom.value)
        : atom.kind === "clamp" ? `clamp(${this.coordinate(atom.of)}, ${atom.low}, ${atom.high})`
        : `(${this.coordinate(atom.of)})${atom.kind === "quotient" ? "/" : "%"}${atom.by}`;
      return factor === 1 ? text : `${factor}*${text}`;
    });
    if (of.constant !== 0 || terms.length === 0) terms.push(String(of.constant));
    return terms.join(" + ");
  }
}
