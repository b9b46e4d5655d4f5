/** Diagnostics as text for people, in the style of a compiler, and as data. */

import pc from "picocolors";
import type { Diagnostic, Place } from "./diagnostic.js";

type Colors = ReturnType<typeof pc.createColors>;

/**
 * The diagnostic with its lines underlined: the primary place with `^`, related places of the same file with `-`,
 * places in other files below. Ends without a newline.
 */
export function renderDiagnostic(found: Diagnostic, colors: Colors = pc.createColors(false)): string {
  const { severity, code, message, place } = found;
  const tint = { error: colors.red, warning: colors.yellow, note: colors.cyan }[severity];
  const marks = [
    { place, label: found.label ?? "", primary: true },
    ...found.related.map((related) => ({ ...related, primary: false })),
  ];
  const here = marks.filter((mark) => mark.place.source === place.source);
  const elsewhere = marks.filter((mark) => mark.place.source !== place.source);
  const lastLine = Math.max(...marks.map((mark) => lineOf(mark.place)));
  const gutter = " ".repeat(String(lastLine).length);
  const bar = colors.blue("|");

  const lines = [colors.bold(`${tint(`${severity}[${code}]`)}: ${message}`)];
  const snippet = (where: Place, group: typeof marks) => {
    lines.push(`${gutter}${colors.blue("-->")} ${where.source.place(where.start)}`, `${gutter} ${bar}`);
    let shown = 0;
    for (const mark of [...group].sort((a, b) => a.place.start - b.place.start)) {
      const { line, column } = mark.place.source.position(mark.place.start);
      const text = mark.place.source.line(line);
      const width = Math.max(1, Math.min(mark.place.end - mark.place.start, text.length - column + 1));
      const underline = (mark.primary ? "^" : "-").repeat(width);
      const color = mark.primary ? tint : colors.blue;
      const label = mark.label === "" ? "" : ` ${mark.label}`;
      // A line with several marks is shown once.
      if (line !== shown) lines.push(`${colors.blue(String(line).padStart(gutter.length))} ${bar} ${text.replaceAll("\t", " ")}`);
      shown = line;
      lines.push(`${gutter} ${bar} ${" ".repeat(column - 1)}${color(underline + label)}`);
    }
  };
  snippet(place, here);
  for (const mark of elsewhere) snippet(mark.place, [mark]);
  if (found.help !== undefined || found.note !== undefined) lines.push(`${gutter} ${bar}`);
  if (found.help !== undefined) lines.push(`${gutter} ${colors.blue("=")} ${colors.bold("help")}: ${found.help}`);
  if (found.note !== undefined) lines.push(`${gutter} ${colors.blue("=")} ${colors.bold("note")}: ${found.note}`);
  return lines.join("\n");
}

function lineOf(place: Place): number {
  return place.source.position(place.start).line;
}

/** The same as plain data, for `--format json`. */
export function diagnosticData(found: Diagnostic): object {
  const at = ({ source, start, end }: Place) => ({ file: source.path, start: source.position(start), end: source.position(end) });
  return {
    code: found.code,
    severity: found.severity,
    message: found.message,
    ...at(found.place),
    ...(found.label === undefined ? {} : { label: found.label }),
    related: found.related.map(({ place, label }) => ({ ...at(place), label })),
    ...(found.help === undefined ? {} : { help: found.help }),
    ...(found.note === undefined ? {} : { note: found.note }),
  };
}
