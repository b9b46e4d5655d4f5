/** From the parser's concrete tree, which is always of a correct text, to the typed syntax tree. */

import type { IToken } from "#chevrotain";
import type * as ast from "./ast.js";
import { type Reader, spanOf } from "./read-cst.js";

export function identifier(token: IToken): ast.Identifier {
  return { kind: "Identifier", name: token.image, ...spanOf(token) };
}

function names(node: Reader): ast.Identifier[] {
  return node.tokens("Name").map(identifier);
}

function name(node: Reader): ast.Identifier {
  return names(node)[0]!;
}

/** Builds the nodes of one text, definitions in the order of the text. */
export class TreeBuilder {
  /** How many comments stand before the definition that was built last. */
  private passed = 0;

  constructor(
    private readonly text: string,
    private readonly comments: readonly ast.Comment[],
  ) {}

  use(node: Reader): ast.Use {
    const file = node.token("String");
    const path = names(node);
    const items = node.all("useItem").map<ast.UseItem>((item) => {
      const alias = names(item)[1];
      return { kind: "UseItem", name: name(item), ...(alias && { alias }), ...item.span };
    });
    return {
      kind: "Use",
      module: file === undefined ? path.map((part) => part.name).join(".") : unquote(file.image),
      isFile: file !== undefined,
      modulePlace: file === undefined ? { start: path[0]!.start, end: path.at(-1)!.end } : spanOf(file),
      ...(items.length > 0 && { items }),
      ...node.span,
    };
  }

  definition(node: Reader): ast.Definition {
    const inner = node.one("callable", "stack", "model", "train", "ablation");
    const keyword = inner.keyword(definitionKeywords)!;
    const [own, ...others] = names(inner);
    const parameters = inner.optional("parameters");
    const value = inner.optional("equals");
    const trained = inner.optional("expression");
    const of = keyword === "ablation" ? others.map<ast.NameExpression>((other) => ({ ...other, kind: "Name" })) : trained && [this.expression(trained)];
    return {
      kind: "Definition",
      keyword,
      name: own!,
      ...(parameters && { parameters: parameters.all("parameter").map((parameter) => this.parameter(parameter)) }),
      ...(of && { of }),
      ...(value && { value: this.value(value) }),
      body: this.body(inner),
      documentation: this.documentation(inner.span.start),
      damaged: false,
      ...inner.span,
    };
  }

