/** The reports of an ablation. */

import type { Summary } from "./summary.js";

export { reportCsv } from "./csv.js";
export { type AblationReport, reportJson } from "./json.js";
export { reportMarkdown } from "./markdown.js";
export { type Summary, summarise } from "./summary.js";
export { reportText, type TextOptions } from "./text.js";

/** The report as one page of HTML that needs nothing else. */
export async function reportHtml(summary: Summary): Promise<string> {
  // The plots' library takes its time to load.
  const { pageText } = await import("./html/page.js");
  return pageText(summary);
}
