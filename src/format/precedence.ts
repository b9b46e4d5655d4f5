/** How tightly expressions bind, from the grammar, so that parentheses stand only where the tree needs them. */

import type { Binary, BinaryOperator, Expression } from "../syntax/ast.js";

/** From loose to tight. An expression needs parentheses where something tighter than itself is asked for. */
export const precedence = {
  /** `param[feature] = …` reads on as far as an expression goes. */
  whole: 0,
  suffixed: 1,
  or: 2,
  and: 3,
  not: 4,
  comparison: 5,
  sum: 6,
  product: 7,
  unary: 8,
  power: 9,
  postfix: 10,
} as const;

const binary: Readonly<Record<BinaryOperator, number>> = {
  or: precedence.or,
  and: precedence.and,
  "<": precedence.comparison,
  "<=": precedence.comparison,
  ">": precedence.comparison,
  ">=": precedence.comparison,
  "==": precedence.comparison,
  "!=": precedence.comparison,
  "+": precedence.sum,
  "-": precedence.sum,
  "*": precedence.product,
  "/": precedence.product,
  "^": precedence.power,
};

export function precedenceOf(expression: Expression): number {
  switch (expression.kind) {
    case "ParamExpression":
      return precedence.whole;
    case "Where":
    case "Variant":
      return precedence.suffixed;
    case "Binary":
      return binary[expression.operator];
    case "Unary":
      return expression.operator === "not" ? precedence.not : precedence.unary;
    default:
      return precedence.postfix;
  }
}

/** How tightly the operands of an operator must bind to stand without parentheses. */
export function operandPrecedence({ operator }: Binary): { readonly left: number; readonly right: number } {
  const own = binary[operator];
  // Comparisons do not chain. The exponent may be negated or a power again; all the rest associates to the left.
  if (own === precedence.comparison) return { left: precedence.sum, right: precedence.sum };
  if (own === precedence.power) return { left: precedence.postfix, right: precedence.unary };
  return { left: own, right: own + 1 };
}