  /** The block of `///` lines that ends directly above. Definitions are asked for in the order of the text. */
  private documentation(start: number): string {
    while (this.passed < this.comments.length && this.comments[this.passed]!.start < start) this.passed++;
    const lines: string[] = [];
    let below = start;
    for (let i = this.passed - 1; i >= 0; i--) {
      const comment = this.comments[i]!;
      const between = this.text.slice(comment.end, below);
      if (!/^\s*$/.test(between) || lineBreaks(between) > 1 || !comment.value.startsWith("///") || !this.isFirstOnLine(comment)) break;
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

  private parameter(node: Reader): ast.Parameter {
    const axes = names(node)[1];
    const value = node.optional("expression");
    return {
      kind: "Parameter",
      name: name(node),
      ...(axes && { axes, axesKeyword: node.keyword(["over", "along"])! }),
      ...(value && { default: this.expression(value) }),
      ...node.span,
    };
  }

  /** The axes in the brackets of a node, if it has some. */
  private axes(node: Reader): ast.AxisDeclaration[] {
    return node.optional("axes")?.all("axis").map((axis) => this.axis(axis)) ?? [];
  }

  private axis(node: Reader): ast.AxisDeclaration {
    const extent = node.optional("expression");
    return { kind: "AxisDeclaration", name: name(node), ...(extent && { extent: this.expression(extent) }), ...node.span };
  }

  private path(node: Reader): ast.Path {
    // In `stage.1.2.mlp` the lexer sees the number 1.2, which is two segments.
    const segments = node.all("segment").flatMap(({ span }) => this.text.slice(span.start, span.end).split("."));
    return { kind: "Path", segments, ...node.span };
  }

  private paths(node: Reader): ast.Path[] {
    return node.all("path").map((path) => this.path(path));
  }

  private reported(node: Reader): ast.Reported {
    const best = node.token("Keyword_highest") ? "highest" : node.token("Keyword_lowest") ? "lowest" : undefined;
    return { kind: "Reported", path: this.path(node.one("path")!), ...(best && { best }), ...node.span };
  }

  /** The statements of a node that holds them directly or in its block. */
  private body(node: Reader | undefined): ast.Statement[] {
    if (node === undefined) return [];
    const block = node.optional("block", "stackBlock");
    if (block !== undefined) return this.body(block);
    return node
      .all("statement", "stackItem", "setting", "variantItem", "vary", "exclude", "seeds", "ablationReport")
      .map((statement) => this.statement(statement));
  }

  private statement(node: Reader): ast.Statement {
    const { span } = node;
    switch (node.rule) {
      case "param": {
        const kept = node.optional("expression");
        return { kind: "Param", name: name(node), axes: this.axes(node), initial: this.initial(node.one("initial")), ...(kept && { kept: this.expression(kept) }), ...span };
      }
      case "state":
        return { kind: "State", scope: node.keyword(stateKeywords) ?? "state", name: name(node), axes: this.axes(node), value: this.value(node), ...span };
      case "binding":
        return { kind: "Binding", name: name(node), value: this.value(node), ...span };
      case "update":
        return { kind: "Update", name: name(node), value: this.value(node), ...span };
      case "when":
      case "stackWhen": {
        const [then, otherwise] = node.all("block", "stackBlock");
        // oxlint-disable-next-line unicorn/no-thenable -- the field of the tree is no function
        return { kind: "When", condition: this.value(node), then: this.body(then), ...(otherwise && { otherwise: this.body(otherwise) }), ...span };
      }
      case "return": {
        const gradient = node.optional("block");
        return { kind: "Return", value: this.value(node), ...(gradient && { gradient: { cotangent: name(node), body: this.body(gradient) } }), ...span };
      }
      case "inputs": {
        const below = node.optional("expression");
        return { kind: "Input", name: name(node), axes: this.axes(node), ...(below && { below: this.expression(below) }), ...span };
      }
      case "loss":
        return { kind: "Loss", value: this.value(node), ...span };
      case "report": {
        const [given] = names(node);
        return { kind: "Report", ...(given && { name: given }), value: this.value(node), ...span };
      }
      case "groups":
        return { kind: "Groups", groups: node.all("axis").map((axis) => this.axis(axis)), ...span };
      case "normalize": {
        const policy = node.optional("policy");
        return { kind: "Normalize", at: this.paths(node), ...(policy && { policy: this.policy(policy) }), ...span };
      }
      case "place":
        return { kind: "Place", value: this.value(node), ...span };
      case "repeat":
        return { kind: "Repeat", count: this.value(node), body: this.body(node), ...span };
      case "sublayer": {
        const placed = node.optional("expression");
        const policy = node.optional("policy");
        return {
          kind: "Sublayer",
          value: this.expression(node.one("applied")),
          ...(placed && { placed: this.expression(placed) }),
          ...(policy && { normalized: this.policy(policy) }),
          ...span,
        };
      }
      case "setting":
        return this.setting(node);
      case "measurement": {
        const path = node.optional("path");
        const values = node.all("expression").map((value) => this.expression(value));
        const given = node.all("binding").map((binding) => this.statement(binding) as ast.Binding);
        const words = names(node);
        const mode = node.token("Keyword_in") && words.shift()!;
        const of = node.token("Keyword_of") && { count: values.pop()!, unit: words.pop()! };
        const every = node.token("Keyword_every") && { count: values.pop()!, unit: words.pop()! };
        return { kind: "Measurement", measures: values, ...(path && { at: this.path(path) }), given, ...(mode && { mode }), ...(every && { every }), ...(of && { of }), ...span };
      }
      case "vary":
        return { kind: "Vary", paths: this.paths(node), choices: node.all("expression").map((choice) => this.expression(choice)), ...span };
      case "exclude": {
        const values = node.all("expression").map((value) => this.expression(value));
        return { kind: "Exclude", conditions: this.paths(node).map((path, i) => ({ path, value: values[i]! })), ...span };
      }
      case "seeds":
        return { kind: "Seeds", value: this.value(node), ...span };
      case "ablationReport":
        return { kind: "AblationReport", items: node.all("reported").map((item) => this.reported(item)), ...span };
      default: {
        // A rule of alternatives, such as `statement`, holds the one that was read.
        const [inner] = node.ordered();
        return this.statement(inner as Reader);
      }
    }
  }

  private setting(node: Reader): ast.Statement {
    const measurement = node.optional("measurement");
    if (measurement !== undefined) return this.statement(measurement);
    const at = this.paths(node);
    if (node.token("Keyword_from") !== undefined) return { kind: "From", value: this.value(node), at, ...node.span };
    const keyword = node.keyword(settingKeywords);
    return keyword === undefined ? { kind: "Freeze", at, ...node.span } : { kind: "Setting", keyword, at, value: this.value(node), ...node.span };
  }

  private initial(node: Reader): ast.Initial {
    return { kind: "Initial", drawn: node.token("Tilde") !== undefined, value: this.value(node), ...node.span };
  }

  private policy(node: Reader): ast.PolicyExpression {
    const lines = node.all("policyLine").map<ast.PolicyLine>((line) => ({
      kind: "PolicyLine",
      ...(line.token("Rest") === undefined && { groups: names(line) }),
      value: this.value(line),
      ...line.span,
    }));
    return { kind: "Policy", lines, ...node.span };
  }

  /** The one expression of a node. */
  private value(node: Reader): ast.Expression {
    return this.expression(node.one("expression"));
  }

  private expression(node: Reader): ast.Expression {
    if (node.rule === "primary") return this.primary(node);
    // Most levels of the grammar hold nothing but the next one.
    const { only } = node;
    if (only !== undefined) return this.expression(only);
    const { span } = node;
    switch (node.rule) {
      case "expression":
        return node.all("suffix").reduce((value, suffix) => this.suffixed(value, suffix, span.start), this.expression(node.one("disjunction")));
      case "disjunction":
      case "conjunction":
      case "comparison":
      case "sum":
      case "product":
      case "power":
        return this.chain(node);
      case "negation": {
        const operand = this.expression(node.one("comparison"));
        return node.token("Keyword_not") === undefined ? operand : { kind: "Unary", operator: "not", operand, ...span };
      }
      case "unary": {
        const operand = this.expression(node.one("unary", "power"));
        return node.token("Minus") === undefined ? operand : { kind: "Unary", operator: "-", operand, ...span };
      }
      case "postfix":
        return this.applied(this.expression(node.one("primary")), node);
      default:
        return this.applied({ ...identifier(node.token("Callee")!), kind: "Name" }, node);
    }
  }

  /** Operands and operators in turn, associated to the left. */
  private chain(node: Reader): ast.Expression {
    const [first, ...rest] = node.ordered();
    let result = this.expression(first as Reader);
    for (let i = 0; i < rest.length; i += 2) {
      const operator = (rest[i] as IToken).image as ast.BinaryOperator;
      const operand = rest[i + 1] as Reader;
      // The places are those of the operands with their parentheses, which leave no node.
      result = { kind: "Binary", operator, left: result, right: this.expression(operand), start: node.span.start, end: operand.span.end };
    }
    return result;
  }

  /** `start` is where the whole expression starts: before `value` when that stands in parentheses. */
  private suffixed(value: ast.Expression, suffix: Reader, start: number): ast.Expression {
    const span = { start, end: suffix.span.end };
    const variant = suffix.optional("variant");
    if (variant !== undefined) return { kind: "Variant", base: value, items: this.body(variant), ...span };
    return { kind: "Where", value, condition: this.expression(suffix.one("disjunction")), ...span };
  }

  /** The calls, members and renamings behind a value. */
  private applied(value: ast.Expression, node: Reader): ast.Expression {
    return node.all("call", "member", "renaming").reduce<ast.Expression>((object, part) => {
      const span = { start: node.span.start, end: part.span.end };
      switch (part.rule) {
        case "member":
          return { kind: "Member", object, name: name(part), ...span };
        case "renaming": {
          const pairs = part.all("renamed").map((renamed) => ({ from: names(renamed)[0]!, to: names(renamed)[1]! }));
          return { kind: "Renaming", object, pairs, ...span };
        }
        default: {
          const [site] = names(part);
          return { kind: "Call", callee: object, ...(site && { site }), arguments: this.arguments(part.all("argument")), ...span };
        }
      }
    }, value);
  }

  /**
   * Arguments, with axis lists gathered: in `dot(a, b over head, key)` the grammar reads `key` as one more argument, and
   * in `merge(x, group, channel into feature)` it is the callee that takes the names before `into`.
   */
  private arguments(nodes: readonly Reader[]): ast.Argument[] {
    const result: ast.Argument[] = [];
    for (const node of nodes) {
      const argument = this.argument(node);
      const last = result.at(-1);
      const axis = last?.clause && axisAfter(last.clause, argument);
      if (axis === undefined) result.push(argument);
      else result[result.length - 1] = { ...last!, clause: { ...last!.clause!, axes: [...last!.clause!.axes, axis], end: axis.end }, end: axis.end };
    }
    return result;
  }

  private argument(node: Reader): ast.Argument {
    const [own] = names(node);
    const keyword = node.keyword(clauseKeywords);
    const clause = keyword && {
      kind: "Clause" as const,
      keyword,
      axes: [this.axis(node.one("axis"))],
      start: node.token(`Keyword_${keyword}`)!.startOffset,
      end: node.span.end,
    };
    return { kind: "Argument", ...(own && { name: own }), value: this.value(node), ...(clause && { clause }), ...node.span };
  }

  private primary(node: Reader): ast.Expression {
    const { span } = node;
    const image = (token: string) => node.token(token)?.image;
    const number = image("Number");
    if (number !== undefined) return { kind: "Number", value: Number(number), text: number, ...span };
    const percentage = image("Percentage");
    if (percentage !== undefined) return { kind: "Number", value: Number(percentage.slice(0, -1)) / 100, text: percentage, ...span };
    const string = image("String");
    if (string !== undefined) return { kind: "String", value: unquote(string), ...span };
    if (image("Keyword_true") !== undefined) return { kind: "Boolean", value: true, ...span };
    if (image("Keyword_false") !== undefined) return { kind: "Boolean", value: false, ...span };
    if (image("Keyword_none") !== undefined) return { kind: "None", ...span };
    if (image("Keyword_param") !== undefined) {
      return { kind: "ParamExpression", axes: this.axes(node), initial: this.initial(node.one("initial")), ...span };
    }
    const named = image("Name");
    if (named !== undefined) return { kind: "Name", name: named, ...span };
    const policy = node.optional("policy");
    if (policy !== undefined) return this.policy(policy);
    const items = node.all("expression").map((item) => this.expression(item));
    // Parentheses leave no node: the printer puts them back where precedence asks for them.
    return items.length === 1 ? items[0]! : { kind: "Tuple", items, ...span };
  }
}

/** The axis that an argument behind a clause is, if it is one: a name, or after `into` also a name with an extent. */
function axisAfter(clause: ast.Clause, { name: own, value, clause: another, start, end }: ast.Argument): ast.AxisDeclaration | undefined {
  if (another !== undefined) return undefined;
  if (own !== undefined) return clause.keyword === "into" ? { kind: "AxisDeclaration", name: own, extent: value, start, end } : undefined;
  return value.kind === "Name" ? { kind: "AxisDeclaration", name: { ...value, kind: "Identifier" }, start: value.start, end: value.end } : undefined;
}

/** The words that start a definition. */
export const definitionKeywords: readonly ast.DefinitionKeyword[] = [
  "norm", "placement", "layer", "function", "objective", "optimizer", "schedule", "initializer", "measure",
  "stack", "model", "train", "ablation",
];
const settingKeywords = ["data", "optimizer", "schedule", "batch", "epochs", "steps", "seed", "holdout", "precision"] as const;
const stateKeywords = ["state", "shared", "stream"] as const;
const clauseKeywords = ["over", "except", "along", "into"] as const;

function unquote(text: string): string {
  return text.slice(1, -1).replace(/\\(["\\])/g, "$1");
}

function lineBreaks(text: string): number {
  return text.match(/\r\n|\r|\n/g)?.length ?? 0;
}
