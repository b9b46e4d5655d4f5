/** From the parser's concrete tree to the typed syntax tree. Whatever recovery left out becomes `Missing` or empty. */

import type { CstElement, CstNode, IToken } from "chevrotain";
import type * as ast from "./ast.js";

/** The children of one concrete node, looked up by the names of rules and tokens. */
class Reader {
  constructor(readonly node: CstNode) {}

  private all(name: string): readonly CstElement[] {
    return this.node.children[name] ?? [];
  }
  nodes(...rules: string[]): CstNode[] {
    const found = rules.flatMap((rule) => this.all(rule) as CstNode[]);
    // The concrete tree groups children by name; their order in the text is restored here.
    return rules.length === 1 ? found : found.sort((a, b) => startOf(a) - startOf(b));
  }
  node_(rule: string): CstNode | undefined {
    return this.nodes(rule)[0];
  }
  tokens(name: string): IToken[] {
    return (this.all(name) as IToken[]).filter((token) => !token.isInsertedInRecovery);
  }
  token(name: string): IToken | undefined {
    return this.tokens(name)[0];
  }
  /** The first of the named tokens that is there. */
  oneOf(names: readonly string[]): string | undefined {
    return names.find((name) => this.token(name) !== undefined);
  }
  /** Every direct child in the order of the text. */
  ordered(): CstElement[] {
    return Object.values(this.node.children).flat().sort((a, b) => startOf(a) - startOf(b));
  }
}

function isToken(element: CstElement): element is IToken {
  return "image" in element;
}

function startOf(element: CstElement): number {
  return isToken(element) ? element.startOffset : (element.location?.startOffset ?? Number.NaN);
}

const read = (node: CstNode): Reader => new Reader(node);

/** Builds the tree of a file. `text` gives the root its extent, `damaged` says where syntax errors were found. */
export function buildFile(cst: CstNode, text: string, comments: readonly IToken[], damaged: (span: ast.Span) => boolean): ast.File {
  const built = comments.map<ast.Comment>((token) => ({
    kind: "Comment",
    value: token.image.trimEnd(),
    start: token.startOffset,
    end: token.startOffset + token.image.trimEnd().length,
  }));
  const builder = new TreeBuilder(text, built, damaged);
  const file = read(cst);
  return {
    kind: "File",
    uses: file.nodes("use").map((node) => builder.use(node)),
    definitions: file.nodes("definition").flatMap((node) => builder.definition(node) ?? []),
    comments: built,
    start: 0,
    end: text.length,
  };
}

class TreeBuilder {
  /** How many comments stand before the definition that was built last. */
  private passed = 0;

  constructor(
    private readonly text: string,
    private readonly comments: readonly ast.Comment[],
    private readonly damaged: (span: ast.Span) => boolean,
  ) {}

  private span(node: CstNode): ast.Span {
    const { startOffset, endOffset } = node.location ?? { startOffset: Number.NaN, endOffset: Number.NaN };
    if (Number.isNaN(startOffset) || endOffset === undefined || Number.isNaN(endOffset)) return { start: 0, end: 0 };
    return { start: startOffset, end: endOffset + 1 };
  }

  private identifier(token: IToken | undefined, near: ast.Span): ast.Identifier {
    if (token === undefined) return { kind: "Identifier", name: "", start: near.start, end: near.start };
    return { kind: "Identifier", name: token.image, start: token.startOffset, end: token.startOffset + token.image.length };
  }

  private names(reader: Reader): ast.Identifier[] {
    return reader.tokens("Name").map((token) => this.identifier(token, this.span(reader.node)));
  }

  use(node: CstNode): ast.Use {
    const reader = read(node);
    const file = reader.token("String");
    const names = this.names(reader);
    const first = file === undefined ? (names[0] ?? this.span(node)) : { start: file.startOffset, end: file.startOffset + file.image.length };
    const items = reader.nodes("useItem").map<ast.UseItem>((item) => {
      const [name, alias] = this.names(read(item));
      return { kind: "UseItem", name: name ?? this.identifier(undefined, this.span(item)), ...(alias && { alias }), ...this.span(item) };
    });
    return {
      kind: "Use",
      module: file === undefined ? names.map((name) => name.name).join(".") : unquote(file.image),
      isFile: file !== undefined,
      modulePlace: { start: first.start, end: names.at(-1)?.end ?? first.end },
      ...(reader.token("LeftBrace") && { items }),
      ...this.span(node),
    };
  }

