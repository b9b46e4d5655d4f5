/** The JSON header of a safetensors file, checked. */

import { FormatError } from "./errors.js";

export interface HeaderEntry {
  readonly name: string;
  /** The file's own name of the element type, such as `BF16`. */
  readonly stored: string;
  readonly shape: readonly number[];
  /** The tensor's bytes, counted from the end of the header: from `begin` up to, but not with, `end`. */
  readonly begin: number;
  readonly end: number;
}

export interface Header {
  /** In the order of their bytes. */
  readonly entries: readonly HeaderEntry[];
  readonly metadata: ReadonlyMap<string, string>;
}

/** Bytes per element. The types of the format's reference whose elements are whole bytes. */
const widths = new Map([
  ...["BOOL", "U8", "I8", "F8_E5M2", "F8_E4M3", "F8_E8M0"].map((type) => [type, 1] as const),
  ...["U16", "I16", "F16", "BF16"].map((type) => [type, 2] as const),
  ...["U32", "I32", "F32"].map((type) => [type, 4] as const),
  ...["U64", "I64", "F64", "C64"].map((type) => [type, 8] as const),
]);

/**
 * Reads the header's `bytes` and checks it against the `available` bytes of values behind it: each of them belongs to
 * exactly one tensor, and each tensor has as many as its type and shape need. Throws `FormatError`.
 */
export function parseHeader(bytes: Uint8Array, available: number, file: string): Header {
  const fail = (problem: string): never => {
    throw new FormatError(file, problem);
  };
  const root = parseObject(bytes, fail);
  const entries: HeaderEntry[] = [];
  let metadata = new Map<string, string>();
  // JSON.parse makes even `__proto__` an own property, and the names go into maps from here: nothing can be polluted.
  for (const [name, value] of Object.entries(root)) {
    if (name === "__metadata__") metadata = readMetadata(value, fail);
    else entries.push(readEntry(name, value, fail));
  }
  entries.sort((a, b) => a.begin - b.begin || a.end - b.end);
  let reached = 0;
  for (const { name, begin, end } of entries) {
    if (begin !== reached) fail(`the bytes of tensor ${quote(name)} begin at ${begin}, where ${reached} is expected`);
    reached = end;
  }
  if (reached !== available) fail(`its tensors need ${reached} bytes, but it has ${available}`);
  return { entries, metadata };
}

function parseObject(bytes: Uint8Array, fail: (problem: string) => never): object {
  let text = "";
  let root: unknown;
  if (bytes[0] !== 0x7b) fail("its header does not begin with {");
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    root = JSON.parse(text);
  } catch {
    fail("its header is not JSON");
  }
  const duplicate = duplicateName(text);
  if (duplicate !== undefined) fail(`its header has the name ${quote(duplicate)} twice`);
  return isObject(root) ? root : fail("its header is not a JSON object");
}

/** The first name that occurs twice in one object of `json`, which must be valid. JSON.parse would take the last one. */
function duplicateName(json: string): string | undefined {
  const open: Set<string>[] = [];
  let text: string | undefined;
  for (let i = 0; i < json.length; i++) {
    const character = json[i];
    if (character === '"') {
      const start = i;
      for (i++; json[i] !== '"'; i++) if (json[i] === "\\") i++;
      text = json.slice(start, i + 1);
    } else if (character === "{") {
      open.push(new Set());
    } else if (character === "}") {
      open.pop();
    } else if (character === ":" && text !== undefined) {
      const name = JSON.parse(text) as string;
      if (open.at(-1)!.has(name)) return name;
      open.at(-1)!.add(name);
    }
  }
  return undefined;
}

function readMetadata(value: unknown, fail: (problem: string) => never): Map<string, string> {
  if (!isObject(value)) return fail("its __metadata__ is not an object");
  const metadata = new Map<string, string>();
  for (const [name, text] of Object.entries(value)) {
    metadata.set(name, typeof text === "string" ? text : fail(`its metadata ${quote(name)} is not text`));
  }
  return metadata;
}

function readEntry(name: string, value: unknown, fail: (problem: string) => never): HeaderEntry {
  if (!isObject(value)) return fail(`the entry of tensor ${quote(name)} is not an object`);
  const { dtype: stored, shape, data_offsets: range } = value as Record<string, unknown>;
  const width = typeof stored === "string" ? widths.get(stored) : undefined;
  if (typeof stored !== "string" || width === undefined) return fail(`tensor ${quote(name)} has no type that is known`);
  if (!isSizes(shape)) return fail(`the shape of tensor ${quote(name)} is not a list of sizes`);
  if (!isSizes(range) || range.length !== 2)
    return fail(`the data_offsets of tensor ${quote(name)} are not two offsets`);
  const [begin, end] = range as [number, number];
  let size = width;
  for (const extent of shape) {
    size *= extent;
    if (!Number.isSafeInteger(size)) fail(`tensor ${quote(name)} is larger than any file`);
  }
  if (end - begin !== size) {
    fail(`tensor ${quote(name)} of type ${stored} and its shape needs ${size} bytes, not ${end - begin}`);
  }
  return { name, stored, shape, begin, end };
}

/** A name from the file for a message: whatever it is, it can neither flood the terminal nor control it. */
export function quote(name: string): string {
  const shown = name.length > 100 ? `${name.slice(0, 100)}…` : name;
  return JSON.stringify(shown).replace(/[\u007f-\u009f]/g, "\ufffd");
}

function isSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && size >= 0);
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
