/**
 * Random syntax trees, for properties that must hold of every file: `fc.property(randomFile, (file) => …)`.
 *
 * Every tree can be written in the language and read back as the same tree, with two kinds of details left to the test:
 * places are all zero, and there are no comments but the documentation of definitions. Names are not bound, so the trees
 * are no correct programs; for those, see the checker's tests. `randomExpression` and `randomStatement` give parts.
 */

import fc from "fast-check";
import type * as ast from "../../src/syntax/ast.js";
import { keywordTokens } from "../../src/syntax/tokens.js";

const here = { start: 0, end: 0 } as const;

/** Adds the kind and the place that every node has. Fields that are undefined are left out, as the parser does. */
function node<Kind extends ast.Node["kind"]>(kind: Kind, fields: Record<string, fc.Arbitrary<unknown>>): fc.Arbitrary<never> {
  return fc.record<Record<string, unknown>>(fields).map((values) => {
    const given = Object.entries<unknown>(values).filter(([, value]) => value !== undefined);
    return { kind, ...Object.fromEntries(given), ...here } as never;
  });
}

const maybe = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(value, { nil: undefined });
const some = <T>(item: fc.Arbitrary<T>): fc.Arbitrary<T[]> => fc.array(item, { minLength: 1, maxLength: 3 });
const any = <T>(item: fc.Arbitrary<T>): fc.Arbitrary<T[]> => fc.array(item, { maxLength: 3 });

const reserved = new Set(keywordTokens.filter((token) => !token.CATEGORIES?.some(({ name }) => name === "Name")).map(({ PATTERN }) => String(PATTERN)));
/** Names of all sorts, words that open statements among them. */
const name: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom("x", "feature", "encoder", "größe", "_1", "μ", "a_rather_long_name_of_a_thing", "wherever"),
  fc.constantFrom("batch", "norm", "layer", "groups", "data", "gradient", "train", "measure", "optimizer", "place"),
  fc.stringMatching(/^[a-z_][a-z0-9_]{0,6}$/).filter((word) => !reserved.has(word)),
);
const identifier: fc.Arbitrary<ast.Identifier> = node("Identifier", { name });

const segment = fc.oneof(name, fc.constantFrom("*", "normalize", "in", "at", "param"), fc.nat(20).map(String));
const path: fc.Arbitrary<ast.Path> = node("Path", { segments: some(segment) });

const number: fc.Arbitrary<ast.NumberExpression> = fc
  .oneof(fc.nat(1000).map(String), fc.constantFrom("0.5", "1e-5", "1E+6", "2.50", "007", "75%", "0.1%"))
  .map((text) => ({ kind: "Number", value: text.endsWith("%") ? Number(text.slice(0, -1)) / 100 : Number(text), text, ...here }));
const quotable = fc.string({ unit: "binary", maxLength: 8 }).map((text) => text.replace(/[\r\n]/g, ""));

type Parts = {
  expression: ast.Expression;
  applied: ast.Expression;
  axis: ast.AxisDeclaration;
  initial: ast.Initial;
  arguments: readonly ast.Argument[];
  policy: ast.PolicyExpression;
  statement: ast.Statement;
  stackItem: ast.Statement;
  setting: ast.Statement;
  variantItem: ast.Statement;
};

const binaryOperators: readonly ast.BinaryOperator[] = ["+", "-", "*", "/", "^", "<", "<=", ">", ">=", "==", "!=", "and", "or"];

