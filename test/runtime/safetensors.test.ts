import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { FormatError, RunError } from "../../src/runtime/errors.js";
import {
  decodeSafetensors,
  encodeSafetensors,
  readSafetensors,
  writeSafetensors,
  type Safetensors,
  type StoredTensor,
} from "../../src/runtime/safetensors.js";

const folder = mkdtempSync(join(tmpdir(), "norm-safetensors-"));
afterAll(() => rmSync(folder, { recursive: true }));

function encode(content: Safetensors): Buffer {
  return Buffer.concat(encodeSafetensors(content));
}

/** A file with any header and values. */
function file(header: string | object, values: Uint8Array = new Uint8Array(0)): Buffer {
  const text = Buffer.from(typeof header === "string" ? header : JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  return Buffer.concat([length, text, values]);
}

function problem(bytes: Uint8Array): string {
  try {
    decodeSafetensors(bytes, "x.safetensors");
  } catch (error) {
    expect(error).toBeInstanceOf(FormatError);
    expect((error as FormatError).file).toBe("x.safetensors");
    expect((error as FormatError).message).toBe(`x.safetensors: ${(error as FormatError).problem}`);
    return (error as FormatError).problem;
  }
  return "none";
}

const name = fc.oneof(
  fc.string({ unit: "grapheme" }).filter((text) => text !== "__metadata__"),
  fc.constantFrom("__proto__", "constructor", "1", "0", "a", ""),
);
const tensor: fc.Arbitrary<StoredTensor> = fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 3 }).chain((shape) => {
  const size = shape.reduce((product, extent) => product * extent, 1);
  const length = { minLength: size, maxLength: size };
  return fc.oneof(
    fc.float32Array(length).map((data) => ({ type: "f32" as const, shape, data })),
    fc.int32Array(length).map((data) => ({ type: "i32" as const, shape, data })),
  );
});
const content: fc.Arbitrary<Safetensors> = fc.record({
  tensors: fc.array(fc.tuple(name, tensor), { maxLength: 6 }).map((pairs) => new Map(pairs)),
  metadata: fc.array(fc.tuple(name, fc.string({ unit: "grapheme" })), { maxLength: 3 }).map((pairs) => new Map(pairs)),
});

