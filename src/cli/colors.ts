/** Whether what is printed on standard output is coloured. */

import pc from "picocolors";

export function colorsWanted(): boolean {
  // In an automatic build colours count as supported though nobody looks at a terminal.
  return pc.isColorSupported && process.stdout.isTTY === true;
}
