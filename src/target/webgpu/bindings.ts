/** Which ranges of which buffers a dispatch binds, and how its kernel's text reaches tensors through them. */

import { IrError, elements } from "../../ir/types.js";
import type { Device } from "../../kernel/device.js";
import { alignment } from "../../kernel/memory.js";
import { originOf, touchedBy, writtenBy } from "../../kernel/part.js";
import type { Dispatch, Placement } from "../../kernel/program.js";
import { type Tensor, tensorBytes } from "../../kernel/tensor.js";
import type { Binding, BufferName } from "../../runtime/webgpu/plan.js";
import type { Access } from "./expression.js";

/** A bound range and the tensors that are reached through it. */
interface Range {
  readonly buffer: BufferName;
  start: number;
  end: number;
  readonly tensors: Tensor[];
  /** The pack that its tensors are members of. */
  readonly whole?: Tensor;
}

/**
 * The ranges that a dispatch binds: one for each tensor, or for neighbours together where a device binds too few. Ranges do not
 * overlap, and those of a buffer that is written are all bound for writing, as WebGPU asks, and so are those of arenas.
 * @throws IrError when the device cannot bind them.
 */
export class Bindings {
  private readonly ranges: Range[];
  private readonly written: ReadonlySet<BufferName>;
  /** Ranges in the order in which the text names them first. */
  private readonly order: Range[] = [];

  constructor(
    dispatch: Dispatch,
    private readonly placements: ReadonlyMap<Tensor, Placement>,
    private readonly device: Device,
    /** Whether the health word is bound too. */
    private readonly hasHealth: boolean,
  ) {
    const tensors = new Set(dispatch.pieces.flatMap((piece) => [...touchedBy(piece.part)]));
    const written = new Set(dispatch.pieces.flatMap((piece) => [...writtenBy(piece.part)]).map((tensor) => this.placed(tensor).buffer));
    if (hasHealth) written.add("results");
    // Which arena a temporary lies in must make no difference to the text of a kernel.
    for (const tensor of tensors) if (tensor.storage === "temporary") written.add(this.placed(tensor).buffer);
    this.written = written;
    const most = device.maxBuffers - (hasHealth ? 1 : 0);
    this.ranges = rangesOf([...tensors].map((tensor) => ({ tensor, ...this.placed(tensor) })), most, device.maxBinding);
    const tooLarge = this.ranges.find((range) => range.end - range.start > device.maxBinding);
    if (this.ranges.length > most || tooLarge !== undefined) {
      const origin = originOf(dispatch.pieces[0]!.part);
      const where = `\`${origin.kind}\`${origin.place === "" ? "" : ` in ${origin.place}`}`;
      throw new IrError(
        tooLarge === undefined
          ? `${where} touches tensors in ${this.ranges.length} places, and this device binds ${most}`
          : `${where} needs a range of ${tooLarge.end - tooLarge.start} bytes, and this device binds at most ${device.maxBinding}`,
      );
    }
  }

  private placed(tensor: Tensor): Placement {
    return this.placements.get(tensor)!;
  }

  /** What the text of the kernel reads and writes with. Tensors in `single` are never reached four elements at a time. */
  access(single: Set<Tensor>): Access & { declarations(): readonly string[] } {
    this.order.length = 0;
    const isFour = (range: Range) => range.tensors.every((tensor) => !single.has(tensor) && tensor.dtype === "f32");
    const kindOf = (range: Range): "f32" | "i32" | "f16" =>
      range.tensors.some((tensor) => tensor.half) ? "f16" : range.tensors.some((tensor) => tensor.dtype === "f32") ? "f32" : "i32";
    const nameOf = (range: Range) => {
      if (!this.order.includes(range)) this.order.push(range);
      return `b${this.order.indexOf(range)}`;
    };
    const find = (tensor: Tensor) => {
      const range = this.ranges.find((candidate) => candidate.tensors.includes(tensor))!;
      const shift = (this.placed(tensor).offset - range.start) / (tensor.half ? 2 : 4);
      const own = tensor.half ? "f16" : tensor.dtype === "f32" ? "f32" : "i32";
      return { range, shift, own, kind: kindOf(range) };
    };
    const at = (index: string, shift: number) => (shift === 0 ? index : `${index} + ${shift}`);
    return {
      load(tensor, index) {
        const { range, shift, own, kind } = find(tensor);
        single.add(tensor);
        const text = `${nameOf(range)}[${at(index, shift)}]`;
        return own === "f16" ? `f32(${text})` : own === kind ? text : `bitcast<${own}>(${text})`;
      },
      loadFour(tensor, index) {
        const { range, shift } = find(tensor);
        if (!isFour(range) || shift % 4 !== 0) return void single.add(tensor);
        const text = `${nameOf(range)}[(${at(index, shift)}) / 4]`;
        return tensor.half ? `vec4<f32>(${text})` : text;
      },
      store(tensor, index, value) {
        const { range, shift, own, kind } = find(tensor);
        single.add(tensor);
        const converted = own === "f16" ? `f16(${value})` : own === kind ? value : `bitcast<${kind}>(${value})`;
        return `${nameOf(range)}[${at(index, shift)}] = ${converted};`;
      },
      storeFour(tensor, index, value) {
        const { range, shift } = find(tensor);
        if (!isFour(range) || shift % 4 !== 0) return void single.add(tensor);
        return `${nameOf(range)}[(${at(index, shift)}) / 4] = ${tensor.half ? `vec4<f16>(${value})` : value};`;
      },
      declarations: () => {
        const access = (range: Range) => (this.written.has(range.buffer) ? "read_write" : "read");
        const lines = this.order.map((range, i) => {
          const type = isFour(range) ? `vec4<${kindOf(range)}>` : kindOf(range);
          return `@group(0) @binding(${i}) var<storage, ${access(range)}> b${i}: array<${type}${countIn(range, isFour(range) ? 4 : 1)}>;`;
        });
        if (this.hasHealth) lines.push(`@group(0) @binding(${lines.length}) var<storage, read_write> health: array<atomic<u32>>;`);
        return lines;
      },
    };
  }

