/** Calls: which argument goes to which parameter, and what happens when all are there. */

import type { Place } from "../diagnostics/diagnostic.js";
import { similarDetails } from "../diagnostics/similar.js";
import type * as ast from "../syntax/ast.js";
import type { Elaborator } from "./elaborator.js";
import { fail } from "./errors.js";
import { type Frame, Instance, partsOf } from "./frame.js";
import { callIntrinsic } from "./intrinsics/index.js";
import { place } from "./modules.js";
import * as tensors from "./tensors.js";
import { applySite, recordSite } from "./sites.js";
import { resolve } from "./policies.js";
import { type CallableValue, type GivenArgument, type PolicyValue, type Value, describe } from "./values.js";

/**
 * How many leading parameters the compiler fills in where a definition is named rather than called: the tensor of a
 * norm or a sublayer, the three of a placement, and so on.
 */
export const reservedParameters: Readonly<Record<ast.DefinitionKeyword, number>> = {
  norm: 1,
  layer: 1,
  placement: 3,
  optimizer: 3,
  schedule: 2,
  initializer: 1,
  function: 1,
  objective: 0,
  measure: 0,
  stack: 0,
  model: 0,
  train: 0,
  ablation: 0,
};

export function evaluateCall(e: Elaborator, frame: Frame, node: ast.Call): Value {
  const inner = partsOf(frame);
  const callee = e.language.evaluate(e, inner, node.callee);
  const where = place(frame.module.source, node);
  if (callee.kind === "intrinsic") return callIntrinsic(e, inner, callee.name, node);
  if (callee.kind === "native") {
    const [only, ...more] = node.arguments;
    if (only === undefined || more.length > 0 || only.name !== undefined) {
      return fail("N0207", where, `${callee.describe} takes one tensor`);
    }
    const value = e.language.evaluate(e, inner, only.value);
    const at = place(frame.module.source, only);
    if (!tensors.isTensorLike(value)) return fail("N0208", at, `${callee.describe} takes a tensor, not ${describe(value)}`);
    return callee.apply(tensors.settleAll([{ value, place: at }])[0]!, node.site?.name, where);
  }
  if (node.site !== undefined) {
    fail("N0208", place(frame.module.source, node.site), `only a placement's norm has a site to name, and this calls ${describe(callee)}`);
  }
  if (callee.kind === "policy") return callPolicy(e, inner, callee, node, where);
  if (callee.kind !== "callable") {
    return fail("N0208", place(frame.module.source, node.callee), `${describe(callee)} cannot be called`);
  }
  const given = giveArguments(e, inner, callee, node.arguments, 0);
  if (!complete(given, where)) return given;
  // A norm that came in as an argument is called by the argument's name, whichever norm it is.
  const variable = node.callee.kind === "Name" && frame.names.has(node.callee.name) ? node.callee.name : undefined;
  return runRecorded(e, inner, given, where, variable ?? frame.binding);
}

/** Runs a definition; a norm called inside a layer is a site of its own. */
function runRecorded(e: Elaborator, frame: Frame, callable: CallableValue, where: Place, target: string | undefined): Value {
  const { definition } = callable;
  const argument = callable.given.get(definition.parameters?.[0]?.name.name ?? "")?.value;
  if (definition.keyword !== "norm" || frame.instance.isNorm || argument?.kind !== "tensor") return e.language.run(e, frame, callable, where, target);
  const instance = new Instance(frame.instance.claim(target ?? definition.name.name), true);
  const groups = (argument.groups ?? []).map((group) => group.name);
  return recordSite(e, argument, callable, { site: instance.path, at: undefined, groups, policyPlace: where, sitePlace: where }, () => {
    const value = e.language.run(e, frame, callable, where, instance);
    return value.kind === "tensor" ? { ...value, ...tensors.groupsOf([argument], value.op) } : value;
  });
}

