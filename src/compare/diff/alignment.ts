/** Names of one model that stand for those of another: what a person only renamed is no difference. */

import type * as ast from "../../syntax/ast.js";
import type { Subject } from "../subject.js";
import type { Meanings, Scope } from "./meaning.js";

/** What the names of each side are called in the diff. */
export interface Names {
  readonly before: ReadonlyMap<string, string>;
  readonly after: ReadonlyMap<string, string>;
}

/** The spec's own definitions other than what is compared line by line: `norm mine`. */
export function definitionsOf({ modules }: Subject): Set<string> {
  return new Set(modules.own.flatMap(({ definitions }) => [...definitions.values()].map(({ keyword, name }) => `${keyword} ${name.name}`)));
}

/** Parameters of the models. One that has another name in the same place, with the same default, is the same one. */
export function parameterNames(before: Subject, after: Subject, old: Meanings, now: Meanings): Names {
  const { definition: first, module } = before.compiled.recipe.model;
  const { definition: second, module: other } = after.compiled.recipe.model;
  const [own, theirs] = [first.parameters ?? [], second.parameters ?? []];
  const names = new Set(own.map((parameter) => parameter.name.name));
  const later = new Set(theirs.map((parameter) => parameter.name.name));
  const renamed = new Map(theirs.map((parameter, i): [string, string] => {
    const { name } = parameter.name;
    const match = own[i];
    if (names.has(name) || match === undefined || later.has(match.name.name)) return [name, name];
    const isSame = (match.default && old.of(match.default, module, new Map())) === (parameter.default && now.of(parameter.default, other, new Map()));
    return [name, isSame ? match.name.name : name];
  }));
  return { before: new Map([...names].map((name) => [name, name])), after: renamed };
}

type Naming = ast.Binding | ast.ParamStatement | ast.StateStatement | ast.InputStatement;
const isNaming = (node: ast.Statement): node is Naming => node.kind === "Binding" || node.kind === "Param" || node.kind === "State" || node.kind === "Input";

/** Names that the models' statements give. One that has another name and the same meaning is the same one. */
export function localNames(before: Subject, after: Subject, old: Meanings, now: Meanings, parameters: Names): Names {
  const { definition: first, module } = before.compiled.recipe.model;
  const { definition: second, module: other } = after.compiled.recipe.model;
  const [own, theirs] = [first.body.filter(isNaming), second.body.filter(isNaming)];
  const names = new Map(own.map(({ name }) => [name.name, name.name]));
  const later = new Set(theirs.map(({ name }) => name.name));
  const known = new Map<string, string>();
  const free = own.filter(({ name }) => !later.has(name.name));
  const scopeOf = (all: ReadonlyMap<string, string>): Scope => new Map([...all].map(([name, shown]) => [name, `name ${shown}`]));
  const ownScope = scopeOf(new Map([...parameters.before, ...names]));
  for (const node of theirs) {
    const { name } = node.name;
    const scope = scopeOf(new Map([...parameters.after, ...known]));
    const meaning = now.of(node, other, new Map([...scope, [name, "this"]]));
    const match = names.has(name) ? undefined : free.find((candidate) => old.of(candidate, module, new Map([...ownScope, [candidate.name.name, "this"]])) === meaning);
    if (match !== undefined) free.splice(free.indexOf(match), 1);
    known.set(name, match?.name.name ?? name);
  }
  return { before: names, after: known };
}