describe("safetensors", () => {
  it("gives back what was written, and the same bytes whatever the order", () => {
    fc.assert(
      fc.property(content, (value) => {
        const bytes = encode(value);
        const back = decodeSafetensors(bytes, "x");
        expect(back.tensors).toEqual(value.tensors);
        expect(back.metadata).toEqual(value.metadata);
        const reversed = {
          tensors: new Map([...value.tensors].reverse()),
          metadata: new Map([...value.metadata].reverse()),
        };
        expect(encode(reversed).equals(bytes)).toBe(true);
        expect(bytes.readUInt32LE(0) % 8).toBe(0);
      }),
    );
  });

  it("has these bytes", () => {
    const tensors = new Map<string, StoredTensor>([
      ["b", { type: "i32", shape: [], data: Int32Array.of(-2) }],
      ["10", { type: "f32", shape: [2, 1], data: Float32Array.of(1, -0) }],
    ]);
    const header =
      '{"__metadata__":{"k":"v"},"10":{"dtype":"F32","shape":[2,1],"data_offsets":[0,8]},' +
      '"b":{"dtype":"I32","shape":[],"data_offsets":[8,12]}}';
    const padded = header.padEnd(Math.ceil(header.length / 8) * 8);
    const expected = file(padded, Buffer.from("0000803f" + "00000080" + "feffffff", "hex"));
    expect(encode({ tensors, metadata: new Map([["k", "v"]]) }).toString("latin1")).toBe(expected.toString("latin1"));
  });

  it("refuses to write what it could not read", () => {
    const data = Float32Array.of(1);
    expect(() =>
      encode({ tensors: new Map([["a", { type: "f32", shape: [2], data }]]), metadata: new Map() }),
    ).toThrow();
    expect(() =>
      encode({ tensors: new Map([["__metadata__", { type: "f32", shape: [1], data }]]), metadata: new Map() }),
    ).toThrow();
  });

  it("converts the other types", () => {
    const read = (dtype: string, hex: string): unknown => {
      const values = Buffer.from(hex, "hex");
      const width = { F64: 8, F16: 2, BF16: 2, I64: 8, U8: 1 }[dtype]!;
      const header = { t: { dtype, shape: [values.length / width], data_offsets: [0, values.length] } };
      // An odd length of the header: nothing may rely on alignment.
      const bytes = file(JSON.stringify(header).padEnd(101), values);
      return [...decodeSafetensors(bytes, "x").tensors.get("t")!.data];
    };
    expect(read("F16", "003c" + "00c0" + "0100" + "ff7b" + "007c" + "0080")).toEqual([
      1,
      -2,
      2 ** -24,
      65504,
      Infinity,
      -0,
    ]);
    expect(read("F16", "017c")).toEqual([NaN]);
    expect(read("BF16", "803f" + "49c0" + "80ff" + "0100")).toEqual([1, -3.140625, -Infinity, Math.fround(2 ** -133)]);
    expect(read("F64", "9a9999999999b93f" + "000000000000f07f")).toEqual([Math.fround(0.1), Infinity]);
    expect(read("I64", "ffffffffffffffff" + "ffffff7f00000000")).toEqual([-1, 2147483647]);
    expect(read("U8", "00ff")).toEqual([0, 255]);
    expect(() => read("I64", "0000008000000000")).toThrow(/holds 2147483648, which is out of range for i32/);
    expect(() => read("F64", "000000000000f87e")).toThrow(/out of range for f32/);
  });

  it("names the cause of each fault", () => {
    const entry = (changes: object): object => ({ a: { dtype: "F32", shape: [1], data_offsets: [0, 4], ...changes } });
    const four = new Uint8Array(4);
    expect(problem(file(entry({}), four))).toBe("none");
    expect(problem(new Uint8Array(7))).toMatch(/too short/);
    expect(problem(Buffer.from("ffffffffffffffff", "hex"))).toMatch(/claims 18446744073709551615 bytes; at most/);
    expect(problem(Buffer.from("ff00000000000000", "hex"))).toMatch(/claims 255 bytes, but the file has only 8/);
    expect(problem(file("[]"))).toMatch(/does not begin with \{/);
    expect(problem(file(" {}"))).toMatch(/does not begin with \{/);
    expect(problem(file("{]"))).toMatch(/is not JSON/);
    expect(problem(file(`{"a":${"[".repeat(200_000)}`))).toMatch(/is not JSON/);
    expect(problem(file('{"a\\u0062":1,"ab":2}'))).toBe('its header has the name "ab" twice');
    expect(problem(file('{"a":{"dtype":"F32","dtype":"I32"}}'))).toMatch(/"dtype" twice/);
    expect(problem(file({ a: 1 }))).toMatch(/entry of tensor "a" is not an object/);
    expect(problem(file({ "\u001b]\u009b": 1 }))).toBe('the entry of tensor "\\u001b]\ufffd" is not an object');
    expect(problem(file({ __metadata__: { a: 1 } }))).toMatch(/metadata "a" is not text/);
    expect(problem(file({ __metadata__: [] }))).toMatch(/__metadata__ is not an object/);
    expect(problem(file(entry({ dtype: "toString" }), four))).toMatch(/no type that is known/);
    expect(problem(file(entry({ dtype: "U32" }), four))).toMatch(/has type U32, which is not supported/);
    expect(problem(file(entry({ shape: [-1] }), four))).toMatch(/shape of tensor "a"/);
    expect(problem(file(entry({ shape: [2 ** 40, 2 ** 40] }), four))).toMatch(/larger than any file/);
    expect(problem(file(entry({ shape: [2] }), four))).toMatch(/needs 8 bytes, not 4/);
    expect(problem(file(entry({ data_offsets: [0] }), four))).toMatch(/data_offsets/);
    expect(problem(file(entry({ data_offsets: [4, 0] }), four))).toMatch(/needs 4 bytes, not -4/);
    expect(problem(file(entry({ data_offsets: [4, 8] }), new Uint8Array(8)))).toMatch(
      /begin at 4, where 0 is expected/,
    );
    expect(problem(file(entry({}), new Uint8Array(5)))).toMatch(/need 4 bytes, but it has 5/);
    expect(problem(file(entry({})))).toMatch(/need 4 bytes, but it has 0/);
    expect(problem(file({ ...entry({}), b: { dtype: "U8", shape: [2], data_offsets: [2, 4] } }, four))).toMatch(
      /begin at 2, where 4/,
    );
  });

  it("does not let names reach prototypes", () => {
    const header = '{"__metadata__":{"__proto__":"x"},"__proto__":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}';
    const { tensors, metadata } = decodeSafetensors(file(header, Uint8Array.of(3)), "x");
    expect(tensors.get("__proto__")!.data[0]).toBe(3);
    expect(metadata.get("__proto__")).toBe("x");
    expect(({} as Record<string, unknown>)["dtype"]).toBeUndefined();
    expect(problem(file('{"a":{"__proto__":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}}'))).toMatch(/no type/);
  });

  it("gives only FormatError for damaged files", () => {
    const edit = fc.record({ at: fc.nat(), remove: fc.nat(8), insert: fc.uint8Array({ maxLength: 8 }) });
    const textEdit = fc.record({
      at: fc.nat(),
      remove: fc.nat(3),
      insert: fc.constantFrom("-", "9", "0", "[", "]", "{", "}", '"', ":", ",", "F64", "1e9"),
    });
    const damaged = fc.oneof(
      fc.tuple(content, fc.array(edit, { minLength: 1, maxLength: 4 })).map(([value, edits]) =>
        edits.reduce((bytes, { at, remove, insert }) => {
          const start = at % (bytes.length + 1);
          return Buffer.concat([bytes.subarray(0, start), insert, bytes.subarray(start + remove)]);
        }, encode(value)),
      ),
      // Edits within the header with its length kept right get further.
      fc.tuple(content, fc.array(textEdit, { minLength: 1, maxLength: 3 })).map(([value, edits]) => {
        const bytes = encode(value);
        const end = 8 + bytes.readUInt32LE(0);
        const header = edits.reduce(
          (text, { at, remove, insert }) => {
            const start = at % (text.length + 1);
            return text.slice(0, start) + insert + text.slice(start + remove);
          },
          bytes.toString("utf8", 8, end),
        );
        return file(header, bytes.subarray(end));
      }),
      fc.uint8Array({ maxLength: 64 }),
    );
    fc.assert(
      fc.property(damaged, (bytes) => void problem(bytes)),
      { numRuns: 2000 },
    );
  });

  it("reads and writes files", async () => {
    const path = join(folder, "a.safetensors");
    const tensors = new Map<string, StoredTensor>([["a", { type: "f32", shape: [3], data: Float32Array.of(1, 2, 3) }]]);
    await writeSafetensors(path, { tensors, metadata: new Map() });
    expect(readSafetensors(path).tensors).toEqual(tensors);
    writeFileSync(path, "{}");
    expect(() => readSafetensors(path)).toThrow(FormatError);
    expect(() => readSafetensors(join(folder, "missing"))).toThrow(RunError);
    expect(() => readSafetensors(folder)).toThrow(RunError);
  });
});