  definition(node: CstNode): ast.Definition | undefined {
    const inner = read(node).nodes("callable", "stack", "model", "train", "ablation")[0];
    if (inner === undefined) return undefined;
    const reader = read(inner);
    const span = this.span(inner);
    const keyword = definitionKeywords.find((word) => reader.token(`Keyword_${word}`) !== undefined);
    if (keyword === undefined) return undefined;
    const [name, ...rest] = this.names(reader);
    const parameters = reader.node_("parameters");
    const value = reader.node_("equals");
    const trained = reader.node_("expression");
    const of =
      keyword === "ablation" ? rest.map<ast.NameExpression>((of) => ({ ...of, kind: "Name" })) : trained && [this.expression(trained)];
    return {
      kind: "Definition",
      keyword,
      name: name ?? this.identifier(undefined, span),
      ...(parameters && { parameters: read(parameters).nodes("parameter").map((parameter) => this.parameter(parameter)) }),
      ...(of && { of }),
      ...(value && { value: this.optional(read(value).node_("expression"), span) }),
      body: this.body(inner),
      documentation: this.documentation(span.start),
      damaged: this.damaged(span),
      ...span,
    };
  }

  /** The block of `///` lines that ends directly above. Definitions are asked for in the order of the text. */
  private documentation(start: number): string {
    while (this.passed < this.comments.length && this.comments[this.passed]!.start < start) this.passed++;
    const lines: string[] = [];
    let below = start;
    for (let i = this.passed - 1; i >= 0; i--) {
      const comment = this.comments[i]!;
      const isNext = /^\s*$/.test(this.text.slice(comment.end, below)) && lineBreaks(this.text.slice(comment.end, below)) <= 1;
      if (!isNext || !comment.value.startsWith("///") || !this.isFirstOnLine(comment)) break;
      lines.unshift(comment.value.slice(3).replace(/^ /, ""));
      below = comment.start;
    }
    return lines.join("\n");
  }

  /** A comment behind something belongs to that, not to what follows. */
  private isFirstOnLine({ start }: ast.Comment): boolean {
    let before = start;
    while (before > 0 && /[ \t\uFEFF]/.test(this.text[before - 1]!)) before--;
    return before === 0 || /[\r\n]/.test(this.text[before - 1]!);
  }

  private parameter(node: CstNode): ast.Parameter {
    const reader = read(node);
    const [name, axes] = this.names(reader);
    const value = reader.node_("expression");
    return {
      kind: "Parameter",
      name: name ?? this.identifier(undefined, this.span(node)),
      ...(axes && { axes, axesKeyword: reader.token("Keyword_along") === undefined ? "over" : "along" }),
      ...(value && { default: this.expression(value) }),
      ...this.span(node),
    };
  }

  private axes(node: CstNode | undefined): ast.AxisDeclaration[] {
    return node === undefined ? [] : read(node).nodes("axis").map((axis) => this.axis(axis));
  }

  private axis(node: CstNode): ast.AxisDeclaration {
    const reader = read(node);
    const extent = reader.node_("expression");
    const name = this.names(reader)[0] ?? this.identifier(undefined, this.span(node));
    return { kind: "AxisDeclaration", name, ...(extent && { extent: this.expression(extent) }), ...this.span(node) };
  }

  private path(node: CstNode): ast.Path {
    // In `stage.1.2.mlp` the lexer sees the number 1.2, which is two segments.
    const segments = read(node).nodes("segment").flatMap((segment) => read(segment).ordered().filter(isToken).flatMap((token) => token.image.split(".")));
    return { kind: "Path", segments, ...this.span(node) };
  }

  private paths(reader: Reader): ast.Path[] {
    return reader.nodes("path").map((path) => this.path(path));
  }

  /** The statements of a node that holds them directly or in its one block. */
  private body(node: CstNode | undefined): ast.Statement[] {
    if (node === undefined) return [];
    const reader = read(node);
    const block = reader.nodes("block", "stackBlock", "variant")[0];
    if (block !== undefined) return this.body(block);
    return reader
      .nodes("statement", "stackItem", "setting", "variantItem", "vary", "exclude", "seeds", "ablationReport")
      .flatMap((statement) => this.statement(statement) ?? []);
  }

