/** One dispatch as a WGSL shader. */

import type { Device } from "../../kernel/device.js";
import type { Dispatch, Piece, Placement } from "../../kernel/program.js";
import type { Tensor } from "../../kernel/tensor.js";
import type { Binding } from "../../runtime/webgpu/plan.js";
import { Bindings } from "./bindings.js";
import { Writer } from "./expression.js";
import { foldLines } from "./fold.js";
import { libraryOf } from "./library.js";
import { productLines } from "./product.js";
import { sharedSum } from "./shared.js";
import type { StoreMode } from "./store.js";

export interface Shader {
  readonly text: string;
  readonly bindings: readonly Binding[];
  readonly groups: readonly [x: number, y: number];
}

/** Extensions of WGSL, and what in a text asks for them. */
const extensions: readonly (readonly [name: string, use: RegExp])[] = [
  ["f16", /\bf16\b/],
  ["subgroups", /subgroupShuffle/],
  ["chromium_experimental_subgroup_matrix", /subgroup_matrix/],
];

/** Prints a dispatch. @throws IrError when the device cannot bind what it touches. */
export function shaderOf(dispatch: Dispatch, placements: ReadonlyMap<Tensor, Placement>, device: Device, mode: StoreMode): Shader {
  const bindings = new Bindings(dispatch, placements, device, mode !== "write");
  const total = dispatch.pieces.reduce((sum, piece) => sum + piece.groups, 0);
  const x = Math.min(total, device.maxGroups);
  const groups: readonly [number, number] = [x, Math.ceil(total / x)];
  // What is reached element by element anywhere is so everywhere: writing shows it, and then it is written again.
  const single = new Set<Tensor>();
  let text = "";
  for (let known = -1; known !== single.size; ) {
    known = single.size;
    text = write(dispatch, bindings, single, groups, device, mode);
  }
  return { text, bindings: bindings.planned(), groups };
}

function write(dispatch: Dispatch, bindings: Bindings, single: Set<Tensor>, groups: readonly [number, number], device: Device, mode: StoreMode): string {
  const access = bindings.access(single);
  const writer = new Writer(access);
  const functions = dispatch.pieces.map((piece, i) => [`fn piece${i}(group: i32, thread: i32) {`, ...bodyOf(piece, writer, mode, device).map((line) => `  ${line}`), "}"].join("\n"));
  const called = new Set(writer.called);
  const memory: string[] = [];
  for (const type of ["f32", "i32"]) {
    if (called.delete(`shared_${type}`)) memory.push(`var<workgroup> shared_${type}: array<${type}, ${dispatch.threads}>;`);
  }
  // Pieces that use one name take turns: a group runs one of them.
  const tiles = new Map<string, { type: string; count: number }>();
  for (const name of [...called].filter((own) => own.startsWith("tile "))) {
    called.delete(name);
    const [, own, type, count] = name.split(" ") as [string, string, string, string];
    tiles.set(own, { type, count: Math.max(Number(count), tiles.get(own)?.count ?? 0) });
  }
  for (const [own, { type, count }] of tiles) memory.push(`var<workgroup> ${own}: array<${type}, ${count}>;`);
  if (mode !== "write") called.add("is_finite");
  const body = [...access.declarations(), ...memory, ...functions].join("\n");
  const enabled = extensions.filter(([, use]) => use.test(body)).map(([name]) => `enable ${name};`);
  // Each subgroup works at its own place, which is uniform within it; the analysis knows uniformity of whole groups only.
  if (body.includes("subgroup_matrix")) enabled.push("diagnostic(off, chromium.subgroup_matrix_uniformity);");
  const parts = [
    enabled.join("\n"),
    access.declarations().join("\n"),
    memory.join("\n"),
    ...libraryOf(called),
    ...functions,
    mainOf(dispatch, groups),
  ];
  return `${parts.filter((part) => part !== "").join("\n\n")}\n`;
}

function bodyOf(piece: Piece, writer: Writer, mode: StoreMode, device: Device): readonly string[] {
  const healthy = mode === "commit" ? ["let is_healthy = atomicLoad(&health[0]) == 0u;"] : [];
  if (piece.schedule.kind === "product") return [...healthy, ...productLines(piece, writer, mode, sharedSum)];
  const { lanes, rowsFirst } = piece.schedule;
  return [...healthy, ...foldLines(piece, writer, mode, lanes > 1 && !rowsFirst && lanes <= device.subgroup)];
}

/** The entry point: gives each group its piece. */
function mainOf({ pieces, threads }: Dispatch, [x, y]: readonly [number, number]): string {
  const group = y === 1 ? "i32(id.x)" : `i32(id.x + id.y * ${x}u)`;
  const lines = [`let group = ${group};`, "let thread = i32(index);"];
  const total = pieces.reduce((sum, piece) => sum + piece.groups, 0);
  let start = 0;
  const cases = pieces.map((piece, i) => {
    const from = start;
    start += piece.groups;
    const call = `piece${i}(${from === 0 ? "group" : `group - ${from}`}, thread);`;
    const isLast = i === pieces.length - 1 && x * y === total;
    return isLast ? (i === 0 ? call : `{ ${call} }`) : `if (group < ${start}) { ${call} }`;
  });
  lines.push(cases.join(" else "));
  return [
    `@compute @workgroup_size(${threads})`,
    "fn main(@builtin(workgroup_id) id: vec3<u32>, @builtin(local_invocation_index) index: u32) {",
    ...lines.map((line) => `  ${line}`),
    "}",
  ].join("\n");
}
