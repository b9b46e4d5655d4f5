/** Tensors as the bytes of a safetensors file: see `safetensors.ts`, which reads and writes files. */

import type { ElementType, TensorData } from "./trainer.js";

/** A tensor in a file. `data` is row-major and has as many elements as `shape` says. */
export interface StoredTensor {
  readonly type: ElementType;
  readonly shape: readonly number[];
  readonly data: TensorData;
}

export interface Safetensors {
  readonly tensors: ReadonlyMap<string, StoredTensor>;
  readonly metadata: ReadonlyMap<string, string>;
}

const storedTypes = { f32: "F32", i32: "I32" } as const;

/**
 * The bytes of a file, in chunks that belong one behind the other. The same tensors and metadata always give the same
 * bytes: both are sorted by name.
 */
export function encodeSafetensors(content: Safetensors): Uint8Array[] {
  const entries: string[] = [];
  const chunks: Uint8Array[] = [];
  // The header is put together as text, because an object would move names that look like numbers to the front.
  const metadata = [...content.metadata]
    .sort(byName)
    .map(([name, text]) => `${JSON.stringify(name)}:${JSON.stringify(text)}`);
  if (metadata.length > 0) entries.push(`"__metadata__":{${metadata.join(",")}}`);
  let offset = 0;
  for (const [name, { type, shape, data }] of [...content.tensors].sort(byName)) {
    const size = shape.reduce((product, extent) => product * extent, 1);
    if (name === "__metadata__" || data.length !== size) {
      throw new Error(`tensor ${name} with ${data.length} values of shape [${shape}] cannot be stored`);
    }
    const bytes = new Uint8Array(size * 4);
    const view = new DataView(bytes.buffer);
    for (let i = 0; i < size; i++) {
      if (type === "f32") view.setFloat32(i * 4, data[i]!, true);
      else view.setInt32(i * 4, data[i]!, true);
    }
    const range = [offset, offset + bytes.length];
    entries.push(`${JSON.stringify(name)}:${JSON.stringify({ dtype: storedTypes[type], shape, data_offsets: range })}`);
    chunks.push(bytes);
    offset += bytes.length;
  }
  let header = new TextEncoder().encode(`{${entries.join(",")}}`);
  // Spaces at the end let the values begin at a multiple of 8 bytes, so that readers can map them.
  const padded = new Uint8Array(Math.ceil(header.length / 8) * 8).fill(0x20);
  padded.set(header);
  header = padded;
  const length = new Uint8Array(8);
  new DataView(length.buffer).setBigUint64(0, BigInt(header.length), true);
  return [length, header, ...chunks];
}

function byName(a: readonly [string, unknown], b: readonly [string, unknown]): number {
  return a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0;
}
