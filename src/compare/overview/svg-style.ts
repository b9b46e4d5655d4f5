/** How pictures look: colours that people who see few colours can tell apart, light and dark, and how wide texts are. */

/**
 * Lines of token groups: the scheme "bright" of Paul Tol, "Colour schemes", 2021, and lighter ones for dark pages. Beyond these,
 * groups share colours; their names are always written beside them.
 */
const groupColors = [
  ["#4477aa", "#6fa3d8"],
  ["#ee6677", "#ff8795"],
  ["#228833", "#4fb862"],
  ["#aa3377", "#d268a4"],
  ["#b8a200", "#d8c84a"],
  ["#3ba7cc", "#66ccee"],
] as const;

/** Fills of norms, with dark text on them on every page: the scheme "light" of the same. */
const normColors = ["#99ddff", "#eedd88", "#ffaabb", "#bbcc33", "#ee8866", "#77aadd", "#44bb99", "#aaaa00"] as const;

export const groupClass = (index: number): string => `g${Math.max(0, index) % groupColors.length}`;
/** Of `none`, -1, an empty chip. */
export const normClass = (index: number): string => (index < 0 ? "n" : `n${index % normColors.length}`);

export const style = [
  "text { font-family: system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif; font-size: 12px; fill: #1f2328; }",
  ".name { font-weight: 600; } .title { font-size: 15px; font-weight: 600; } .small { font-size: 10.5px; } .quiet { fill: #59636e; }",
  ".page { fill: #ffffff; } .box { fill: #ffffff; stroke: #8c959f; } .layer { fill: #e6eaef; stroke: #8c959f; } .loss { fill: #1f2328; stroke: #1f2328; } text.onloss { fill: #ffffff; }",
  ".stack { fill: #f6f8fa; stroke: #afb8c1; } .repeat { fill: none; stroke: #59636e; stroke-dasharray: 5 3; } .badge { fill: #59636e; } text.onbadge { fill: #ffffff; }",
  ".open { fill: none; stroke: #8c959f; stroke-dasharray: 3 2; } .edge { fill: none; stroke: #6e7781; stroke-width: 1.3; } .mask { stroke-dasharray: 3 3; } .head { fill: #6e7781; stroke: none; } .joint { fill: #ffffff; stroke: #1f2328; stroke-width: 1.3; }",
  ".lane { fill: none; stroke-width: 2.2; stroke-linejoin: round; } .halo { fill: none; stroke: #f6f8fa; stroke-linejoin: round; }",
  ".chip { stroke: #59636e; stroke-width: 0.7; } text.onchip { fill: #1f2328; } .n { fill: none; stroke-dasharray: 3 2; }",
  ...groupColors.map(([light], i) => `.g${i} { stroke: ${light}; } .dot.g${i}, .lanehead.g${i} { fill: ${light}; stroke: none; }`),
  ...normColors.map((color, i) => `.n${i} { fill: ${color}; }`),
  "@media (prefers-color-scheme: dark) {",
  "text { fill: #e6edf3; } .quiet { fill: #9198a1; } .page { fill: #0d1117; } .box { fill: #151b23; stroke: #656c76; } .layer { fill: #2a313c; stroke: #656c76; }",
  ".loss { fill: #e6edf3; stroke: #e6edf3; } text.onloss { fill: #0d1117; } .stack { fill: #151b23; stroke: #3d444d; } .repeat { stroke: #9198a1; } .badge { fill: #9198a1; } text.onbadge { fill: #0d1117; }",
  ".open { stroke: #656c76; } .edge { stroke: #9198a1; } .head { fill: #9198a1; } .joint { fill: #0d1117; stroke: #e6edf3; } .halo { stroke: #151b23; } text.onnone { fill: #e6edf3; }",
  ...groupColors.map(([, dark], i) => `.g${i} { stroke: ${dark}; } .dot.g${i}, .lanehead.g${i} { fill: ${dark}; stroke: none; }`),
  "}",
].join("\n");

const narrow = new Set("iljtfrI.,:;'|!()[]{} /".split(""));
const wide = new Set("mwMW@%→×←".split(""));

/** About how wide a text is, in pixels, for the fonts above at this size: rather too wide than too narrow. */
export function textWidth(text: string, size = 12, isBold = false): number {
  let units = 0;
  for (const character of text) {
    units += narrow.has(character) ? 0.34 : wide.has(character) ? 0.9 : /[A-Z0-9_+=]/.test(character) ? 0.66 : /[a-z]/.test(character) ? 0.56 : character.codePointAt(0)! > 0x2e80 ? 1 : 0.62;
  }
  return Math.ceil(units * size * (isBold ? 1.06 : 1));
}

export function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}
