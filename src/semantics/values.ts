/** The values that expressions have while a program is elaborated. */

import type * as ast from "../syntax/ast.js";
import type { Place } from "../diagnostics/diagnostic.js";
import type { Op } from "../ir/program.js";
import type { Axis } from "../ir/types.js";
import type { Module } from "./modules.js";

export type Value =
  | NumberValue | BooleanValue | TextValue | NoneValue | TensorValue | PendingValue | CallableValue | IntrinsicValue
  | NativeValue | PolicyValue | ModuleValue | TupleValue | PoisonValue;

export interface NumberValue {
  readonly kind: "number";
  readonly value: number;
}
export interface BooleanValue {
  readonly kind: "boolean";
  readonly value: boolean;
}
export interface TextValue {
  readonly kind: "text";
  readonly value: string;
}
export interface NoneValue {
  readonly kind: "none";
}

/** A part of the `token` axis. */
export interface Segment {
  readonly name: string;
  readonly extent: number;
}

export interface TensorValue {
  readonly kind: "tensor";
  readonly op: Op;
  /** Conditions under all of which an element is valid; reductions over their axes skip the others. */
  readonly masks: readonly Op[];
  /** The token groups, in order, when the `token` axis is made of them. */
  readonly groups?: readonly Segment[];
}

/** A parameter some of whose extents are known only when it meets another tensor. */
export interface PendingValue {
  readonly kind: "pending";
  readonly axes: readonly { readonly name: string; readonly extent: number | undefined; readonly place?: Place }[];
  /** Declares the parameter, once its extents are known. */
  readonly declare: (axes: readonly Axis[]) => TensorValue;
  /** The parameter, once it is declared. */
  readonly declared: () => TensorValue | undefined;
}

/** A definition with some of its arguments given. */
export interface CallableValue {
  readonly kind: "callable";
  readonly definition: ast.Definition;
  readonly module: Module;
  /** Arguments given so far, by parameter or group. */
  readonly given: ReadonlyMap<string, GivenArgument>;
  /** What `with { … }` changed, outermost last. */
  readonly variants: readonly VariantValue[];
}
export interface VariantValue {
  readonly items: readonly ast.Statement[];
  readonly module: Module;
  /** The names that the variant binds, evaluated where it is written. */
  readonly bindings: ReadonlyMap<string, Value>;
}
export interface GivenArgument {
  readonly value: Value;
  readonly place: Place;
  /** The expression, where one stands in the text. */
  readonly node?: ast.Expression;
}

export interface IntrinsicValue {
  readonly kind: "intrinsic";
  readonly name: string;
}

/** A function made by the compiler: a placement's `sublayer` and `norm`. */
export interface NativeValue {
  readonly kind: "native";
  readonly describe: string;
  readonly apply: (argument: TensorValue, site: string | undefined, place: Place) => TensorValue;
}

export interface PolicyValue {
  readonly kind: "policy";
  readonly lines: readonly PolicyLineValue[];
  readonly place: Place;
}
export interface PolicyLineValue {
  /** Undefined for `..`. */
  readonly groups: readonly { readonly name: string; readonly place: Place }[] | undefined;
  readonly norm: CallableValue | NativeValue | NoneValue;
  readonly place: Place;
}

export interface ModuleValue {
  readonly kind: "module";
  readonly module: Module;
}
export interface TupleValue {
  readonly kind: "tuple";
  readonly items: readonly Value[];
}
/** The value of something that has been reported as wrong; whatever uses it stays silent. */
export interface PoisonValue {
  readonly kind: "poison";
}

export const none: NoneValue = { kind: "none" };
export const poison: PoisonValue = { kind: "poison" };
export const number = (value: number): NumberValue => ({ kind: "number", value });
export const boolean = (value: boolean): BooleanValue => ({ kind: "boolean", value });

/** A number as one writes it: `1e-6`, `0.05`, `2.667`. */
export function numberText(value: number): string {
  if (Number.isInteger(value) && Math.abs(value) < 1e6) return String(value);
  const short = Number(value.toPrecision(4));
  return Math.abs(short) < 1e-3 || Math.abs(short) >= 1e6 ? short.toExponential().replace("e+", "e") : String(short);
}

/** What a value is, in the words of a message. */
export function describe(value: Value): string {
  switch (value.kind) {
    case "number":
      return `the number ${numberText(value.value)}`;
    case "boolean":
      return `${value.value}`;
    case "text":
      return "a text";
    case "none":
      return "`none`";
    case "tensor":
      return `a tensor[${value.op.type.axes.map((axis) => `${axis.name}: ${axis.extent}`).join(", ")}]`;
    case "pending":
      return `a parameter[${value.axes.map((axis) => axis.name).join(", ")}]`;
    case "callable":
      return `the ${value.definition.keyword} \`${value.definition.name.name}\``;
    case "intrinsic":
      return `the built-in \`${value.name}\``;
    case "native":
      return value.describe;
    case "policy":
      return "a policy";
    case "module":
      return `the module \`${value.module.name}\``;
    case "tuple":
      return "a tuple";
    case "poison":
      return "something wrong";
  }
}