  private statement(node: CstNode): ast.Statement | undefined {
    const reader = read(node);
    const span = this.span(node);
    const inner = () => reader.ordered().find((child): child is CstNode => !isToken(child));
    const name = () => this.names(reader)[0] ?? this.identifier(undefined, span);
    const value = (index = 0) => this.optional(reader.nodes("expression")[index], span);
    switch (node.name) {
      case "statement":
      case "stackItem":
      case "variantItem": {
        const child = inner();
        return child && this.statement(child);
      }
      case "param":
        return { kind: "Param", name: name(), axes: this.axes(reader.node_("axes")), initial: this.initial(reader.node_("initial"), span), ...span };
      case "state":
        return { kind: "State", name: name(), axes: this.axes(reader.node_("axes")), value: value(), ...span };
      case "binding":
        return { kind: "Binding", name: name(), value: value(), ...span };
      case "update":
        return { kind: "Update", name: name(), value: value(), ...span };
      case "when":
      case "stackWhen": {
        const [then, otherwise] = reader.nodes("block", "stackBlock");
        // oxlint-disable-next-line unicorn/no-thenable -- the field of the tree is no function
        return { kind: "When", condition: value(), then: this.body(then), ...(otherwise && { otherwise: this.body(otherwise) }), ...span };
      }
      case "return": {
        const block = reader.node_("block");
        return { kind: "Return", value: value(), ...(block && { gradient: { cotangent: name(), body: this.body(block) } }), ...span };
      }
      case "inputs": {
        const below = reader.node_("expression");
        return { kind: "Input", name: name(), axes: this.axes(reader.node_("axes")), ...(below && { below: this.expression(below) }), ...span };
      }
      case "loss":
        return { kind: "Loss", value: value(), ...span };
      case "report": {
        const given = this.names(reader)[0];
        return { kind: "Report", ...(given && { name: given }), value: value(), ...span };
      }
      case "groups":
        return { kind: "Groups", groups: reader.nodes("axis").map((axis) => this.axis(axis)), ...span };
      case "normalize": {
        const policy = reader.node_("policy");
        return { kind: "Normalize", at: this.paths(reader), ...(policy && { policy: this.policy(policy) }), ...span };
      }
      case "place":
        return { kind: "Place", value: value(), ...span };
      case "repeat":
        return { kind: "Repeat", count: value(), body: this.body(reader.node_("stackBlock")), ...span };
      case "sublayer": {
        const placed = reader.node_("expression");
        const policy = reader.node_("policy");
        return {
          kind: "Sublayer",
          value: this.optional(reader.node_("applied"), span),
          ...(placed && { placed: this.expression(placed) }),
          ...(policy && { normalized: this.policy(policy) }),
          ...span,
        };
      }
      case "setting":
        return this.setting(reader, span);
      case "measurement": {
        const path = reader.node_("path");
        const every = reader.token("Keyword_every");
        const measures = reader.nodes("expression").map((measure) => this.expression(measure));
        const count = every === undefined ? undefined : measures.pop();
        return { kind: "Measurement", measures, ...(path && { at: this.path(path) }), ...(count && { every: { count, unit: name() } }), ...span };
      }
      case "vary":
        return { kind: "Vary", paths: this.paths(reader), choices: reader.nodes("expression").map((choice) => this.expression(choice)), ...span };
      case "exclude": {
        const conditions = this.paths(reader).map((path, i) => ({ path, value: value(i) }));
        return { kind: "Exclude", conditions, ...span };
      }
      case "seeds":
        return { kind: "Seeds", value: value(), ...span };
      case "ablationReport":
        return { kind: "AblationReport", paths: this.paths(reader), ...span };
      default:
        return undefined;
    }
  }

  private setting(reader: Reader, span: ast.Span): ast.Statement | undefined {
    const measurement = reader.node_("measurement");
    if (measurement !== undefined) return this.statement(measurement);
    if (reader.token("Keyword_freeze") !== undefined) return { kind: "Freeze", at: this.paths(reader), ...span };
    const keyword = settingKeywords.find((word) => reader.token(`Keyword_${word}`) !== undefined);
    return keyword && { kind: "Setting", keyword, at: this.paths(reader), value: this.optional(reader.node_("expression"), span), ...span };
  }

