import { describe, expect, test } from "vitest";
import { parseProgram } from "../../src/ir/parse.js";
import type { Entry, Op, Program } from "../../src/ir/program.js";
import { IrError } from "../../src/ir/types.js";
import { live, verify } from "../../src/ir/verify.js";

const slots = `
  parameter w : f32[p: 2, q: 3] weight
  state s : f32[p: 2] model
  input x : f32[p: 2, q: 3]
  input i : i32[p: 2]`;
const program = (body: string, entry = "step", declared = slots) => `program p {${declared}\n  entry ${entry} {\n    ${body}\n  }\n}`;

const x = '%0 = input() {slot: "x"} : f32[p: 2, q: 3]';
const w = '%0 = parameter() {slot: "w"} : f32[p: 2, q: 3]';
const i = '%1 = input() {slot: "i"} : i32[p: 2]';
/** A body of an operation on `x`, %0, and `i`, %1. */
const one = (operation: string) => [x, i, `%2 = ${operation}`, "return y: %2"].join("\n");

describe("a sound program passes", () => {
  test.each([
    ["an operation", program(one("add(%0, %0) : f32[p: 2, q: 3]"))],
    ["an update", program(`${w}\n%1 = update(%0) {slot: "w"} : f32[p: 2, q: 3]\nreturn`)],
    ["an update of a state in the forward pass", program(`%0 = state() {slot: "s"} : f32[p: 2]\n%1 = update(%0) {slot: "s"} : f32[p: 2]\nreturn`, "forward")],
  ])("%s", (_, text) => {
    expect(() => parseProgram(text)).not.toThrow();
  });
});

describe("each rule of the program can be broken", () => {
  test.each([
    ["two slots of one name", program("return", "step", `${slots}\n  state w : f32[] optimizer`), "two of one name: slot `w`"],
    ["two inputs of one name", program("return", "step", `${slots}\n  input x : f32[]`), "two of one name: input `x`"],
    ["a slot with an axis twice", program("return", "step", "\n  state t : f32[p: 2, p: 2] model"), "`t`: axis `p` would stand there twice"],
    ["an input without extent", program("return", "step", "\n  input t : f32[p: 0]"), "`t`: extent 0 of `p`"],
    ["an unknown slot", program('%0 = parameter() {slot: "v"} : f32[]\nreturn'), "step: %0 = parameter: no parameter or state is called `v`"],
    ["an unknown input", program('%0 = input() {slot: "w"} : f32[]\nreturn'), "no input is called `w`"],
    ["a state read as a parameter", program('%0 = parameter() {slot: "s"} : f32[p: 2]\nreturn'), "`s` is no parameter"],
    ["a parameter read as a state", program('%0 = state() {slot: "w"} : f32[p: 2, q: 3]\nreturn'), "`w` is no state"],
    ["too many operands", program(one("exp(%0, %0) : f32[p: 2, q: 3]")), "step: %2 = exp: has 2 operands"],
    ["no operands where one at least is needed", program(one('concatenate() {axis: "p"} : f32[]')), "has 0 operands"],
    ["another type than the rule's", program(one("exp(%0) : f32[p: 2, q: 4]")), "is written as f32[p: 2, q: 4] but its rule says f32[p: 2, q: 3]"],
    ["another layout than the rule's", program(one("exp(%0) : f32[q: 3, p: 2] @layer.0")), "%2 = exp at layer.0: is written as"],
    ["another dtype than the rule's", program(one("less(%0, %0) : f32[p: 2, q: 3]")), "but its rule says bool"],
    ["two updates of a slot", program(`${w}\n%1 = update(%0) {slot: "w"} : f32[p: 2, q: 3]\n%2 = neg(%0) : f32[p: 2, q: 3]\n%3 = update(%2) {slot: "w"} : f32[p: 2, q: 3]\nreturn`), "updated slot of step `w`"],
    ["an evaluation that updates", program('%0 = state() {slot: "s"} : f32[p: 2]\n%1 = update(%0) {slot: "s"} : f32[p: 2]\nreturn', "evaluate"), "evaluation changes nothing"],
    ["a forward pass that updates a parameter", program(`${w}\n%1 = update(%0) {slot: "w"} : f32[p: 2, q: 3]\nreturn`, "forward"), "the forward pass updates no parameter"],
  ])("%s", (_, text, message) => {
    expect(() => parseProgram(text)).toThrow(IrError);
    expect(() => parseProgram(text)).toThrow(message);
  });

  /** The parser cannot read these, so they are made by hand. */
  const made = (change: (entry: Entry, ops: readonly Op[]) => Entry): Program => {
    const sound = parseProgram(program(one("exp(%0) : f32[p: 2, q: 3]")));
    const entry = sound.entries.get("step")!;
    return { ...sound, entries: new Map([["step", change(entry, entry.operations)]]) };
  };

  test("a use before the definition", () => {
    const broken = made((entry, [first, second, third]) => ({ ...entry, operations: [third!, first!, second!] }));
    expect(() => verify(broken)).toThrow("step: %2 = exp: uses %0 before it is made");
  });

  test("a result that nothing makes", () => {
    const broken = made((entry, ops) => ({ ...entry, operations: ops.slice(0, 2) }));
    expect(() => verify(broken)).toThrow("step: the result `y` is made nowhere");
  });
});

