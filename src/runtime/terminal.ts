/** Text for people: lines, and on a terminal one line at the bottom that is drawn again and again. */

import pc from "picocolors";

/** What a stream must offer; `process.stdout` and `process.stderr` do. */
export interface Output {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
}

export class Terminal {
  /** Whether the output is a terminal, on which a line can be redrawn. */
  readonly interactive: boolean;
  readonly colors: ReturnType<typeof pc.createColors>;
  private live = "";

  constructor(private readonly output: Output) {
    this.interactive = output.isTTY === true && process.env["TERM"] !== "dumb";
    this.colors = pc.createColors(this.interactive && !process.env["NO_COLOR"]);
  }

  /** Characters per line. */
  get width(): number {
    return this.output.columns ?? 80;
  }

  /** Prints lines above the line at the bottom. */
  print(...lines: string[]): void {
    const text = lines.map((line) => `${line}\n`).join("");
    this.output.write(this.live === "" ? text : `\r\x1b[K${text}${this.live}`);
  }

  /** Draws the line at the bottom; it must be shorter than `width`. */
  draw(line: string): void {
    this.live = line;
    this.output.write(`\r\x1b[K${line}`);
  }

  /** Removes the line at the bottom. */
  clear(): void {
    if (this.live === "") return;
    this.live = "";
    this.output.write("\r\x1b[K");
  }
}
