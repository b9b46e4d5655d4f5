/** The tree of correct texts: every node lies where its text is. */

import { describe, expect, it } from "vitest";
import { SourceFile } from "../../src/diagnostics/source.js";
import type { Definition, File, Node, Use } from "../../src/syntax/ast.js";
import { parse } from "../../src/syntax/parse.js";
import { childrenOf } from "../../src/syntax/visit.js";
import { samples } from "./samples.js";
import { read } from "./tree.js";

function everyNode(root: Node): Node[] {
  return [root, ...childrenOf(root).flatMap(everyNode)];
}

/** The text of every node of a kind, in the order of the tree. */
function texts(text: string, kind: Node["kind"]): string[] {
  return everyNode(read(text)).filter((node) => node.kind === kind).map(({ start, end }) => text.slice(start, end));
}

/** What starts a node's text, or ends it, is no blank and no comment. */
it.each(samples)("has every node of $name within its parent, in order", ({ text }) => {
  for (const parent of everyNode(read(text))) {
    const children = childrenOf(parent);
    // In `name: f(x)` and the like the fields of the tree stand in the order of the text, but for groups of them.
    const ordered = parent.kind === "File" ? children.toSorted((a, b) => a.start - b.start) : children;
    let last = parent.start;
    for (const child of ordered) {
      expect(child.start, `${child.kind} in ${parent.kind}`).toBeGreaterThanOrEqual(last);
      expect(child.end).toBeLessThanOrEqual(parent.end);
      last = child.end;
    }
    if (parent.kind !== "File") expect(text.slice(parent.start, parent.end)).toMatch(/^\S([^]*\S)?$/);
  }
});

const inExpression = (expression: string) => `norm f = ${expression}`;
describe("spans", () => {
  it.each<{ kind: Node["kind"]; text: string; spans: string[] }>([
    { kind: "Binary", text: inExpression("(a + b) * (c - d)"), spans: ["(a + b) * (c - d)", "a + b", "c - d"] },
    { kind: "Binary", text: inExpression("a + b + (c)"), spans: ["a + b + (c)", "a + b"] },
    { kind: "Binary", text: inExpression("a^-b"), spans: ["a^-b"] },
    { kind: "Unary", text: inExpression("not (a) and -(b + c)"), spans: ["not (a)", "-(b + c)"] },
    { kind: "Call", text: inExpression("(a)(b)(c,)"), spans: ["(a)(b)(c,)", "(a)(b)"] },
    { kind: "Call", text: inExpression("norm@inner(x).y"), spans: ["norm@inner(x)"] },
    { kind: "Member", text: inExpression("(a + b).c.d"), spans: ["(a + b).c.d", "(a + b).c"] },
    { kind: "Renaming", text: inExpression("a[b as c, d as e]"), spans: ["a[b as c, d as e]"] },
    { kind: "Argument", text: inExpression("dot(x, named: w over head, key, out: (y))"), spans: ["x", "named: w over head, key", "out: (y)"] },
    { kind: "Argument", text: inExpression("split(x, feature into group: 8, channel: 2)"), spans: ["x", "feature into group: 8, channel: 2"] },
    { kind: "Clause", text: inExpression("dot(x, w over head, key)"), spans: ["over head, key"] },
    { kind: "AxisDeclaration", text: inExpression("dot(x, w over head, key)"), spans: ["head", "key"] },
    { kind: "Tuple", text: inExpression("((a), (b, c,))"), spans: ["((a), (b, c,))", "(b, c,)"] },
    { kind: "ParamExpression", text: inExpression("param[a: 2, b] ~ normal(1)"), spans: ["param[a: 2, b] ~ normal(1)"] },
    { kind: "Initial", text: inExpression("param[a] ~ normal(1)"), spans: ["~ normal(1)"] },
    { kind: "Policy", text: inExpression("{ a, b: c, ..: { d: e } }"), spans: ["{ a, b: c, ..: { d: e } }", "{ d: e }"] },
    { kind: "PolicyLine", text: inExpression("{ a, b: c, ..: d }"), spans: ["a, b: c", "..: d"] },
    { kind: "Where", text: inExpression("a where b where (c)"), spans: ["a where b where (c)", "a where b"] },
    { kind: "Variant", text: inExpression("a with { b = c } with {}"), spans: ["a with { b = c } with {}", "a with { b = c }"] },
    { kind: "Path", text: "train t of m { freeze a.1.2.b, * }", spans: ["a.1.2.b", "*"] },
    { kind: "String", text: 'train t of m { data f("a\\"b") }', spans: ['"a\\"b"'] },
    { kind: "Number", text: inExpression("5% + 1e-3"), spans: ["5%", "1e-3"] },
    { kind: "Use", text: 'use std.norms { layer, batch as b }\nuse "a.norm"', spans: ["use std.norms { layer, batch as b }", 'use "a.norm"'] },
    { kind: "UseItem", text: "use std.norms { layer, batch as b, }", spans: ["layer", "batch as b"] },
    { kind: "Definition", text: "/// Text.\nnorm f() {} // behind\nmodel m = f", spans: ["norm f() {}", "model m = f"] },
    { kind: "Parameter", text: "norm f(x over axes = 1, y) {}", spans: ["x over axes = 1", "y"] },
    { kind: "Return", text: "norm f(x) { return x with gradient(dx) { return dx } }", spans: ["return x with gradient(dx) { return dx }", "return dx"] },
    { kind: "Sublayer", text: "stack s() { f(x) placed p normalized { a: b } g }", spans: ["f(x) placed p normalized { a: b }", "g"] },
    { kind: "Measurement", text: "train t of m { measure a, b at c.d every 1 epoch }", spans: ["measure a, b at c.d every 1 epoch"] },
    { kind: "Comment", text: "// a  \n/// b\r\n", spans: [] },
  ])("of $kind in $text", ({ kind, text, spans }) => {
    expect(texts(text, kind)).toEqual(spans);
  });

  it("of modules and comments", () => {
    const text = 'use std.norms { a }\nuse "b.norm" // c  \r\n';
    const { uses, comments } = read(text);
    expect(uses.map(({ modulePlace }) => text.slice(modulePlace.start, modulePlace.end))).toEqual(["std.norms", '"b.norm"']);
    expect(comments.map(({ start, end }) => text.slice(start, end))).toEqual(["// c"]);
  });
});

