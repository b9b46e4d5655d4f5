/** The repository's TypeScript as JavaScript, for a browser, or for Node in another folder. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ModuleKind, ScriptTarget, transpileModule } from "typescript";

const root = join(import.meta.dirname, "../../..");
const compilerOptions = { target: ScriptTarget.ES2022, module: ModuleKind.ESNext, verbatimModuleSyntax: true };

/** The text of a module, such as `src/runtime/errors.js`, made from its source as it is now. */
export function javascriptOf(path: string): string {
  return transpileModule(readFileSync(join(root, path.replace(/\.js$/, ".ts")), "utf8"), { compilerOptions }).outputText;
}
