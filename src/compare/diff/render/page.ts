/** The page around a diff or a matrix: one file, without scripts and without anything from the network, in light and dark. */

import { escaped } from "../../ablation/report/html/escape.js";

export function page(title: string, body: string): string {
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${escaped(title)}</title>
<style>
${style}
</style>
</head>
<body>
<main>
${body}
</main>
</body>
</html>
`;
}

/** A table that scrolls by itself where it is wider than the page. */
export function scrolling(table: string, label: string): string {
  return `<div class="scroll" tabindex="0" role="region" aria-label="${escaped(label)}">${table}</div>`;
}

const style = `:root {
  color-scheme: light dark;
  --page: #f6f7f9; --card: #fff; --text: #1b2027; --muted: #5c6773; --line: #dde2e8; --soft: #f0f2f5;
  --old: #a3242c; --old-back: #fdeceb; --new: #12683a; --new-back: #e6f6ec; --changed: #7a4d00; --changed-back: #fff4d6;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #14171b; --card: #1c2026; --text: #e4e8ed; --muted: #98a3b0; --line: #323943; --soft: #252a32;
    --old: #ff9c96; --old-back: #3f2123; --new: #7fdca4; --new-back: #17351f; --changed: #f2c661; --changed-back: #3a2f12;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--text); font: 15px/1.5 system-ui, sans-serif; }
main { max-width: 1080px; margin: 0 auto; padding: 24px 16px 64px; }
article + article { margin-top: 56px; padding-top: 32px; border-top: 2px solid var(--line); }
h1 { font-size: 1.25rem; margin: 0 0 16px; overflow-wrap: anywhere; }
h1 .side-name { display: inline-block; width: 1.3em; color: var(--muted); }
h2 { font-size: 1rem; margin: 32px 0 8px; }
code { font: 0.92em/1.45 ui-monospace, "SF Mono", Consolas, "DejaVu Sans Mono", monospace; }
p { margin: 8px 0; }
.verdict { background: var(--card); border: 1px solid var(--line); border-left: 6px solid var(--muted); border-radius: 6px; padding: 12px 16px; }
.verdict.identical, .verdict.same-function { border-left-color: var(--new); }
.verdict.same-weights, .verdict.some-weights { border-left-color: var(--changed); }
.verdict.new-weights { border-left-color: var(--old); }
.verdict strong { font-size: 1.1rem; }
.muted { color: var(--muted); }
.small { font-size: 0.9em; }
.warning { background: var(--changed-back); color: var(--changed); border: 1px solid currentColor; border-radius: 6px; padding: 10px 16px; font-weight: 600; }
.change { background: var(--card); border: 1px solid var(--line); border-radius: 6px; margin: 8px 0; overflow: hidden; }
.change > p { margin: 0; padding: 8px 12px; }
.sides { display: grid; grid-template-columns: 1fr 1fr; border-top: 1px solid var(--line); }
.side { padding: 8px 12px; min-width: 0; overflow-wrap: anywhere; }
.side + .side { border-left: 1px solid var(--line); }
.side.old { background: var(--old-back); }
.side.new { background: var(--new-back); }
.side code { white-space: pre-wrap; }
.old code { color: var(--old); }
.new code { color: var(--new); }
.side .place { display: block; color: var(--muted); font-size: 0.85em; }
.side.absent { background: var(--soft); color: var(--muted); font-style: italic; }
.scroll { overflow-x: auto; background: var(--card); border: 1px solid var(--line); border-radius: 6px; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: 6px 12px; border-top: 1px solid var(--line); vertical-align: top; }
thead th { border-top: 0; color: var(--muted); font-weight: 600; font-size: 0.9em; }
th[scope="row"] { font-weight: 400; white-space: nowrap; }
tr.section th { background: var(--soft); font-weight: 600; font-size: 0.9em; }
.number { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
td.changed { background: var(--changed-back); color: var(--changed); }
td.changed del { color: var(--old); display: block; }
td.changed ins { color: var(--new); display: block; text-decoration: none; }
td.added { background: var(--new-back); color: var(--new); }
td.removed { background: var(--old-back); color: var(--old); }
td.same { color: var(--muted); }
details { margin: 12px 0; }
summary { cursor: pointer; }
ul { margin: 8px 0; padding-left: 24px; overflow-wrap: anywhere; }
.tally { margin-top: 32px; font-weight: 600; }
@media (max-width: 640px) {
  .sides { grid-template-columns: 1fr; }
  .side + .side { border-left: 0; border-top: 1px solid var(--line); }
  th, td { padding: 6px 8px; }
  th[scope="row"] { white-space: normal; overflow-wrap: anywhere; min-width: 8em; }
}
@media print { .scroll { overflow: visible; } }`;
