/** Names for the values of the emitted text. */

import { type Call, Named, type Value, isValue, valuesOf } from "./call.js";
import { withoutKey } from "./outline.js";

const reserved = new Set(
  ("break case catch class const continue debugger default delete do else enum export extends false finally for function if " +
    "implements import in instanceof interface let new null package private protected public return static super switch " +
    "this throw true try typeof var void while with yield await async of arguments eval undefined NaN Infinity " +
    "tf runtime at slot input update layer parameter createProgram origins").split(" "),
);

/** Identifiers of one scope, each given once. */
export class Scope {
  private readonly taken: Set<string>;
  constructor(outer?: Scope) {
    this.taken = new Set(outer?.taken);
  }

  /** Keeps a name that is used here from being given. */
  reserve(name: string): void {
    this.taken.add(name);
  }

  /** `base`, or `base` with the smallest number that makes it new. */
  name(base: string): string {
    let name = base;
    for (let number = 2; reserved.has(name) || this.taken.has(name); number++) name = `${base}${number}`;
    this.taken.add(name);
    return name;
  }
}

/** `encoder.0.w_query` becomes `encoder0WQuery`. */
export function camelCase(name: string): string {
  const words = name.normalize("NFC").split(/[^\p{L}\p{N}]+/u).filter((word) => word !== "");
  const joined = words.map((word, i) => (i === 0 ? word.charAt(0).toLowerCase() : word.charAt(0).toUpperCase()) + word.slice(1)).join("");
  return /^\p{L}/u.test(joined) ? joined : `value${joined}`;
}

export function capitalised(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1);
}

/** The last word of a dotted name, without the part that repeats from layer to layer. */
export function shortName(name: string, key: string): string {
  const rest = withoutKey(name, key, "").split(".").filter((segment) => segment !== "" && !/^\d+$/.test(segment));
  return camelCase(rest.at(-1) ?? "value");
}

const nouns: Readonly<Record<string, string>> = {
  neg: "negated", exp: "exponential", expOfNonPositive: "exponential", log: "logarithm", sqrt: "root", rsqrt: "inverseRoot",
  abs: "magnitude", logicalNot: "negation", add: "sum", sub: "difference", mul: "scaled", div: "quotient", pow: "power",
  maximum: "larger", minimum: "smaller", less: "isLess", lessEqual: "isAtMost", equal: "isEqual", notEqual: "isNotZero",
  logicalAnd: "both", logicalOr: "either", where: "chosen", sum: "total", max: "maximum", matMul: "product",
  fill: "filled", range: "positions", scalar: "constant", uniform: "uniform", normal: "normal", gather: "rows",
  scatterND: "scattered", argsort: "order", concat: "joined", pad: "padded", stopGradient: "stopped", clone: "copy",
};
/** Calls that give their operand another form: they are called after it. */
const forms: Readonly<Record<string, string>> = {
  reshape: "Reshaped", transpose: "Transposed", broadcastTo: "Repeated", slice: "Part", cast: "Cast",
};

/** What a value is called, before it is made unique in its scope. */
export class Namer {
  private readonly gradients = new Map<Value, string>();
  private readonly next = new Map<Value, string>();
  private readonly results = new Map<Value, string>();
  private readonly makers = new Map<Value, Call>();

  constructor(calls: readonly Call[], results: ReadonlyMap<string, Value>) {
    for (const [name, value] of results) this.results.set(value, camelCase(name));
    for (const call of calls) if (call.result !== undefined) this.makers.set(call.result, call);
    for (const { name, args, region } of calls) {
      const [slot, value] = args;
      if (name === "update" && slot instanceof Named && isValue(value)) {
        this.next.set(value, `next${capitalised(shortName(slot.name, region.key))}`);
      }
      if (region.phase !== "update" || region.key === "") continue;
      for (const each of valuesOf(args)) {
        if (this.makers.get(each)?.region.phase === "backward") this.gradients.set(each, `${shortName(region.key, "")}Gradient`);
      }
    }
  }

  isGradient(value: Value): boolean {
    return this.gradients.has(value);
  }

  baseOf(value: Value): string {
    return this.results.get(value) ?? this.next.get(value) ?? this.gradients.get(value) ?? this.computed(value);
  }

  private computed(value: Value): string {
    if (value.external !== undefined) return shortName(value.external.name, "");
    const { name, args, region, op } = this.makers.get(value)!;
    const form = forms[name];
    if (form !== undefined) return this.formOf(args[0] as Value, form);
    if (name === "fill") return args[1] === 0 ? "zeros" : args[1] === 1 ? "ones" : "filled";
    const noun = nouns[name] ?? name;
    const slot = name === "matMul" || name === "gather" ? valuesOf(args).find((each) => each.root.external?.kind === "slot") : undefined;
    if (region.phase === "backward") return `gradient${capitalised(noun)}`;
    if (slot !== undefined) return `${shortName(slot.root.external!.name, "")}${capitalised(noun)}`;
    if (region.phase === "update") return noun;
    const place = shortName(op.place, region.key);
    return place === "value" ? noun : `${place}${capitalised(noun)}`;
  }

  /** The name of `value` with that suffix, in place of any suffix of that kind that it has already. */
  private formOf(value: Value, form: string): string {
    const maker = this.makers.get(value);
    if (maker !== undefined && maker.name in forms) return this.formOf(maker.args[0] as Value, form);
    return `${this.baseOf(value)}${form}`;
  }
}
