/** A text with a name, and the places in it. */

/** A place for people: lines and columns count from 1; a column is a UTF-16 code unit, as in editors. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

export class SourceFile {
  private readonly lineStarts: readonly number[];
  /** Places that were asked for, by offset: those of an expression are, each time that it is evaluated. */
  private readonly places = new Map<number, string>();

  /** @param path how the file is named in messages. */
  constructor(
    readonly path: string,
    readonly text: string,
  ) {
    // A line ends with a line feed, a carriage return, or both.
    this.lineStarts = [0, ...Array.from(text.matchAll(/\r\n|\n|\r/g), (end) => end.index + end[0].length)];
  }

  /** The place of an offset; offsets beyond the text are brought inside. */
  position(offset: number): Position {
    const inside = Math.min(Math.max(offset, 0), this.text.length);
    let low = 0;
    let high = this.lineStarts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.lineStarts[middle]! <= inside) low = middle;
      else high = middle - 1;
    }
    return { line: low + 1, column: inside - this.lineStarts[low]! + 1 };
  }

  /** `file:line:column`. */
  place(offset: number): string {
    let known = this.places.get(offset);
    if (known === undefined) {
      const { line, column } = this.position(offset);
      known = `${this.path}:${line}:${column}`;
      this.places.set(offset, known);
    }
    return known;
  }

  /** The text of a line, without its end. */
  line(line: number): string {
    const start = this.lineStarts[line - 1];
    if (start === undefined) return "";
    return this.text.slice(start, this.lineStarts[line] ?? this.text.length).replace(/[\r\n]+$/, "");
  }
}
