/** An overview as text for people. */

import type { Overview } from "./overview.js";
import type { Paint } from "./paint.js";
import { sketch } from "./sketch.js";
import { costLines, kernelLines, ownNormLines, parameterLines, shapeLines, siteLines } from "./tables.js";

/** @param stack the overview is of this stack alone, and totals are those of the whole model. */
export function overviewText(overview: Overview, paint: Paint, stack?: string): string {
  const { sites, ownNorms, shapes, totals, costs } = overview;
  const sections: (readonly string[])[] = [headLines(overview, paint, stack), sketch(overview.figure, paint)];
  const section = (title: string, lines: readonly string[]) => void (lines.length > 0 && sections.push([paint.title(title), ...lines]));
  const shared = sites.some(({ rows }) => rows.some(({ landings }) => landings.some(({ groups }) => groups.length > 1)));
  section(`sites × groups${shared ? "; ├── is one norm for all its groups" : ""}`, sites.flatMap((table, i) => [...(i === 0 ? [] : [""]), ...siteLines(table, paint)]));
  section("norms that layers and the model call themselves", ownNorms.length === 0 ? [] : ownNormLines(ownNorms, paint));
  section(`shapes, each behind batch ${overview.batch}`, shapes.length === 0 ? [] : shapeLines(shapes, paint));
  const times = totals.entry === "step" ? "a training step, and bytes that the backward pass keeps" : "a forward pass";
  if (costs.length > 0) {
    section(`parameters and state${stack === undefined ? "" : `, of ${totals.parameters.total.toLocaleString("en-US")} parameters in all`}`, parameterLines(overview, paint, stack !== undefined));
    section(`FLOP of ${times}`, costLines(overview, paint, stack !== undefined));
  }
  if (stack === undefined) section("memory and kernels", kernelLines(overview));
  return `${sections.map((lines) => lines.join("\n")).join("\n\n")}\n`;
}

function headLines({ name, model, settings, batch, recipe }: Overview, paint: Paint, stack: string | undefined): readonly string[] {
  const given = settings.length === 0 ? "" : `(${settings.map((setting) => `${setting.name}: ${setting.value}`).join(", ")})`;
  const title = `${stack === undefined ? "" : `${stack} in `}${recipe === undefined ? "" : `${name} of `}${model}`;
  const how = recipe === undefined ? `batch ${batch}, as no recipe trains it` : `data ${recipe.data}, batch ${batch}, ${recipe.length}, seed ${recipe.seed}, ${recipe.precision} precision`;
  return [...wrapped(`${title}${given}`, 80).map((line, i) => (i === 0 ? paint.title(title) + line.slice(title.length) : line)), ...wrapped(`  ${how}`, 80)];
}

/** Broken behind commas. */
function wrapped(text: string, columns: number): readonly string[] {
  const lines: string[] = [];
  for (const word of text.split(/(?<=,) /)) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= columns) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(last === undefined ? word : `  ${word}`);
  }
  return lines;
}
