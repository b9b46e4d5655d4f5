/**
 * What the compiler finds in a spec, as plain data that threads can exchange: mistakes, and what stands at its places. Texts
 * are ready to be shown.
 */

import { type Compilation, compile } from "../compiler/compile.js";
import { renderPlain } from "./plain-diagnostics.js";
import type { PlainDiagnostic } from "./plain-diagnostics.js";
import { landings, policiesOf } from "./landings.js";
import { notesOfDefinitions, valueNotes } from "./notes.js";
import type { Elaborator } from "../semantics/elaborator.js";
import type { Host } from "../semantics/modules.js";
import type { Place } from "../diagnostics/diagnostic.js";

/** A part of a source, which is named as the compiler names it. */
export interface Spot {
  readonly file: string;
  readonly start: number;
  readonly end: number;
}

/** What a name of the text is. */
export interface ValueNote {
  readonly at: Spot;
  readonly kind: "binding" | "input" | "param" | "state" | "parameter";
  readonly name: string;
  /** `[batch: 64, token: 16, feature: 64]`, or a number. */
  readonly short: string;
  /** The same in words, one line for each thing that it is. */
  readonly long: readonly string[];
}

/** Which norms land at a sublayer, or at a bare `normalize`. */
export interface LandingNote {
  readonly at: Spot;
  /** `cls batch · tokens layer(eps: 1e-6)`, repetitions folded. */
  readonly short: string;
  readonly long: readonly string[];
  /** What a sublayer gives, and how many numbers its parameters are. */
  readonly details: readonly string[];
}

/** Where the norm of one line of a policy lands. */
export interface PolicyNote {
  readonly at: Spot;
  readonly sites: readonly string[];
}

/** What a definition comes to: a model's or a recipe's size. */
export interface DefinitionNote {
  readonly at: Spot;
  readonly lines: readonly string[];
}

export interface Analysis {
  readonly diagnostics: readonly PlainDiagnostic[];
  readonly hasErrors: boolean;
  readonly values: readonly ValueNote[];
  readonly landings: readonly LandingNote[];
  readonly policies: readonly PolicyNote[];
  readonly definitions: readonly DefinitionNote[];
}

/** A model as it was written out, for a recipe or by itself. */
export interface Ran {
  /** Of the recipe, or the model. */
  readonly name: string;
  readonly elaborator: Elaborator;
}

export function spotOf({ source, start, end }: Place): Spot {
  return { file: source.path, start, end };
}

/** Compiles a spec and keeps what editors show. Never throws for what the text says. */
export function analyse(path: string, text: string, host: Host): Analysis {
  return analysisOf(compile(path, text, host));
}

function analysisOf(compilation: Compilation): Analysis {
  const { diagnostics, recipes, models } = compilation;
  const ran: Ran[] = [
    ...[...recipes].map(([name, { training }]) => ({ name, elaborator: training })),
    ...[...models].map(([name, elaborator]) => ({ name, elaborator })),
  ];
  return {
    diagnostics: diagnostics.map(renderPlain),
    hasErrors: diagnostics.some(({ severity }) => severity === "error"),
    values: valueNotes(ran),
    landings: landings(ran),
    policies: policiesOf(ran),
    definitions: notesOfDefinitions(compilation),
  };
}