describe("each rule of an operation can be broken", () => {
  test.each([
    ["exp(%1) : i32[p: 2]", "takes f32, not i32"],
    ["add(%0, %1) : f32[p: 2, q: 3]", "takes two tensors of f32 or i32, not f32 and i32"],
    ["and(%0, %0) : bool[p: 2, q: 3]", "takes two tensors of bool"],
    ["select(%0, %0, %0) : f32[p: 2, q: 3]", "takes a condition of bool, not f32"],
    ["reduce_sum(%0) {axes: []} : f32[p: 2, q: 3]", "names no axis to reduce"],
    ["reduce_sum(%0) {axes: [p, p]} : f32[q: 3]", "names an axis twice"],
    ["reduce_max(%0) {axes: [r]} : f32[p: 2, q: 3]", "no axis `r`"],
    ["contract(%0, %1) {axes: []} : f32[p: 2, q: 3]", "takes two tensors of f32"],
    ["contract(%0, %0) {axes: [r]} : f32[p: 2, q: 3]", "no axis `r`"],
    ["contract(%0, %0) {axes: [p, p]} : f32[q: 3]", "names an axis twice"],
    ["broadcast(%0) {axes: [p: 2]} : f32[p: 2, q: 3]", "axis `p` is there already"],
    ["broadcast(%0) {axes: [r: 0]} : f32[r: 0, p: 2, q: 3]", "extent of `r` 0 is not a positive whole number"],
    ["broadcast(%0) {axes: [r: 2, r: 2]} : f32[r: 2, r: 2, p: 2, q: 3]", "axis `r` would stand there twice"],
    ["rename(%0) {from: [p], to: [q]} : f32[q: 2, q: 3]", "an axis would stand there twice"],
    ["rename(%0) {from: [r], to: [s]} : f32[p: 2, q: 3]", "no axis `r`"],
    ["rename(%0) {from: [p], to: []} : f32[p: 2, q: 3]", "does not give each name another"],
    ['split(%0) {axis: "q", into: [r: 2, s: 2]} : f32[p: 2, r: 2, s: 2]', "2 x 2 is not 3"],
    ['split(%0) {axis: "q", into: [p: 3, s: 1]} : f32[p: 2, p: 3, s: 1]', "an axis would stand there twice"],
    ['split(%0) {axis: "q", into: []} : f32[p: 2]', "names no axis to split into"],
    ['merge(%0) {axes: [], into: "r"} : f32[p: 2, q: 3]', "names no axis to merge"],
    ['merge(%0) {axes: [p, p], into: "r"} : f32[r: 4, q: 3]', "names an axis twice"],
    ['merge(%0) {axes: [p], into: "q"} : f32[q: 2, q: 3]', "an axis would stand there twice"],
    ['slice(%0) {axis: "q", start: 2, extent: 2} : f32[p: 2, q: 2]', "2 to 4 is outside `q` of 3"],
    ['slice(%0) {axis: "q", start: -1, extent: 2} : f32[p: 2, q: 2]', "is outside `q`"],
    ['slice(%0) {axis: "q", start: 0, extent: 0} : f32[p: 2, q: 0]', "extent 0 is not a positive whole number"],
    ['pad(%0) {axis: "q", before: -1, after: 0} : f32[p: 2, q: 2]', "-1 and 0 are not extents to pad by"],
    ['pad(%0) {axis: "q", before: 0.5, after: 0.5} : f32[p: 2, q: 4]', "0.5 and 0.5 are not extents to pad by"],
    ['concatenate(%0, %1) {axis: "p"} : f32[p: 4, q: 3]', "the parts differ"],
    ['take(%0, %0) {axis: "q"} : f32[p: 2, q: 3]', "takes indices of i32, not f32"],
    ['take(%0, %1) {axis: "r"} : f32[p: 2]', "no axis `r`"],
    ["scatter_add(%1, %1) {axis: r: 2, aligned: []} : f32[r: 2]", "adds f32 at indices of i32"],
    ["scatter_add(%0, %1) {axis: q: 2, aligned: []} : f32[q: 2, q: 3]", "axis `q` would stand there twice"],
    ["scatter_add(%0, %1) {axis: r: 2, aligned: [q]} : f32[q: 3, r: 2]", "no axis `q`"],
    ["iota() {axis: p: 2.5} : i32[p: 2.5]", "extent 2.5 of `p` is not a positive whole number"],
    ['argsort(%0) {axis: "r"} : i32[p: 2, q: 3]', "no axis `r`"],
    ["attach_gradient(%0, %0, %1) : f32[p: 2, q: 3]", "is not of the type"],
    ['update(%0) {slot: "s"} : f32[p: 2]', "cannot become f32[p: 2, q: 3]"],
    ['update(%1) {slot: "s"} : f32[p: 2]', "cannot become i32[p: 2]"],
  ])("%s", (operation, message) => {
    expect(() => parseProgram(program(one(operation)))).toThrow(IrError);
    expect(() => parseProgram(program(one(operation)))).toThrow(message);
  });

  test("axes of one name and two extents do not meet", () => {
    const body = `${x}\n%1 = slice(%0) {axis: "q", start: 0, extent: 2} : f32[p: 2, q: 2]\n%2 = add(%0, %1) : f32[p: 2, q: 3]\nreturn y: %2`;
    expect(() => parseProgram(program(body))).toThrow("axis `q` is 3 here and 2 there");
  });
});

test("live keeps what results and updates need, in order", () => {
  const body = [w, "%1 = exp(%0) : f32[p: 2, q: 3]", "%2 = log(%1) : f32[p: 2, q: 3]", "%3 = neg(%0) : f32[p: 2, q: 3]",
    '%4 = update(%3) {slot: "w"} : f32[p: 2, q: 3]', "%5 = sin(%2) : f32[p: 2, q: 3]", "return y: %1"].join("\n");
  expect(live(parseProgram(program(body)).entries.get("step")!).map((op) => op.id)).toEqual([0, 1, 3, 4]);
});