  private initial(node: CstNode | undefined, near: ast.Span): ast.Initial {
    if (node === undefined) return { kind: "Initial", drawn: false, value: missing(near), ...near };
    const reader = read(node);
    return { kind: "Initial", drawn: reader.token("Tilde") !== undefined, value: this.optional(reader.node_("expression"), near), ...this.span(node) };
  }

  private policy(node: CstNode): ast.PolicyExpression {
    const lines = read(node).nodes("policyLine").map<ast.PolicyLine>((line) => {
      const reader = read(line);
      const value = this.optional(reader.node_("expression"), this.span(line));
      return { kind: "PolicyLine", ...(reader.token("Rest") === undefined && { groups: this.names(reader) }), value, ...this.span(line) };
    });
    return { kind: "Policy", lines, ...this.span(node) };
  }

  private optional(node: CstNode | undefined, near: ast.Span): ast.Expression {
    return node === undefined ? missing(near) : this.expression(node);
  }

  private expression(node: CstNode): ast.Expression {
    const reader = read(node);
    const span = this.span(node);
    switch (node.name) {
      case "expression": {
        let result = this.optional(reader.node_("disjunction"), span);
        for (const suffix of reader.nodes("suffix")) {
          const part = read(suffix);
          const place = { start: span.start, end: this.span(suffix).end };
          const condition = part.node_("disjunction");
          const variant = part.node_("variant");
          if (condition !== undefined) result = { kind: "Where", value: result, condition: this.expression(condition), ...place };
          else if (variant !== undefined) result = { kind: "Variant", base: result, items: this.body(variant), ...place };
        }
        return result;
      }
      case "disjunction":
      case "conjunction":
      case "comparison":
      case "sum":
      case "product":
      case "power":
        return this.chain(reader, span);
      case "negation": {
        const operand = this.optional(reader.node_("comparison"), span);
        return reader.token("Keyword_not") === undefined ? operand : { kind: "Unary", operator: "not", operand, ...span };
      }
      case "unary": {
        const operand = reader.node_("unary");
        if (reader.token("Minus") === undefined) return this.optional(reader.node_("power"), span);
        return { kind: "Unary", operator: "-", operand: this.optional(operand, span), ...span };
      }
      case "postfix":
        return reader
          .nodes("call", "member", "renaming")
          .reduce((object, part) => this.suffix(object, part, span.start), this.optional(reader.node_("primary"), span));
      case "applied": {
        const [name] = this.names(reader);
        return reader
          .nodes("call", "member", "renaming")
          .reduce<ast.Expression>((object, part) => this.suffix(object, part, span.start), name === undefined ? missing(span) : { ...name, kind: "Name" });
      }
      default:
        return this.primary(reader, span);
    }
  }

  /** Operands and operators in turn, associated to the left. */
  private chain(reader: Reader, span: ast.Span): ast.Expression {
    let result: ast.Expression | undefined;
    let operator: ast.BinaryOperator | undefined;
    for (const child of reader.ordered()) {
      if (isToken(child)) {
        operator = child.image as ast.BinaryOperator;
        continue;
      }
      const operand = this.expression(child);
      result =
        result === undefined || operator === undefined
          ? operand
          : { kind: "Binary", operator, left: result, right: operand, start: span.start, end: this.span(child).end };
    }
    return result ?? missing(span);
  }

  /** `start` is where the whole expression starts: before `object` when that stands in parentheses. */
  private suffix(object: ast.Expression, node: CstNode, start: number): ast.Expression {
    const reader = read(node);
    const span = { start, end: this.span(node).end };
    const names = this.names(reader);
    switch (node.name) {
      case "member":
        return { kind: "Member", object, name: names[0] ?? this.identifier(undefined, this.span(node)), ...span };
      case "renaming": {
        const pairs = reader.nodes("renamed").flatMap((renamed) => {
          const [from, to] = this.names(read(renamed));
          return from && to ? [{ from, to }] : [];
        });
        return { kind: "Renaming", object, pairs, ...span };
      }
      default:
        return { kind: "Call", callee: object, ...(names[0] && { site: names[0] }), arguments: this.arguments(reader.nodes("argument")), ...span };
    }
  }

