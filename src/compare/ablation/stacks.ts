/** Writing a choice of norms, placement or arguments into the text of a stack. */

import { diagnostic } from "../../diagnostics/diagnostic.js";
import { definitionNamed } from "../../semantics/measurements.js";
import { type Module, type Modules, place } from "../../semantics/modules.js";
import type * as ast from "../../syntax/ast.js";
import { childrenOf } from "../../syntax/visit.js";
import { EditError, type Edits } from "./edits.js";
import { type Located, located } from "./target.js";

/** What is chosen for one stack. */
export interface StackChoices {
  place?: ast.Expression;
  /** By the paths of `normalize at`, and by `` for the stack's own policy. */
  readonly policies: Map<string, PolicyChoice>;
}

/** A policy for all groups, or the norms of single ones. */
export interface PolicyChoice {
  whole?: ast.Expression;
  readonly norms: Map<string, ast.Expression>;
}

/** Writes the choices into the definition of the stack, or into its variant. @throws EditError */
export function editStack(edits: Edits, modules: Modules, { definition, module }: Located, choices: StackChoices): void {
  const { value } = definition;
  const items = value === undefined ? definition.body : value.kind === "Variant" ? value.items : undefined;
  const lines: string[] = [];
  if (choices.place !== undefined) {
    const line = items?.findLast((item) => item.kind === "Place");
    const text = edits.textFor(module, choices.place);
    if (line?.kind === "Place") edits.replace(module, line.value, text);
    else lines.push(`place ${text}`);
  }
  for (const [at, { whole, norms }] of choices.policies) {
    const line = items?.findLast((item): item is ast.Normalize => item.kind === "Normalize" && item.policy !== undefined && pathsOf(item) === at);
    if (whole !== undefined) {
      if (norms.size > 0) throw new EditError(diagnostic("N0309", place(module.source, definition.name), "the ablation varies this stack's policy as a whole and by group", { help: "leave one of the two out" }));
      const text = edits.textFor(module, whole);
      const policy = whole.kind === "Policy" ? text : `{ ..: ${text} }`;
      if (line === undefined) lines.push(`normalize ${at === "" ? "" : `at ${at} `}${policy}`);
      else edits.replace(module, line.policy!, policy);
    } else if (line !== undefined) editPolicy(edits, module, line.policy!, norms);
    else lines.push(...newPolicy(edits, modules, { definition, module }, at, norms));
  }
  if (lines.length === 0) return;
  const text = `\n${lines.join("\n")}\n`;
  if (value === undefined) {
    // Behind the groups, which are the first line of every stack.
    const groups = definition.body.find((item) => item.kind === "Groups");
    edits.insert(module, groups?.end ?? definition.end - 1, text);
  } else if (value.kind === "Variant") edits.insert(module, value.end - 1, text);
  else edits.insert(module, value.end, ` with {${text}}`);
}

function pathsOf({ at }: ast.Normalize): string {
  return at.map((path) => path.segments.join(".")).join(", ");
}

/** A group alone on its line has its norm replaced; one that shares a line gets a line of its own behind it. */
function editPolicy(edits: Edits, module: Module, policy: ast.PolicyExpression, norms: ReadonlyMap<string, ast.Expression>): void {
  const open = new Map(norms);
  for (const line of policy.lines) {
    const names = line.groups?.map((group) => group.name) ?? [];
    const chosen = names.filter((name) => open.has(name));
    if (chosen.length === 0) continue;
    if (names.length === 1) edits.replace(module, line.value, edits.textFor(module, norms.get(names[0]!)!));
    else {
      const rest = names.filter((name) => !norms.has(name));
      const own = chosen.map((name) => `${name}: ${edits.textFor(module, norms.get(name)!)}`);
      const kept = rest.length === 0 ? [] : [`${rest.join(", ")}: ${module.source.text.slice(line.value.start, line.value.end)}`];
      edits.replace(module, line, [...kept, ...own].join("\n"));
    }
    chosen.forEach((name) => open.delete(name));
  }
  // What `..` covered, or nothing: lines of their own.
  const first = policy.lines[0];
  for (const [name, norm] of open) edits.insert(module, first?.start ?? policy.end - 1, `${name}: ${edits.textFor(module, norm)}\n`);
}