const only = (text: string): Definition => read(text).definitions[0]!;

describe("meaning", () => {
  it.each([
    ["a percentage", "5%", { kind: "Number", value: 0.05, text: "5%" }],
    ["a number", "1e-3", { kind: "Number", value: 0.001, text: "1e-3" }],
    ["a text", '"a\\"b\\\\c"', { kind: "String", value: 'a"b\\c' }],
    ["parentheses", "((a))", { kind: "Name", name: "a" }],
  ])("of %s", (_, expression, expected) => {
    expect(only(inExpression(expression)).value).toMatchObject(expected);
  });

  it.each([
    ["a - b - c", "((a - b) - c)"],
    ["a / b * c", "((a / b) * c)"],
    ["a^b^c", "(a ^ (b ^ c))"],
    ["-a^b", "(- (a ^ b))"],
    ["a + b * c < d and not e or f", "((((a + (b * c)) < d) and (not e)) or f)"],
  ])("of the operators in %s", (text, grouped) => {
    const show = (node: Node): string => {
      if (node.kind === "Binary") return `(${show(node.left)} ${node.operator} ${show(node.right)})`;
      if (node.kind === "Unary") return `(${node.operator} ${show(node.operand)})`;
      return node.kind === "Name" ? node.name : node.kind;
    };
    expect(show(only(inExpression(text)).value!)).toBe(grouped);
  });

  it.each<[string, string, string]>([
    ["the lines above", "/// One.\n///  Two.\n///\n/// Three.\nnorm f = g", "One.\n Two.\n\nThree."],
    ["not with a blank line between", "/// One.\n\nnorm f = g", ""],
    ["only the last block", "/// One.\n\n/// Two.\nnorm f = g", "Two."],
    ["not a comment", "/// One.\n// Two.\nnorm f = g", ""],
    ["not what stands behind something", "use a /// One.\nnorm f = g", ""],
    ["with carriage returns", "/// One.\r\n/// Two.\r\nnorm f = g", "One.\nTwo."],
    ["at the left of nothing", "   /// One.\n   norm f = g", "One."],
  ])("of documentation: %s", (_, text, documentation) => {
    expect(only(text).documentation).toBe(documentation);
  });

  it("of numbers in paths", () => {
    expect(only("train t of m { freeze a.1.2.b, 3.4.5 }").body).toMatchObject([{ at: [{ segments: ["a", "1", "2", "b"] }, { segments: ["3", "4", "5"] }] }]);
  });

  it("of axes after a clause", () => {
    const value = only(inExpression("merge(x, a, b into c: 2, d, e.f, g)")).value;
    expect(value).toMatchObject({
      arguments: [
        { value: { name: "x" } },
        { value: { name: "a" } },
        { value: { name: "b" }, clause: { keyword: "into", axes: [{ name: { name: "c" }, extent: { value: 2 } }, { name: { name: "d" } }] } },
        { value: { kind: "Member" } },
        { value: { name: "g" } },
      ],
    });
  });
});

describe("of texts with mistakes", () => {
  const broken = (text: string): File => parse(new SourceFile("test.norm", text)).file;
  const summary = ({ definitions }: File) => definitions.map(({ keyword, name, parameters, damaged, body }) => [keyword, name.name, parameters?.length, damaged, body.length]);

  it("keeps the statements around a mistake", () => {
    expect(summary(broken("norm f(x, y) {\n  a = x\n  b =\n  c = y\n}"))).toEqual([["norm", "f", 2, true, 2]]);
  });

  it("keeps the parameters where brackets are not paired", () => {
    expect(summary(broken("norm f(x, y) {\n  a = (x\n  b = y\n}"))).toEqual([["norm", "f", 2, true, 0]]);
  });

  it("keeps the name where nothing else can be read", () => {
    expect(summary(broken("norm f(x { return x }"))).toEqual([["norm", "f", undefined, true, 0]]);
    expect(broken("norm f(x { return x }").definitions[0]!.value?.kind).toBe("Missing");
    expect(summary(broken("blok f(x) { return x }"))).toEqual([["function", "f", undefined, true, 0]]);
  });

  it("keeps the names of a broken use", () => {
    const { uses, definitions }: { uses: readonly Use[]; definitions: readonly Definition[] } = broken("use std.norms { layer as l batch }");
    expect(uses).toEqual([]);
    expect(definitions.map(({ name, damaged }) => [name.name, damaged])).toEqual([["l", true], ["batch", true]]);
  });

  it("marks a definition with a stray character as damaged", () => {
    expect(summary(broken("norm f(x) { return x }\nnorm g(x) { return x; }"))).toEqual([["norm", "f", 1, false, 1], ["norm", "g", 1, true, 1]]);
  });
});