const parts = fc.letrec<Parts>((tie) => {
  const expression: fc.Arbitrary<ast.Expression> = tie("expression");
  const leaf = fc.oneof(
    number,
    node("String", { value: quotable }),
    node("Boolean", { value: fc.boolean() }),
    node("None", {}),
    node("Name", { name }),
  );
  const axes = any(tie("axis"));
  const block = any(tie("statement"));
  const stackBlock = any(tie("stackItem"));
  const binding = node("Binding", { name: identifier, value: expression });
  const groups = node("Groups", { groups: some(tie("axis")) });
  const normalize = node("Normalize", { at: any(path), policy: maybe(tie("policy")) });
  const place = node("Place", { value: expression });
  const pair = fc.record({ from: identifier, to: identifier });
  return {
    expression: fc.oneof(
      { maxDepth: 4, depthIdentifier: "expression", withCrossShrink: true },
      leaf,
      node("Unary", { operator: fc.constantFrom("-", "not"), operand: expression }),
      node("Binary", { operator: fc.constantFrom(...binaryOperators), left: expression, right: expression }),
      node("Call", { callee: expression, site: maybe(identifier), arguments: tie("arguments") }),
      node("Member", { object: expression, name: identifier }),
      node("Renaming", { object: expression, pairs: some(pair) }),
      node("ParamExpression", { axes, initial: tie("initial") }),
      tie("policy"),
      node("Variant", { base: expression, items: any(tie("variantItem")) }),
      node("Where", { value: expression, condition: expression }),
      node("Tuple", { items: fc.array(expression, { minLength: 2, maxLength: 3 }) }),
    ),
    // A line `place(x)` would be read as the placement `(x)`.
    applied: fc.oneof(
      { maxDepth: 4, depthIdentifier: "expression" },
      node("Name", { name: name.filter((word) => word !== "place") }),
      node("Call", { callee: tie("applied"), site: maybe(identifier), arguments: tie("arguments") }),
      node("Member", { object: tie("applied"), name: identifier }),
      node("Renaming", { object: tie("applied"), pairs: some(pair) }),
    ),
    axis: node("AxisDeclaration", { name: identifier, extent: maybe(expression) }),
    initial: node("Initial", { drawn: fc.boolean(), value: expression }),
    arguments: any(randomArgument(expression, tie("axis"))).map(readable),
    policy: node("Policy", { lines: any(node("PolicyLine", { groups: maybe(some(identifier)), value: expression })) }),
    statement: fc.oneof(
      { maxDepth: 3, depthIdentifier: "block" },
      binding,
      node("Param", { name: identifier, axes, initial: tie("initial"), kept: maybe(expression) }),
      node("State", { scope: fc.constantFrom("state", "shared", "stream"), name: identifier, axes, value: expression }),
      node("Update", { name: identifier, value: expression }),
      node("Input", { name: identifier, axes, below: maybe(expression) }),
      node("Loss", { value: expression }),
      node("Report", { name: maybe(identifier), value: expression }),
      node("Return", { value: expression, gradient: maybe(fc.record({ cotangent: identifier, body: block })) }),
      // oxlint-disable-next-line unicorn/no-thenable -- the field of the tree is no function
      node("When", { condition: expression, then: block, otherwise: maybe(block) }),
    ),
    stackItem: fc.oneof(
      { maxDepth: 3, depthIdentifier: "block" },
      binding,
      groups,
      normalize,
      place,
      node("Sublayer", { value: tie("applied"), placed: maybe(expression), normalized: maybe(tie("policy")) }),
      node("Repeat", { count: expression, body: stackBlock }),
      // oxlint-disable-next-line unicorn/no-thenable -- the field of the tree is no function
      node("When", { condition: expression, then: stackBlock, otherwise: maybe(stackBlock) }),
    ),
    setting: fc.oneof(
      node("Setting", {
        keyword: fc.constantFrom("data", "optimizer", "schedule", "batch", "epochs", "steps", "seed", "holdout", "precision"),
        at: fc.constant([]),
        value: expression,
      }),
      node("Setting", { keyword: fc.constant("optimizer"), at: some(path), value: expression }),
      node("Freeze", { at: some(path) }),
      node("From", { value: expression, at: any(path) }),
      node("Measurement", {
        measures: some(expression),
        at: maybe(path),
        given: any(binding),
        mode: maybe(identifier),
        every: maybe(fc.record({ count: expression, unit: identifier })),
        of: maybe(fc.record({ count: expression, unit: identifier })),
      }),
    ),
    variantItem: fc.oneof(binding, groups, normalize, place, tie("setting")),
  };
});

function randomArgument(expression: fc.Arbitrary<ast.Expression>, axis: fc.Arbitrary<ast.AxisDeclaration>): fc.Arbitrary<ast.Argument> {
  const clause = node("Clause", { keyword: fc.constantFrom("over", "except", "along", "into"), axes: some(axis) });
  return node("Argument", { name: maybe(identifier), value: expression, clause: maybe(clause) });
}

