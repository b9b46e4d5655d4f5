/**
 * What MLflow takes for names and texts: letters, digits, `_ / . -` and spaces, and paths that are their own normal form. Colons
 * are left out because a server on Windows refuses them. Source: mlflow/utils/validation.py
 */

const longestName = 250;
/** Of parameters' values; the server's limit is 6000. */
const longestValue = 6000;
/** Of tags' values; that of servers before 3.0 is 5000. */
const longestTag = 5000;

/** Names that MLflow takes for any names, always the same for the same, and others for others. */
export class Names {
  private readonly given = new Map<string, string>();
  private readonly taken = new Set<string>();

  of(name: string): string {
    const before = this.given.get(name);
    if (before !== undefined) return before;
    const plain = plainName(name);
    let own = plain;
    for (let number = 2; this.taken.has(own); number++) own = `${plain.slice(0, longestName - 8)} ${number}`;
    this.given.set(name, own);
    this.taken.add(own);
    return own;
  }
}

/** `measures/uniformity(encoded.cls)` gives `measures/uniformity_encoded.cls`. */
function plainName(name: string): string {
  const parts = name.split("/").map((part) => part.replace(/[^\p{L}\p{N}_. -]+ ?/gu, "_").replace(/^[_ ]+|[_ ]+$/g, ""));
  const whole = parts.filter((part) => !/^\.*$/.test(part)).join("/").slice(0, longestName).replace(/[/ ]+$/, "");
  return whole === "" ? "unnamed" : whole;
}

export function parameterValue(value: string | number): string {
  return shortened(String(value), longestValue);
}

export function tagValue(value: string): string {
  return shortened(value, longestTag);
}

function shortened(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1)}…`;
}
