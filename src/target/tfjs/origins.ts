/** Notes, for messages, which operation of the IR and which place of the spec each call comes from. */

import type { Op } from "../../ir/program.js";

/**
 * One text for each section: the phase, then for each call the kind of its operation and, where it differs from the call
 * before, `@` and its source. The engine reads them when it locates a fault.
 */
export class Origins {
  private readonly sections: string[][] = [];
  private source = "";

  /** Begins a section, and gives its number. */
  begin(phase: string): number {
    this.source = "";
    return this.sections.push([phase]) - 1;
  }

  add(op: Op): void {
    const source = op.source ?? "";
    this.sections.at(-1)!.push(source === this.source ? op.kind : `${op.kind}@${source.replaceAll(" ", "%20")}`);
    this.source = source;
  }

  toString(): string {
    return JSON.stringify(this.sections.map((section) => section.join(" ")));
  }
}