/** A policy where there was none. A variant's own policy is the whole of it, so that it repeats what its base says of the others. */
function newPolicy(edits: Edits, modules: Modules, stack: Located, at: string, norms: ReadonlyMap<string, ast.Expression>): string[] {
  const own = (kept: readonly string[]) => [...kept, ...[...norms].map(([group, norm]) => `${group}: ${edits.textFor(stack.module, norm)}`)].join("\n");
  if (at !== "") return [`normalize at ${at} {\n${own([])}\n}`];
  if (stack.definition.value === undefined) return [`normalize {\n${own([])}\n}`];
  const base = inherited(modules, stack);
  const text = (line: ast.PolicyLine, module: Module) => module.source.text.slice(line.value.start, line.value.end);
  const kept = (base?.policy.lines ?? []).flatMap((line) => {
    if (line.groups === undefined) return [`..: ${text(line, base!.module)}`];
    const rest = line.groups.map((group) => group.name).filter((name) => !norms.has(name));
    return rest.length === 0 ? [] : [`${rest.join(", ")}: ${text(line, base!.module)}`];
  });
  const overrides = (base?.overrides ?? []).map(({ start, end }) => base!.module.source.text.slice(start, end));
  return [`normalize {\n${own(kept)}\n}`, ...overrides];
}

/** The policy of the stack that a variant begins with, and that stack's overrides. */
function inherited(modules: Modules, { definition, module }: Located): { readonly policy: ast.PolicyExpression; readonly overrides: readonly ast.Normalize[]; readonly module: Module } | undefined {
  const { value } = definition;
  const items = value === undefined ? definition.body : value.kind === "Variant" ? value.items : [];
  const policies = items.filter((item): item is ast.Normalize => item.kind === "Normalize" && item.policy !== undefined);
  const own = policies.findLast(({ at }) => at.length === 0);
  if (own !== undefined) return { policy: own.policy!, overrides: policies.filter(({ at }) => at.length > 0), module };
  let base = value;
  while (base?.kind === "Variant") base = base.base;
  const found = base?.kind === "Name" ? located(modules, module, base.name) : undefined;
  return found === undefined ? undefined : inherited(modules, found);
}

/** Writes the values of a stack's parameters where the stack is called; without a call, as the parameters' defaults. @throws EditError */
export function editArguments(edits: Edits, modules: Modules, { definition, module }: Located, values: ReadonlyMap<string, ast.Expression>): void {
  const base = definitionNamed({ modules }, module, definition.name.name)!;
  const parameters = base.definition.parameters ?? [];
  const calls = modules.own.flatMap((own) => callsOf(own.file, (name) => definitionNamed({ modules }, own, name)?.definition === base.definition).map((call) => ({ call, module: own })));
  for (const { call, module: own } of calls) editCall(edits, own, call, parameters, values);
  if (calls.length > 0) return;
  for (const [name, value] of values) {
    const declared = parameters.find((parameter) => parameter.name.name === name)!;
    if (base.module.isLibrary) {
      throw new EditError(diagnostic("N0309", place(base.module.source, declared), `nothing calls \`${definition.name.name}\`, and the standard library is not changed`));
    }
    edits.replace(base.module, declared, `${name} = ${edits.textFor(base.module, value)}`);
  }
}

/** Gives arguments of a call other values: by their names, in their positions, or as new ones. */
export function editCall(edits: Edits, module: Module, call: ast.Call, parameters: readonly ast.Parameter[], values: ReadonlyMap<string, ast.Expression>): void {
  const given = call.arguments.flatMap(({ name }) => (name === undefined ? [] : [name.name]));
  const open = parameters.map(({ name }) => name.name).filter((name) => !given.includes(name));
  const positional = call.arguments.filter(({ name }) => name === undefined);
  const added: string[] = [];
  for (const [name, value] of values) {
    const text = edits.textFor(module, value);
    const known = call.arguments.find((argument) => argument.name?.name === name);
    const inPlace = known ?? (open.includes(name) ? positional[open.indexOf(name)] : undefined);
    // An argument without a name keeps its position, which others are counted by.
    if (inPlace !== undefined) edits.replace(module, inPlace.value, text);
    else added.push(`${name}: ${text}`);
  }
  if (added.length === 0) return;
  const last = call.arguments.at(-1);
  edits.insert(module, last?.end ?? call.end - 1, `${last === undefined ? "" : ", "}${added.join(", ")}`);
}

function callsOf(node: ast.Node, isWanted: (name: string) => boolean): ast.Call[] {
  const own = node.kind === "Call" && node.callee.kind === "Name" && isWanted(node.callee.name) ? [node] : [];
  return [...own, ...childrenOf(node).flatMap((child) => callsOf(child, isWanted))];
}
