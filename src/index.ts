/** Norm as a library: check and compile specs, look into programs, format text. */

export { type Compilation, type Compiled, chooseRecipe, compile } from "./compiler/compile.js";
export { fileHost, readLibrary } from "./compiler/host.js";
export { type Code, type Severity, catalogue } from "./diagnostics/catalogue.js";
export type { Diagnostic, Place } from "./diagnostics/diagnostic.js";
export { diagnosticData, renderDiagnostic } from "./diagnostics/render.js";
export { formatText } from "./format/format.js";
export type { Environment, Tensor } from "./ir/definition.js";
export { interpret } from "./ir/interpret.js";
export { parseProgram } from "./ir/parse.js";
export { printProgram } from "./ir/print.js";
export type { Entry, Op, Program } from "./ir/program.js";
export { verify } from "./ir/verify.js";
export type { Manifest } from "./runtime/trainer.js";
export type { Host } from "./semantics/modules.js";
export { parse } from "./syntax/parse.js";
export { cost } from "./transform/cost.js";
export { differentiate } from "./transform/differentiate.js";
export { simplify } from "./transform/simplify.js";
export { emitTfjs } from "./target/tfjs/emit.js";
export { tfjsManifest } from "./target/tfjs/manifest.js";
export { writeTrainer } from "./target/tfjs/write.js";
