import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { attributeShapes } from "../../src/ir/attributes.js";
import { operationKinds } from "../../src/ir/ops/index.js";
import { parseProgram } from "../../src/ir/parse.js";
import { printProgram } from "../../src/ir/print.js";
import { IrError } from "../../src/ir/types.js";
import { randomProgram } from "./random-program.js";
import { withGradients } from "./support.js";

const small = readFileSync(new URL("small.ir", import.meta.url), "utf8");

describe("printing and parsing", () => {
  test("a golden file is what is printed of it", () => {
    expect(printProgram(parseProgram(small))).toBe(small);
  });

  test("what was printed, parsed and printed again is the same", () => {
    fc.assert(
      fc.property(randomProgram(), ({ program }) => {
        const text = printProgram(withGradients(program));
        const parsed = parseProgram(text);
        expect(printProgram(parsed)).toBe(text);
        expect([...parsed.entries.keys()]).toEqual(["forward", "step"]);
      }),
    );
  }, 60_000);

  test("every number is read as it was written", () => {
    const numbers = fc.double();
    fc.assert(
      fc.property(numbers, (value) => {
        const text = `program p {\n  entry e {\n    %0 = constant() {value: ${Object.is(value, -0) ? "-0" : value}, dtype: "f32"} : f32[]\n    return x: %0\n  }\n}`;
        const [op] = parseProgram(text).entries.get("e")!.operations;
        expect(op!.kind === "constant" && Object.is(op!.attributes.value, value)).toBe(true);
        expect(printProgram(parseProgram(text))).toContain(`{value: ${Object.is(value, -0) ? "-0" : value}, `);
      }),
    );
  }, 60_000);

  test("a precision is written where it is not single", () => {
    const mixed = small.replace("program small {", "program small mixed {");
    expect([small, mixed].map((text) => parseProgram(text).precision)).toEqual(["single", "mixed"]);
    expect(printProgram(parseProgram(mixed))).toBe(mixed);
    expect(() => parseProgram(small.replace("small {", "small half {"))).toThrow(/^line 1, .*expected `{`/);
    // A name is a name, whatever it is.
    expect(parseProgram(small.replace("small {", "mixed {"))).toMatchObject({ name: "mixed", precision: "single" });
  });

  test("any text attribute is read as it was written", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (stream) => {
        const text = `program p {\n  entry e {\n    %0 = random() {distribution: "normal", stream: ${JSON.stringify(stream)}, axes: []} : f32[]\n    return x: %0\n  }\n}`;
        const [op] = parseProgram(text).entries.get("e")!.operations;
        expect(op!.kind === "random" && op!.attributes.stream === stream).toBe(true);
      }),
    );
  }, 60_000);

  test("only the entries that are asked for are printed", () => {
    const text = printProgram(parseProgram(small), ["nothing", "missing"]);
    expect(text).toContain("entry nothing");
    expect(text).not.toContain("entry step");
  });

  test("every operation has its attributes described", () => {
    expect(Object.keys(attributeShapes).sort()).toEqual([...operationKinds].sort());
  });
});

describe("a text that is no program is told with the line", () => {
  const lines = small.split("\n");
  const broken = (line: number, from: string, to: string): string => {
    const changed = lines.with(line - 1, lines[line - 1]!.replace(from, to));
    expect(changed[line - 1]).not.toBe(lines[line - 1]);
    return changed.join("\n");
  };

  test.each([
    [1, "program", "module"],
    [1, "small {", "{"],
    [1, "{", "{ more"],
    [2, "parameter", "param"],
    [2, "weight", "heavy"],
    [2, " :", ""],
    [2, "f32", "f64"],
    [2, "feature: 2", "feature: two"],
    [2, "feature: 2", "feature"],
    [4, "model", "owner"],
    [7, "below 3", "below"],
    [7, "below 3", "below 3 4"],
    [9, "{", ""],
    [10, "%0", "%1"],
    [10, "input", "constructor"],
    [10, "input", "inputs"],
    [10, '"image"', "image"],
    [10, '"image"', '"ima\\ge"'],
    [10, '{slot: "image"}', ""],
    [10, "slot", "slots"],
    [10, '"image"', '"image", slot: "image"'],
    [10, "@encoder", "@"],
    [12, "%1)", "%2)"],
    [12, "%1)", "x1)"],
    [12, "%1)", "{)"],
    [12, "(%0, %1)", ""],
    [12, "[feature]", "feature"],
    [12, "[feature]", "[feature: 2]"],
    [12, "@encoder.0", "@encoder.0 sideways"],
    [13, "%2", "%3"],
    [13, "%2", "%2, logits: %2"],
    [14, "}", "} }"],
    [16, "step", "evaluate"],
    [19, "-2.5e-7", '"-2.5e-7"'],
    [19, '"f32"', '"f64"'],
    [21, "update", "forward"],
    [21, "= ", "= return "],
    [23, "Index: 3}", "Index}"],
    [24, '"normal"', '"gamma"'],
  ])("line %d: %s → %s", (line, from, to) => {
    const text = broken(line, from, to);
    expect(() => parseProgram(text)).toThrow(IrError);
    expect(() => parseProgram(text)).toThrow(new RegExp(`^line ${line}(,|:)`));
  });

  test.each(["toString", "constructor", "__proto__"])("what every JavaScript object has is no operation: %s", (name) => {
    expect(() => parseProgram(`program p {\n  entry e {\n    %0 = ${name}() : f32[]\n    return\n  }\n}`)).toThrow(/^line 3, .*no operation is called/);
  });

  test("also where it ends too early or too late", () => {
    expect(() => parseProgram("")).toThrow(/^line 1: the text ends/);
    expect(() => parseProgram(lines.slice(0, 12).join("\n"))).toThrow(/^line 12: the text ends/);
    expect(() => parseProgram(`${small}program`)).toThrow(/^line 33, .*the program has ended/);
  });
});

