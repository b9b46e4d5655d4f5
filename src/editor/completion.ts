/** Completion: keywords and names that the grammar allows at the cursor and that fit there. */

import { type CompletionItem, CompletionItemKind, MarkupKind } from "vscode-languageserver";
import type { IToken } from "#chevrotain";
import { standardModules } from "../semantics/modules.js";
import type { DefinitionKeyword } from "../syntax/ast.js";
import { identifierPattern, keywordTokens } from "../syntax/tokens.js";
import { type Wanted, wantedBy } from "./completion-context.js";
import { typingAt } from "./cursor.js";
import { nextTokens } from "./grammar-walk.js";
import { useEdit } from "./imports.js";
import { NamesInReach } from "./names-in-reach.js";
import type { Spec } from "./spec.js";
import { type Defined, groupsOf } from "./targets.js";
import { headOf } from "./words.js";
import { rangeOf } from "./ranges.js";

/** Words that join parts of an expression, which do not begin a line. */
const joining = new Set(["and", "or", "as", "of", "in", "every", "over", "except", "along", "into", "with", "where", "placed", "normalized", "kept", "otherwise", "given", "at"]);

const kinds: Readonly<Record<DefinitionKeyword, CompletionItemKind>> = {
  norm: CompletionItemKind.Function,
  placement: CompletionItemKind.Function,
  layer: CompletionItemKind.Class,
  function: CompletionItemKind.Function,
  objective: CompletionItemKind.Function,
  optimizer: CompletionItemKind.Class,
  schedule: CompletionItemKind.Function,
  initializer: CompletionItemKind.Function,
  measure: CompletionItemKind.Function,
  stack: CompletionItemKind.Module,
  model: CompletionItemKind.Struct,
  train: CompletionItemKind.Event,
  ablation: CompletionItemKind.Event,
};

/** What fits at an offset, the likeliest first. */
export function completions(spec: Spec, offset: number): CompletionItem[] {
  const { text } = spec.main.source;
  const typing = typingAt(text, offset);
  if (typing === undefined) return [];
  const next = nextTokens(typing.tokens);
  const items = new Map<string, CompletionItem>();
  const add = (item: CompletionItem, rank: number): void => {
    if (!items.has(item.label)) items.set(item.label, { ...item, sortText: `${rank}${item.label}` });
  };
  const reach = new NamesInReach(spec, typing.tokens, offset);
  const wanted = new Map<string, Wanted>();
  for (const one of next) {
    if (one.token.name !== "Name" && one.token.name !== "Callee" && one.token.name !== "Word") continue;
    const found = wantedBy(one, typing.tokens);
    if (found !== undefined) wanted.set(JSON.stringify(found), found);
  }
  for (const one of wanted.values()) offer(spec, reach, one, typing.tokens, add);
  const isPath = [...wanted.values()].some(({ kind }) => kind === "path");
  for (const { token } of next) {
    const word = token.PATTERN;
    if (!keywordTokens.includes(token) || typeof word !== "string" || isPath) continue;
    if (!typing.isLineStart || !joining.has(word) || word === "otherwise") add({ label: word, kind: CompletionItemKind.Keyword }, 5);
  }
  const range = rangeOf(spec.main.source, { start: typing.start, end: offset });
  return [...items.values()].map((item) => ({ ...item, textEdit: { range, newText: item.insertText ?? item.label } }));
}

type Add = (item: CompletionItem, rank: number) => void;

function offer(spec: Spec, reach: NamesInReach, wanted: Wanted, tokens: readonly IToken[], add: Add): void {
  const names = (list: Iterable<string>, kind: CompletionItemKind, rank: number) => {
    for (const label of list) add({ label, kind }, rank);
  };
  switch (wanted.kind) {
    case "definitions":
      return offerDefinitions(spec, reach, wanted.of, add);
    case "groups":
      names(reach.groups(), CompletionItemKind.EnumMember, 1);
      return;
    case "axes":
      return names(reach.axes(), CompletionItemKind.TypeParameter, 1);
    case "loaders":
      return names(reach.loaders, CompletionItemKind.Function, 1);
    case "states":
      return names(reach.states(), CompletionItemKind.Variable, 1);
    case "replaced":
      return names(reach.replaced(), CompletionItemKind.Property, 1);
    case "measured":
      names(reach.measured(), CompletionItemKind.Variable, 1);
      return offerDefinitions(spec, reach, undefined, add);
    case "words":
      return names(wanted.words, CompletionItemKind.Keyword, 1);
    case "path":
      return names(reach.segments(wanted.of, wanted.before), CompletionItemKind.Reference, 1);
    case "modules": {
      const isBehindStd = tokens.at(-1)?.image === ".";
      return names(isBehindStd ? standardModules : standardModules.map((name) => `std.${name}`), CompletionItemKind.Module, 1);
    }
    case "items": {
      const module = reach.module(wanted.module);
      for (const definition of module?.definitions.values() ?? []) if (module !== undefined) add(itemOf({ module, definition }), 1);
      return;
    }
    case "members": {
      const { module, groups } = reach.members(wanted.object);
      for (const definition of module?.definitions.values() ?? []) if (module !== undefined) add(itemOf({ module, definition }), 1);
      return names(groups, CompletionItemKind.EnumMember, 1);
    }
    case "parameters": {
      const callee = reach.named(wanted.callee);
      if (callee === undefined) return;
      for (const label of [...groupsOf(callee), ...(callee.definition.parameters ?? []).map(({ name }) => name.name)]) {
        add({ label: `${label}:`, insertText: `${label}: `, filterText: label, kind: CompletionItemKind.Property, detail: headOf(callee) }, 0);
      }
    }
  }
}

/** What cannot stand in an expression. */
const notCalled: readonly DefinitionKeyword[] = ["train", "ablation", "model", "placement", "optimizer", "schedule"];

function offerDefinitions(spec: Spec, reach: NamesInReach, of: readonly DefinitionKeyword[] | undefined, add: Add): void {
  for (const { name, kind } of reach.locals()) if (of === undefined || kind === "parameter") add({ label: name, kind: CompletionItemKind.Variable }, of === undefined ? 1 : 2);
  const fits = ({ definition: { keyword } }: Defined) => (of === undefined ? !notCalled.includes(keyword) : of.includes(keyword));
  for (const [name, found] of reach.definitions()) if (fits(found)) add({ ...itemOf(found), label: name }, of === undefined ? 2 : 1);
  for (const name of reach.modules()) add({ label: name, kind: CompletionItemKind.Module }, 3);
  if (of === undefined || of.includes("function")) for (const label of reach.builtIns) add({ label, kind: CompletionItemKind.Function, detail: "built-in function" }, 3);
  if (of === undefined) for (const label of ["training", "pi", "infinity"]) add({ label, kind: CompletionItemKind.Constant }, 3);
  if (of === undefined) return;
  for (const found of reach.elsewhere()) {
    if (!fits(found)) continue;
    const { name } = found.definition.name;
    add({ ...itemOf(found), labelDetails: { description: found.module.name }, additionalTextEdits: [useEdit(spec, found.module.name, name)] }, 4);
  }
}

function itemOf(found: Defined): CompletionItem {
  const { documentation, keyword, name } = found.definition;
  return {
    label: name.name,
    kind: kinds[keyword],
    detail: headOf(found),
    ...(documentation !== "" && { documentation: { kind: MarkupKind.Markdown, value: documentation.split("\n\n")[0]! } }),
  };
}

/** Whether a text is a name of the language. */
export function isName(text: string): boolean {
  identifierPattern.lastIndex = 0;
  return identifierPattern.exec(text)?.[0] === text;
}