  /** The bound ranges, in the order in which the text last written names them. */
  planned(): readonly Binding[] {
    const result: Binding[] = this.order.map(({ buffer, start, end }) => ({
      buffer, offset: start, size: Math.ceil((end - start) / 16) * 16, access: this.written.has(buffer) ? "read_write" : "read",
    }));
    if (this.hasHealth) result.push({ buffer: "results", offset: 0, size: alignment, access: "read_write" });
    return result;
  }
}

function rangesOf(placed: readonly ({ tensor: Tensor } & Placement)[], most: number, maxBinding: number): Range[] {
  const ranges: Range[] = [];
  const sorted = [...placed].sort((a, b) => (a.buffer < b.buffer ? -1 : a.buffer > b.buffer ? 1 : a.offset - b.offset));
  for (const { tensor, buffer, offset, whole } of sorted) {
    const start = Math.floor(offset / alignment) * alignment;
    const end = offset + Math.max(4, tensorBytes(tensor));
    const last = ranges.at(-1);
    // Small tensors may share the aligned start of a range.
    if (last?.buffer === buffer && start < last.end) {
      last.end = Math.max(last.end, end);
      last.tensors.push(tensor);
    } else ranges.push({ buffer, start, end, tensors: [tensor], ...(whole === undefined ? {} : { whole }) });
  }
  while (ranges.length > most) {
    const gaps = ranges.slice(1).map((range, i) => costOfJoining(ranges[i]!, range, maxBinding));
    const least = Math.min(...gaps);
    if (least === Infinity) break;
    const i = gaps.indexOf(least);
    const [left, right] = [ranges[i]!, ranges[i + 1]!];
    ranges.splice(i, 2, { buffer: left.buffer, start: left.start, end: Math.max(left.end, right.end), tensors: [...left.tensors, ...right.tensors], ...(left.whole !== undefined && left.whole === right.whole ? { whole: left.whole } : {}) });
  }
  return ranges;
}

/**
 * What it costs to bind two neighbouring ranges as one. The distance goes into the text of the kernel, so that those come first
 * whose distance is the same in all layers: members of one pack, and slots.
 */
function costOfJoining(left: Range, right: Range, most: number): number {
  const isHalf = (range: Range) => range.tensors.some((tensor) => tensor.half);
  if (left.buffer !== right.buffer || right.end - left.start > most || isHalf(left) !== isHalf(right)) return Infinity;
  const isPacked = left.whole !== undefined && left.whole === right.whole;
  return right.start - left.end + (left.buffer.startsWith("arena") && !isPacked ? 2 ** 40 : 0);
}

/**
 * The extent of the array that a range of one tensor is: with it, the checks that browsers add to indices are against a number. Ranges
 * of several tensors differ from layer to layer, and their kernels must not.
 */
function countIn({ tensors: [tensor, ...others], start, end }: Range, width: number): string {
  return others.length > 0 ? "" : `, ${Math.ceil((end - start) / (width * (tensor!.half ? 2 : 4)))}`;
}

/** How many elements a tensor has. */
export function countOf(tensor: Tensor): number {
  return elements(tensor.axes);
}
