/** Typical mistakes. Every text holds one, between two definitions that are right. */

export interface MistakeCase {
  readonly what: string;
  readonly text: string;
}

const inside = (statements: string) => `norm f(x) {\n${statements}\n}`;
const inStack = (items: string) => `stack s() {\n${items}\n}`;
const inTrain = (settings: string) => `train t of m {\n${settings}\n}`;

export const mistakes: readonly MistakeCase[] = [
  { what: "an unknown word for a definition", text: "blok f(x) {\n  return x\n}" },
  { what: "a misspelled word for a definition", text: "optimiser f(p, g, rate) {\n  p <- p - g\n}" },
  { what: "a definition without a name", text: "norm (x) { return x }" },
  { what: "a definition named by a reserved word", text: "norm repeat(x) { return x }" },
  { what: "a definition without parameters", text: "norm f { return x }" },
  { what: "a stray character between definitions", text: "$" },
  { what: "a stray word between definitions", text: "hello" },
  { what: "a definition closed twice", text: "norm f(x) {\n  return x\n}\n}" },
  { what: "a missing `=`", text: inside("  a x\n  b = x") },
  { what: "a missing value", text: inside("  a =\n  b = x") },
  { what: "a missing value at the end", text: inside("  a = x\n  b =") },
  { what: "a missing operand", text: inside("  a = x +\n  b = x") },
  { what: "an operator too much", text: inside("  a = x * / 2\n  b = x") },
  { what: "a comparison that chains", text: inside("  a = 0 < x < 1\n  b = x") },
  { what: "`==` in place of `=`", text: inside("  a == x\n  b = x") },
  { what: "a missing `)`", text: inside("  a = mean(x over feature\n  b = x") },
  { what: "a missing `)` before a block", text: "norm f(x {\n  return x\n}" },
  { what: "a missing `]`", text: inside("  param scale[feature = 1\n  b = x") },
  { what: "a `)` too much", text: inside("  a = mean(x over feature))\n  b = x") },
  { what: "the wrong closing bracket", text: inside("  a = mean(x over feature]\n  b = x") },
  { what: "a missing comma between arguments", text: inside("  a = f(x y)\n  b = x") },
  { what: "a missing comma between parameters", text: "norm f(x eps = 1) { return x }" },
  { what: "two commas between arguments", text: inside("  a = f(x,, y)\n  b = x") },
  { what: "`=` to name an argument", text: inside("  a = layer(x, eps = 1e-6)\n  b = x") },
  { what: "a missing axis behind `over`", text: inside("  a = mean(x over)\n  b = x") },
  { what: "a reserved word as a name", text: inside("  loss = x\n  b = x") },
  { what: "a reserved word in an expression", text: inside("  a = 2 * state\n  b = x") },
  { what: "a text that is not closed", text: inside('  a = f("abc)\n  b = x') },
  { what: "an escape that means nothing", text: inside('  a = f("C:\\data")\n  b = x') },
  { what: "a text in single quotes", text: inside("  a = f('abc')\n  b = x") },
  { what: "a semicolon", text: inside("  a = x;\n  b = x") },
  { what: "`&&` for `and`", text: inside("  a = x && y\n  b = x") },
  { what: "a number that starts with a dot", text: inside("  a = .5 * x\n  b = x") },
  { what: "a missing initial value", text: inside("  param scale[feature]\n  b = x") },
  { what: "a missing `}`", text: "norm f(x) {\n  return x" },
  { what: "a missing `}` of an inner block", text: "norm f(x) {\n  when training {\n    a = x\n  b = x\n}" },
  { what: "a missing `{`", text: "norm f(x)\n  return x\n}" },
  { what: "a missing `{` of an inner block", text: inside("  when training\n    a = x\n  }\n  b = x") },
  { what: "an empty `groups`", text: inStack("  groups {}\n  place pre") },
  { what: "a missing comma between groups", text: inStack("  groups { cls tokens }\n  place pre") },
  { what: "a policy without a norm", text: inStack("  normalize {\n    cls:\n    tokens: layer\n  }") },
  { what: "a policy with `=`", text: inStack("  normalize {\n    cls = batch\n    tokens: layer\n  }") },
  { what: "a misspelled statement in a stack", text: inStack("  normalise {\n    cls: batch\n  }\n  place pre") },
  { what: "a statement of a norm in a stack", text: inStack("  param scale = 1\n  place pre") },
  { what: "a sublayer in a norm", text: inside("  attention(x)\n  b = x") },
  { what: "an unknown setting", text: inTrain("  learning_rate 0.1\n  batch 128") },
  { what: "a setting with `=`", text: inTrain("  batch = 128\n  epochs 3") },
  { what: "a setting without a value", text: inTrain("  batch\n  epochs 3") },
  { what: "a `train` without `of`", text: "train t {\n  batch 128\n}" },
  { what: "a `vary` without `in`", text: "ablation a of t {\n  vary s.place { pre, post }\n  seeds 3\n}" },
  { what: "a `vary` without choices", text: "ablation a of t {\n  vary s.place in {}\n  seeds 3\n}" },
  { what: "a `use` without a name", text: "use" },
  { what: "a `use` with a missing comma", text: "use std.norms { layer batch }" },
  { what: "two mistakes in one definition", text: inside("  a =\n  b = x\n  c = f(x y)\n  d = x") },
];