/**
 * Axes after a clause and arguments after it are written alike, and read as axes. So only the first axis of a clause has
 * an extent, unless the clause is `into`, and what follows a clause is no argument that could be one of its axes.
 */
function readable(list: readonly ast.Argument[]): ast.Argument[] {
  let open: ast.Clause | undefined;
  return list.flatMap((argument) => {
    const { name: label, value, clause } = argument;
    const isAxis = open !== undefined && clause === undefined && (label === undefined ? value.kind === "Name" : open.keyword === "into");
    if (isAxis) return [];
    open = clause ?? open;
    if (clause === undefined) {
      open = undefined;
      return [argument];
    }
    if (clause.keyword === "into") return [argument];
    const axes = clause.axes.map((axis, i) => (i === 0 ? axis : withoutExtent(axis)));
    open = { ...clause, axes };
    return [{ ...argument, clause: open }];
  });
}

function withoutExtent({ name: axisName }: ast.AxisDeclaration): ast.AxisDeclaration {
  return { kind: "AxisDeclaration", name: axisName, ...here };
}

const documentation = fc
  .array(fc.constantFrom("Layer normalisation (Ba et al., 2016).", "  indented", "// twice", "", "über"), { maxLength: 3 })
  .map((lines) => lines.join("\n"));

function definition(keywords: readonly ast.DefinitionKeyword[], fields: Record<string, fc.Arbitrary<unknown>>): fc.Arbitrary<ast.Definition> {
  const parameter = node("Parameter", { name: identifier, axes: maybe(identifier), default: maybe(parts.expression) }).map((made: ast.Parameter) =>
    made.axes ? { ...made, axesKeyword: "over" } : made,
  );
  const parameters = fields["parameters"] === undefined ? {} : { parameters: any(parameter) };
  return node("Definition", {
    keyword: fc.constantFrom(...keywords),
    name: identifier,
    body: fc.constant([]),
    ...fields,
    ...parameters,
    documentation,
    damaged: fc.constant(false),
  });
}

const given = fc.constant(undefined);
const callables = ["norm", "placement", "layer", "function", "objective", "optimizer", "schedule", "initializer", "measure"] as const;
const ablationLine: fc.Arbitrary<ast.Statement> = fc.oneof(
  node("Vary", { paths: some(path), choices: some(parts.expression) }),
  node("Exclude", { conditions: some(fc.record({ path, value: parts.expression })) }),
  node("Seeds", { value: parts.expression }),
  node("AblationReport", { items: some(node("Reported", { path, best: fc.constantFrom(undefined, "highest" as const, "lowest" as const) })) }),
);
const randomDefinition = fc.oneof(
  definition([...callables, "model"], { parameters: given, body: any(parts.statement) }),
  definition(["model"], { body: any(parts.statement) }),
  definition(["stack"], { parameters: given, body: any(parts.stackItem) }),
  definition([...callables, "stack", "model", "train"], { value: parts.expression }),
  definition(["train"], { of: parts.expression.map((trained) => [trained]), body: any(parts.setting) }),
  definition(["ablation"], { of: some(node("Name", { name })), body: any(ablationLine) }),
);

const randomUse: fc.Arbitrary<ast.Use> = fc
  .record({
    module: fc.oneof(
      some(name).map((names) => ({ module: names.join("."), isFile: false })),
      quotable.map((text) => ({ module: text, isFile: true })),
    ),
    items: maybe(some(node("UseItem", { name: identifier, alias: maybe(identifier) }))),
  })
  .map(({ module, items }) => ({ kind: "Use", ...module, modulePlace: here, ...(items && { items }), ...here }));

export const randomExpression: fc.Arbitrary<ast.Expression> = parts.expression;
export const randomStatement: fc.Arbitrary<ast.Statement> = fc.oneof(parts.statement, parts.stackItem, parts.setting, ablationLine);
export const randomFile: fc.Arbitrary<ast.File> = fc
  .record({ uses: any(randomUse), definitions: any(randomDefinition) })
  .map(({ uses, definitions }) => ({ kind: "File", uses, definitions, comments: [], ...here }));
