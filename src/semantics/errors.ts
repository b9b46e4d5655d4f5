/** How elaboration stops at a mistake: once reported, it is silent. */

import { type Diagnostic, type DiagnosticDetails, type Place, diagnostic } from "../diagnostics/diagnostic.js";
import type { Code } from "../diagnostics/catalogue.js";

/** A mistake in the user's text. The statement that meets it is abandoned, its name becomes poison, and checking goes on. */
export class CheckError extends Error {
  override name = "CheckError";
  constructor(readonly found: Diagnostic) {
    super(found.message);
  }
}

/** Something that rests on a mistake already reported. */
export class Silent extends Error {
  override name = "Silent";
}

/** @throws CheckError always. */
export function fail(code: Code, place: Place, message: string, details: DiagnosticDetails = {}): never {
  throw new CheckError(diagnostic(code, place, message, details));
}
