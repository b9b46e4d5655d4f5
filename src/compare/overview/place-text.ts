/** What stands at a place, as text for people. */

import type { Standing, StandingValue } from "./place.js";
import { padded } from "./paint.js";

const kinds: Readonly<Record<StandingValue["kind"], string>> = {
  binding: "a value",
  input: "an input",
  param: "a parameter of the model",
  state: "a state",
  parameter: "a parameter of the definition",
  sublayer: "a sublayer",
};

/** @param where `file:line:column` */
export function standingText({ text, values, norms, parameters, definition }: Standing, where: string): string {
  const sections: string[][] = [[`${where}  ${text}`]];
  if (values.length > 0) {
    sections.push(values.map(({ kind, name, path, value, groups }) => {
      const at = path === "" ? "" : kind === "sublayer" ? `, ${path},` : ` in ${path}`;
      return `${name}, ${kinds[kind]}${at}${kind === "sublayer" ? " gives" : ":"} ${value}${groups === undefined ? "" : `, tokens ${groups.join(" + ")}`}`;
    }));
  }
  if (norms.length > 0) {
    const width = Math.max(...norms.map(({ site }) => site.length));
    sections.push(["normalises", ...norms.map(({ site, groups, policy }) => `  ${padded(site, width)}  ${groups.length === 0 ? "" : `${groups.join(" + ")}: `}${policy}`)]);
  }
  if (parameters.length > 0) {
    const width = Math.max(...parameters.map(({ name }) => name.length));
    sections.push(["owns", ...parameters.map(({ name, type }) => `  ${padded(name, width)}  ${type}`)]);
  }
  if (definition !== undefined) {
    sections.push([`${definition.signature}`, `  in ${definition.module}`, ...(definition.documentation === "" ? [] : definition.documentation.split("\n").map((line) => `  ${line}`.trimEnd()))]);
  }
  return `${sections.map((lines) => lines.join("\n")).join("\n\n")}\n`;
}