/** A policy that came in as an argument normalises each group of the tensor by its own line. */
function callPolicy(e: Elaborator, frame: Frame, policy: PolicyValue, node: ast.Call, where: Place): Value {
  const [only, ...more] = node.arguments;
  if (only === undefined || more.length > 0) return fail("N0207", where, "a policy takes one tensor");
  const x = e.language.evaluate(e, frame, only.value);
  if (x.kind !== "tensor" || x.groups === undefined) return fail("N0208", place(frame.module.source, only), "a policy takes a sequence with all its groups");
  const name = node.callee.kind === "Name" ? node.callee.name : "norm";
  const assignments = resolve([policy], x.groups.map((group) => ({ name: group.name, place: where })), where);
  return applySite(e, frame, x, assignments, { path: frame.instance.claim(name), stack: "", place: where });
}

/**
 * The value of an expression that names a definition for the compiler to call later, such as `layer(eps: 1e-6)` in a
 * policy or `attention(heads)` in a stack: arguments without names begin after the parameters that the compiler fills in.
 */
export function evaluatePartial(e: Elaborator, frame: Frame, node: ast.Expression, expected: readonly ast.DefinitionKeyword[], what: string): CallableValue {
  const inner = partsOf(frame);
  const where = place(frame.module.source, node);
  const isCall = node.kind === "Call";
  const value = e.language.evaluate(e, inner, isCall ? node.callee : node);
  if (value.kind !== "callable" || !expected.includes(value.definition.keyword)) {
    const help = value.kind === "intrinsic" ? `a ${expected[0]} of your own can call it` : undefined;
    return fail("N0208", where, `${what} is a ${expected.join(" or a ")}, not ${describe(value)}`, help === undefined ? {} : { help });
  }
  return isCall ? giveArguments(e, inner, value, node.arguments, reservedParameters[value.definition.keyword]) : value;
}

/** The same for the value of any expression: a definition with arguments is not called, but a function is. */
export function evaluateDefinition(e: Elaborator, frame: Frame, node: ast.Expression): Value {
  const callee = node.kind === "Call" ? e.language.evaluate(e, frame, node.callee) : undefined;
  const isPartial = callee?.kind === "callable" && !["function", "objective"].includes(callee.definition.keyword);
  return isPartial ? evaluatePartial(e, frame, node, [callee.definition.keyword], "this") : e.language.evaluate(e, frame, node);
}

/** The names of the groups of a stack, which its callers give as named arguments. */
export function groupNames(definition: ast.Definition): readonly ast.AxisDeclaration[] {
  return definition.body.flatMap((item) => (item.kind === "Groups" ? item.groups : []));
}

function parametersOf(callable: CallableValue): readonly ast.Parameter[] {
  return callable.definition.parameters ?? [];
}

/** Adds arguments to a callable. @throws CheckError for a name that no parameter has, one given twice, or too many. */
function giveArguments(e: Elaborator, frame: Frame, callable: CallableValue, args: readonly ast.Argument[], reserved: number): CallableValue {
  const { definition } = callable;
  const parameters = parametersOf(callable);
  const groups = groupNames(definition).map((group) => group.name.name);
  const given = new Map(callable.given);
  const fresh = new Set<string>();
  const open = parameters.slice(reserved).map((parameter) => parameter.name.name).filter((name) => !callable.given.has(name));
  // Names first, so that an argument without a name never takes a parameter that is named further on.
  for (const arg of args) if (arg.name !== undefined) open.splice(open.indexOf(arg.name.name), open.includes(arg.name.name) ? 1 : 0);
  for (const arg of args) {
    const where = place(frame.module.source, arg);
    const name = arg.name?.name ?? open.shift();
    if (name === undefined) {
      return fail("N0206", where, `\`${definition.name.name}\` takes no further argument`, {
        related: [{ place: place(callable.module.source, definition.name), label: signature(callable) }],
      });
    }
    const parameter = parameters.find((candidate) => candidate.name.name === name);
    if (parameter === undefined && !groups.includes(name) && !(name === "t" && definition.keyword === "optimizer")) {
      const at = place(frame.module.source, arg.name!);
      const known = [...parameters.map((candidate) => candidate.name.name), ...groups];
      return fail("N0206", at, `\`${definition.name.name}\` has no parameter \`${name}\``, { help: signature(callable), ...similarDetails(name, known, at) });
    }
    if (fresh.has(name)) return fail("N0206", where, `\`${name}\` is given twice`);
    fresh.add(name);
    const value = argumentValue(e, frame, callable, arg, name);
    given.set(name, { value, place: where, node: arg.value });
    if (arg.clause !== undefined) given.set(axesKey(name), { value: axesArgument(e, frame, arg, parameter, value), place: where });
    else if (parameter?.axes !== undefined) {
      return fail("N0207", where, `\`${definition.name.name}\` must be told axes: \`${name} ${parameter.axesKeyword} …\``);
    }
  }
  return { ...callable, given };
}

