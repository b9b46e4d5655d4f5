/** Text in HTML. */

const entities: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

/** Text as the content of an element or of a quoted attribute. */
export function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => entities[character]!);
}

/** Text with the minus sign of figures where a figure is negative: it is as wide as a plus. */
export function typeset(text: string): string {
  return text.replaceAll(/(^|[\s[])-(?=\d)/g, "$1−");
}

/** Data as the content of a script element, which ends at the first `</script`. */
export function embedded(data: unknown): string {
  return JSON.stringify(data).replaceAll("<", "\\u003c").replaceAll("\u2028", "\\u2028").replaceAll("\u2029", "\\u2029");
}
