/** What comes from files on its way to a terminal. */

/** The same data without characters that move a terminal's cursor or change its colours; line feeds stay. */
export function printable<T>(data: T): T {
  // eslint-disable-next-line no-control-regex
  if (typeof data === "string") return data.replaceAll(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u2029]/g, "\ufffd") as T;
  if (Array.isArray(data)) return data.map(printable) as T;
  if (typeof data !== "object" || data === null) return data;
  return Object.fromEntries(Object.entries(data).map(([name, value]) => [name, printable(value)])) as T;
}