/** Where the axes of an argument `x over a, b` are kept. */
export function axesKey(parameter: string): string {
  return `${parameter} over`;
}

function argumentValue(e: Elaborator, frame: Frame, callable: CallableValue, arg: ast.Argument, name: string): Value {
  // A tensor made for a group is a part of the stack that it goes to: `encoder.cls`.
  const isGroup = callable.definition.keyword === "stack" && groupNames(callable.definition).some((group) => group.name.name === name);
  return e.language.evaluate(e, isGroup ? { ...frame, binding: `${callable.definition.name.name}.${name}` } : frame, arg.value);
}

function axesArgument(e: Elaborator, frame: Frame, arg: ast.Argument, parameter: ast.Parameter | undefined, value: Value): Value {
  const clause = arg.clause!;
  const where = place(frame.module.source, clause);
  if (parameter?.axes === undefined) return fail("N0206", where, `\`${parameter?.name.name ?? "this argument"}\` takes no axes`);
  if (value.kind !== "tensor") return fail("N0208", where, `${describe(value)} has no axes`);
  const names = clauseAxes(e, frame, clause, value.op.type.axes.map((axis) => axis.name));
  return { kind: "tuple", items: names.map((name) => ({ kind: "text", value: name })) };
}

/** The axes that a clause means, out of those that the tensor has. @throws CheckError for an axis that is not there. */
export function clauseAxes(e: Elaborator, frame: Frame, clause: ast.Clause, own: readonly string[]): readonly string[] {
  const named = clause.axes.flatMap((axis) => {
    const names = frame.axisNames.get(axis.name.name) ?? [axis.name.name];
    for (const name of names) {
      if (own.includes(name)) continue;
      const at = place(frame.module.source, axis);
      const help = `its axes are ${own.length === 0 ? "none: it is a single number" : own.map((known) => `\`${known}\``).join(", ")}`;
      fail("N0301", at, `the tensor has no axis \`${name}\``, { help, ...similarDetails(name, own, at) });
    }
    return names;
  });
  const unique = [...new Set(named)];
  return clause.keyword === "except" ? own.filter((name) => !unique.includes(name)) : unique;
}

/** Whether every parameter without a default has a value. @throws CheckError when some were given but others lack. */
function complete(callable: CallableValue, where: Place): boolean {
  const lacking = lackingParameters(callable);
  if (lacking.length === 0) return true;
  const first = parametersOf(callable)[0]?.name.name;
  const startsTheCall = first !== undefined && callable.given.has(first);
  if (startsTheCall || callable.definition.keyword === "stack" || callable.definition.keyword === "objective") {
    failLacking(callable, lacking, where);
  }
  return false;
}

function lackingParameters(callable: CallableValue): string[] {
  const parameters = parametersOf(callable).filter((parameter) => parameter.default === undefined).map((parameter) => parameter.name.name);
  const groups = groupNames(callable.definition).map((group) => group.name.name);
  const varied = callable.variants.flatMap((variant) => [...variant.bindings.keys()]);
  return [...parameters, ...groups].filter((name) => !callable.given.has(name) && !varied.includes(name));
}

