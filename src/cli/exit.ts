/** How commands end: 0 done, 1 problems found, 2 wrong use. */

/** The command was used wrongly; told in one line. */
export class UsageError extends Error {
  override name = "UsageError";
}

/** The work was done and problems were found; they have been told. */
export class ProblemsFound extends Error {
  override name = "ProblemsFound";
}

/** A person stopped the run. */
export class Interrupted extends Error {
  override name = "Interrupted";
}

/** `norm diff --exit-code` found differences. */
export class DifferencesFound extends Error {
  override name = "DifferencesFound";
}
