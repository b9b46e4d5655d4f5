/** JSON for people. */

const lineLength = 160;

/** JSON in which what fits on a line stands on one. */
export function readable(value: unknown, indent = ""): string {
  const short = JSON.stringify(value);
  if (indent.length + short.length <= lineLength || typeof value !== "object" || value === null) return short;
  const inner = `${indent}  `;
  const lines = Array.isArray(value)
    ? value.map((item) => inner + readable(item, inner))
    : Object.entries(value).map(([key, item]) => `${inner}${JSON.stringify(key)}: ${readable(item, inner)}`);
  const [open, close] = Array.isArray(value) ? ["[", "]"] : ["{", "}"];
  return `${open}\n${lines.join(",\n")}\n${indent}${close}`;
}