function failLacking(callable: CallableValue, lacking: readonly string[], where: Place): never {
  const { definition } = callable;
  const isGroup = groupNames(definition).some((group) => group.name.name === lacking[0]);
  return fail("N0207", where, `${isGroup ? "group" : "parameter"} \`${lacking[0]}\` of \`${definition.name.name}\` has no value`, {
    related: [{ place: place(callable.module.source, definition.name), label: signature(callable) }],
    help: `add \`${lacking[0]}: …\``,
  });
}

/** @throws CheckError when a parameter without a default has no value. */
export function requireComplete(callable: CallableValue, where: Place): void {
  const lacking = lackingParameters(callable);
  if (lacking.length > 0) failLacking(callable, lacking, where);
}

/** `layer(x, eps)`. */
export function signature(callable: CallableValue): string {
  const names = [...groupNames(callable.definition).map((group) => `${group.name.name}: …`), ...parametersOf(callable).map((parameter) => parameter.name.name)];
  return `${callable.definition.name.name}(${names.join(", ")})`;
}

/** A callable with its leading parameters filled in by the compiler. */
export function withLeading(callable: CallableValue, values: readonly Value[], where: Place): CallableValue {
  const given = new Map<string, GivenArgument>(callable.given);
  const parameters = parametersOf(callable);
  if (parameters.length < values.length) {
    fail("N0207", where, `the ${callable.definition.keyword} \`${callable.definition.name.name}\` needs ${values.length} leading parameter${values.length === 1 ? "" : "s"}`, {
      related: [{ place: place(callable.module.source, callable.definition.name), label: signature(callable) }],
    });
  }
  values.forEach((value, i) => given.set(parameters[i]!.name.name, { value, place: where }));
  return { ...callable, given };
}

/** The frame in which a definition's body runs: its parameters have their values, defaults computed in order. */
export function frameFor(e: Elaborator, caller: Frame, callable: CallableValue, instance: Instance): Frame {
  const { module } = callable;
  const names = new Map<string, Value>();
  const axisNames = new Map<string, readonly string[]>();
  const overrides = new Map(module.isLibrary ? [] : caller.overrides);
  const parameters = parametersOf(callable);
  for (const variant of callable.variants) {
    for (const [name, value] of variant.bindings) overrides.set(name, value);
  }
  const frame: Frame = { module, names, cells: new Map(), axisNames, axes: axesInScope(callable), instance, overrides };
  for (const parameter of parameters) {
    const { name } = parameter.name;
    const argument = callable.given.get(name);
    const varied = callable.variants.findLast((variant) => variant.bindings.has(name))?.bindings.get(name);
    if (argument !== undefined) names.set(name, argument.value);
    else if (varied !== undefined) names.set(name, varied);
    else if (parameter.default !== undefined) names.set(name, e.language.evaluate(e, frame, parameter.default));
    if (names.has(name)) e.note("parameter", frame, parameter.name, names.get(name)!);
    const axes = callable.given.get(axesKey(name))?.value;
    if (parameter.axes !== undefined && axes?.kind === "tuple") {
      axisNames.set(parameter.axes.name, axes.items.map((item) => (item.kind === "text" ? item.value : "")));
    }
  }
  return frame;
}

/** The extents of the axes of all tensor arguments. */
function axesInScope(callable: CallableValue): Map<string, number | "conflict"> {
  const axes = new Map<string, number | "conflict">();
  for (const { value } of callable.given.values()) {
    if (value.kind !== "tensor") continue;
    for (const { name, extent } of value.op.type.axes) {
      const known = axes.get(name);
      axes.set(name, known === undefined || known === extent ? extent : "conflict");
    }
  }
  return axes;
}
