/** The `from` lines of a recipe, as they are written: which recipe, or which file, a run begins with. */

import type { Place } from "../../diagnostics/diagnostic.js";
import { similarHelp } from "../../diagnostics/similar.js";
import type * as ast from "../../syntax/ast.js";
import type { Elaborator } from "../elaborator.js";
import { Silent, fail } from "../errors.js";
import type { Frame } from "../frame.js";
import { type Module, place } from "../modules.js";
import type { Selector } from "../recipes.js";
import { type VariantValue, describe } from "../values.js";
import { type NameLine, readNameMap } from "./name-map.js";

/** What a recipe begins with, and which of its parameters and states; without paths, all that there are. */
export interface Beginning {
  readonly source: Stage | WeightsFile;
  readonly at: readonly Selector[];
  readonly place: Place;
}
export interface Stage {
  readonly kind: "stage";
  readonly definition: ast.Definition;
  readonly module: Module;
}
export interface WeightsFile {
  readonly kind: "file";
  readonly path: string;
  /** Undefined when the file's names are ours. */
  readonly names: readonly NameLine[] | undefined;
  /** What stands in front of every name in the file. */
  readonly prefix: string;
}

/** The function that names a file in a `from` line; it is nowhere else. */
export const weightsName = "weights";

/** @param variants of the recipe, which may put another recipe in the place of the stage. @throws CheckError | Silent */
export function readBeginning(e: Elaborator, frame: Frame, node: ast.From, variants: readonly VariantValue[]): Beginning {
  const { source } = frame.module;
  const at = node.at.map((path) => ({ path, place: place(source, path) }));
  const { value } = node;
  const isFile = value.kind === "Call" && value.callee.kind === "Name" && value.callee.name === weightsName;
  return { source: isFile ? weightsFile(e, frame, value) : stage(e, frame.module, value, variants), at, place: place(source, node) };
}

function stage(e: Elaborator, module: Module, value: ast.Expression, variants: readonly VariantValue[]): Stage {
  const where = place(module.source, value);
  const other = (what: string) => fail("N0208", where, `what follows \`from\` is a recipe or a file, not ${what}`, { help: "name a `train` definition, or write `weights(\"file.safetensors\")`" });
  const found = named(e, module, value, variants);
  if (found === undefined) return other("this");
  const { keyword, name } = found.definition;
  if (found.definition.damaged) throw new Silent();
  return keyword === "train" ? { kind: "stage", ...found } : other(`the ${keyword} \`${name.name}\``);
}

/** The definition that a name, or the name of another module's, means: as itself, and not as what it is a variant of. */
function named(e: Elaborator, module: Module, value: ast.Expression, variants: readonly VariantValue[]): Omit<Stage, "kind"> | undefined {
  const where = place(module.source, value);
  if (value.kind === "Member" && value.object.kind === "Name") {
    const used = module.imports.get(value.object.name);
    const definition = used?.kind === "module" ? used.module.definitions.get(value.name.name) : undefined;
    return used?.kind === "module" && definition !== undefined ? { definition, module: used.module } : undefined;
  }
  if (value.kind !== "Name") return undefined;
  const variant = variants.findLast(({ bindings }) => bindings.has(value.name));
  const rebound = variant?.items.find((item): item is ast.Binding => item.kind === "Binding" && item.name.name === value.name);
  if (variant !== undefined && rebound !== undefined) return named(e, variant.module, rebound.value, variants.slice(0, variants.indexOf(variant)));
  const own = module.definitions.get(value.name);
  if (own !== undefined) return { definition: own, module };
  const used = module.imports.get(value.name) ?? e.modules.prelude.get(value.name);
  if (used?.kind === "missing") throw new Silent();
  if (used?.kind === "definition") return { definition: used.definition, module: used.module };
  if (used !== undefined) return undefined;
  const help = similarHelp(value.name, [...module.definitions.keys(), ...module.imports.keys()]);
  return fail("N0201", where, `nothing is called \`${value.name}\` here`, help === undefined ? {} : { help });
}

/** `weights("file.safetensors", names: "maps/vit.names", prefix: "vit.")`. */
function weightsFile(e: Elaborator, frame: Frame, call: ast.Call): WeightsFile {
  const given = new Map<string, { readonly text: string; readonly place: Place }>();
  call.arguments.forEach((arg, i) => {
    const name = arg.name?.name ?? (i === 0 ? "path" : "");
    const where = place(frame.module.source, arg);
    if (!["path", "names", "prefix"].includes(name) || given.has(name)) {
      fail("N0206", where, `\`${weightsName}\` takes a path, \`names\` and \`prefix\`, each once`, { help: `write \`${weightsName}("file.safetensors", names: "file.names")\`` });
    }
    const value = e.language.evaluate(e, frame, arg.value);
    if (value.kind !== "text") return fail("N0208", where, `\`${weightsName}\` takes texts, not ${describe(value)}`);
    given.set(name, { text: value.value, place: where });
  });
  const path = given.get("path");
  if (path === undefined) return fail("N0207", place(frame.module.source, call), `\`${weightsName}\` needs the path of a file`, { help: `write \`${weightsName}("file.safetensors")\`` });
  const names = given.get("names");
  return { kind: "file", path: path.text, names: names && nameMap(e, names.text, names.place), prefix: given.get("prefix")?.text ?? "" };
}

function nameMap(e: Elaborator, path: string, where: Place): NameLine[] {
  const source = e.modules.text(path);
  if (source !== undefined) return readNameMap(source);
  return fail("N0506", where, `there is no map of names \`${path}\``, { help: "a map is looked for in the folder of the spec, and one that begins with `std/` in the standard library" });
}