  /**
   * Arguments, with axis lists gathered: in `dot(a, b over head, key)` the grammar reads `key` as one more argument, and
   * in `merge(x, group, channel into feature)` it is the callee that takes the names before `into`.
   */
  private arguments(nodes: readonly CstNode[]): ast.Argument[] {
    const result: ast.Argument[] = [];
    for (const node of nodes) {
      const reader = read(node);
      const name = this.names(reader)[0];
      const value = this.optional(reader.node_("expression"), this.span(node));
      const keyword = clauseKeywords.find((word) => reader.token(`Keyword_${word}`) !== undefined);
      const axis = reader.node_("axis");
      const last = result.at(-1);
      const open = last?.clause;
      const continues = open !== undefined && keyword === undefined && value.kind !== "Missing" &&
        (name === undefined ? value.kind === "Name" : open.keyword === "into");
      if (continues) {
        const item: ast.AxisDeclaration =
          name === undefined
            ? { kind: "AxisDeclaration", name: { kind: "Identifier", name: (value as ast.NameExpression).name, start: value.start, end: value.end }, start: value.start, end: value.end }
            : { kind: "AxisDeclaration", name, extent: value, ...this.span(node) };
        const clause: ast.Clause = { ...open, axes: [...open.axes, item], end: item.end };
        result[result.length - 1] = { ...last!, clause, end: item.end };
        continue;
      }
      const clause: ast.Clause | undefined = keyword && {
        kind: "Clause",
        keyword,
        axes: axis === undefined ? [] : [this.axis(axis)],
        start: reader.token(`Keyword_${keyword}`)!.startOffset,
        end: this.span(node).end,
      };
      result.push({ kind: "Argument", ...(name && { name }), value, ...(clause && { clause }), ...this.span(node) });
    }
    return result;
  }

  private primary(reader: Reader, span: ast.Span): ast.Expression {
    const token = (name: string) => reader.token(name)?.image;
    const number = token("Number");
    if (number !== undefined) return { kind: "Number", value: Number(number), text: number, ...span };
    const percentage = token("Percentage");
    if (percentage !== undefined) return { kind: "Number", value: Number(percentage.slice(0, -1)) / 100, text: percentage, ...span };
    const string = token("String");
    if (string !== undefined) return { kind: "String", value: unquote(string), ...span };
    if (token("Keyword_true") !== undefined) return { kind: "Boolean", value: true, ...span };
    if (token("Keyword_false") !== undefined) return { kind: "Boolean", value: false, ...span };
    if (token("Keyword_none") !== undefined) return { kind: "None", ...span };
    if (token("Keyword_param") !== undefined) {
      return { kind: "ParamExpression", axes: this.axes(reader.node_("axes")), initial: this.initial(reader.node_("initial"), span), ...span };
    }
    const name = token("Name");
    if (name !== undefined) return { kind: "Name", name, ...span };
    const policy = reader.node_("policy");
    if (policy !== undefined) return this.policy(policy);
    const items = reader.nodes("expression").map((item) => this.expression(item));
    if (items.length === 0) return missing(span);
    // Parentheses leave no node: the printer puts them back where precedence asks for them.
    return items.length === 1 ? items[0]! : { kind: "Tuple", items, ...span };
  }
}

const definitionKeywords: readonly ast.DefinitionKeyword[] = [
  "norm", "placement", "layer", "function", "objective", "optimizer", "schedule", "initializer", "measure",
  "stack", "model", "train", "ablation",
];
const settingKeywords = ["data", "optimizer", "schedule", "batch", "epochs", "steps", "seed", "holdout"] as const;
const clauseKeywords = ["over", "except", "along", "into"] as const;

function lineBreaks(text: string): number {
  return text.match(/\r\n|\r|\n/g)?.length ?? 0;
}

function missing(near: ast.Span): ast.Missing {
  return { kind: "Missing", start: near.start, end: near.end };
}

function unquote(text: string): string {
  return text.slice(1, -1).replace(/\\(["\\])/g, "$1");
}