describe("a damaged text", () => {
  const pieces = ["{", "}", "[", "]", "(", ")", ":", ",", "=", "@", "%0", "%7", "-1", "0", "3", "1e999", "NaN", "0.5", '"', '"p"', "\\",
    "p", "q", "f32", "i32", "bool", "toString", "__proto__", "axes", "axis", "slot", "return", "\n", " ", "é", "update", "backward",
    ...operationKinds];
  const damage = fc.array(
    fc.record({ at: fc.nat(), removed: fc.constantFrom(0, 0, 1, 2, 5, 20), added: fc.constantFrom("", ...pieces) }),
    { minLength: 1, maxLength: 4 },
  );
  const swaps = fc.array(fc.tuple(fc.nat(), fc.nat()), { maxLength: 2 });

  test("is read as another program or told by an IrError", () => {
    let accepted = 0;
    let told = 0;
    fc.assert(
      fc.property(randomProgram(10), damage, swaps, ({ program }, changes, lineSwaps) => {
        let text = printProgram(program);
        for (const { at, removed, added } of changes) {
          const start = at % text.length;
          text = text.slice(0, start) + added + text.slice(start + removed);
        }
        const lines = text.split("\n");
        for (const [i, j] of lineSwaps) {
          const [a, b] = [i % lines.length, j % lines.length];
          [lines[a], lines[b]] = [lines[b]!, lines[a]!];
        }
        try {
          const read = parseProgram(lines.join("\n"));
          expect(printProgram(parseProgram(printProgram(read)))).toBe(printProgram(read));
          accepted++;
        } catch (error) {
          if (!(error instanceof IrError)) throw error;
          told++;
        }
      }),
      { numRuns: 2000 },
    );
    expect(told).toBeGreaterThan(1000);
    expect(accepted).toBeGreaterThan(0);
  }, 60_000);

  test("of attributes alone is told too", () => {
    const attributes = ["{}", "{axes: []}", "{axes: [p, p]}", "{axes: [p: 2]}", "{axes: [p: 0]}", "{axes: [p: 2, p: 2]}", '{axis: "p"}', "{axis: p: 0.5}",
      '{axis: "p", start: 0.5, extent: 1}', '{axis: "p", start: 0, extent: NaN}', '{axis: "p", before: 0.5, after: 0.5}',
      '{axis: "p", before: -1, after: 1}', '{axis: "p", before: Infinity, after: 0}', "{from: [p], to: []}", "{from: [p, p], to: [q, r]}",
      '{axis: "p", into: []}', '{axis: "p", into: [q: -2, r: -1]}', '{axes: [], into: "r"}', '{axes: [p, p], into: "r"}',
      "{axis: p: 2, aligned: [q]}", '{slot: "constructor"}', '{dtype: "f64"}', '{value: 1, dtype: "f64"}', '{of: "x", axes: [p: 1e999]}'];
    for (const kind of operationKinds) {
      for (const own of attributes) {
        for (const operands of ["", "%0", "%0, %1", "%1, %0", "%0, %1, %0"]) {
          for (const result of ["f32[p: 2, q: 3]", "i32[p: 2]", "f32[]"]) {
            const text = `program p {\n  input x : f32[p: 2, q: 3]\n  input i : i32[p: 2]\n  entry e {\n    %0 = input() {slot: "x"} : f32[p: 2, q: 3]\n    %1 = input() {slot: "i"} : i32[p: 2]\n    %2 = ${kind}(${operands}) ${own === "{}" ? "" : own} : ${result}\n    return x: %2\n  }\n}`;
            try {
              parseProgram(text);
            } catch (error) {
              expect(error, text).toBeInstanceOf(IrError);
            }
          }
        }
      }
    }
  }, 60_000);
});
