/** The page's style sheet. Lines have the hues of Okabe and Ito ("Color universal design", 2008), which stay apart for colour-blind eyes. */

const light = `
  --page: #fcfcfb;
  --card: #ffffff;
  --text: #1d2126;
  --muted: #5b6470;
  --rule: #e3e5e8;
  --accent: #0072b2;
  --better: #00795a;
  --worse: #c04f00;
  --box: #cfdfee;
  --base-row: #f1f3f5;
  --line-0: #0072b2;
  --line-1: #d55e00;
  --line-2: #009e73;
  --line-3: #cc79a7;
  --line-4: #e69f00;
  --line-5: #56b4e9;
`;

const dark = `
  --page: #15181c;
  --card: #1c2026;
  --text: #e6e8eb;
  --muted: #a0a9b4;
  --rule: #343a43;
  --accent: #63b3ed;
  --better: #2fbf92;
  --worse: #f08a4b;
  --box: #3a4b60;
  --base-row: #23282f;
  --line-0: #3d9be0;
  --line-1: #e8743b;
  --line-2: #2fbf92;
  --line-3: #d995ba;
  --line-4: #e6b34d;
  --line-5: #8fd0f5;
`;

export const styleText = `:root { color-scheme: light dark; ${light} }
@media (prefers-color-scheme: dark) { :root { ${dark} } }
@media print { :root { color-scheme: light; ${light} } }

* { box-sizing: border-box; }
[hidden] { display: none !important; }
body {
  margin: 0 auto;
  max-width: 78rem;
  padding: 2rem 1.25rem 3rem;
  background: var(--page);
  color: var(--text);
  font: 1rem/1.5 system-ui, sans-serif;
}
h1 { margin: 0; font-size: 1.75rem; line-height: 1.2; }
h2 { margin: 0 0 0.25rem; font-size: 1.25rem; }
h3 { margin: 1.25rem 0 0.25rem; font-size: 1rem; }
p { margin: 0.35rem 0; max-width: 48rem; }
a { color: var(--accent); }
code, pre { font-family: ui-monospace, "SF Mono", Menlo, Consolas, monospace; font-size: 0.875em; }
pre { margin: 0.5rem 0; padding: 0.75rem 1rem; overflow-x: auto; border: 1px solid var(--rule); border-radius: 0.5rem; background: var(--card); }
pre.error { white-space: pre-wrap; overflow-wrap: anywhere; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
.kicker, .note, footer { color: var(--muted); }
.kicker { margin: 0; font-size: 0.875rem; }
.note { font-size: 0.875rem; }
.documentation { white-space: pre-line; }
nav ul { display: flex; flex-wrap: wrap; gap: 0.25rem 1.25rem; margin: 1rem 0 0; padding: 0; list-style: none; font-size: 0.9375rem; }
section { margin-top: 2.5rem; padding-top: 1.25rem; border-top: 1px solid var(--rule); }
.highlights { margin: 0.75rem 0; padding: 0; list-style: none; }
.highlights li { max-width: 60rem; margin: 0.4rem 0; padding: 0.5rem 0.875rem; border-left: 3px solid var(--better); background: var(--card); }

dl { margin: 1rem 0; }
dl div { display: grid; grid-template-columns: 9rem 1fr; gap: 0.75rem; padding: 0.3rem 0; border-bottom: 1px solid var(--rule); }
dt { color: var(--muted); overflow-wrap: anywhere; }
dd { margin: 0; overflow-wrap: anywhere; }

.scroll { max-width: 100%; max-height: 42rem; margin: 0.75rem 0; overflow: auto; border: 1px solid var(--rule); border-radius: 0.5rem; background: var(--card); }
table { width: 100%; border-collapse: collapse; font-size: 0.8125rem; font-variant-numeric: tabular-nums; }
th, td { padding: 0.35rem 0.625rem; text-align: left; white-space: nowrap; }
th { position: sticky; top: 0; z-index: 1; background: var(--card); box-shadow: inset 0 -1px var(--rule); color: var(--muted); font-weight: 500; white-space: normal; overflow-wrap: break-word; vertical-align: bottom; }
td { border-bottom: 1px solid var(--rule); }
tbody tr:last-child td { border-bottom: 0; }
tr.base td { background: var(--base-row); font-weight: 600; }
.number { text-align: right; }
td.best { color: var(--better); font-weight: 700; }
td.tied { color: var(--better); }
td.better { color: var(--better); }
td.worse { color: var(--worse); }
td.higher, td.lower { color: var(--accent); }
td.unclear { color: var(--muted); }
th button { margin: 0; padding: 0; border: 0; background: none; color: inherit; font: inherit; text-align: inherit; cursor: pointer; }
/* Triangles of borders: not every font has the signs. */
th button::after { content: ""; display: inline-block; margin-left: 0.3em; border: 0.28em solid transparent; }
th button:hover::after { border-bottom-color: var(--rule); translate: 0 -25%; }
th[aria-sort=ascending] button::after { border-bottom-color: var(--muted); translate: 0 -25%; }
th[aria-sort=descending] button::after { border-top-color: var(--muted); translate: 0 25%; }
th:first-child, td:first-child { position: sticky; left: 0; background: var(--card); }
th:first-child { z-index: 2; }

.plots { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 22rem), 1fr)); gap: 1rem; margin: 0.75rem 0; }
.plots.wide { grid-template-columns: repeat(auto-fill, minmax(min(100%, 28rem), 1fr)); }
figure { min-width: 0; margin: 0; padding: 0.75rem; border: 1px solid var(--rule); border-radius: 0.5rem; background: var(--card); }
figcaption { margin-bottom: 0.35rem; font-weight: 600; font-size: 0.9375rem; }
figcaption small { color: var(--muted); font-size: 0.8125rem; font-weight: 400; }
figure svg { display: block; width: 100%; max-width: 30rem; height: auto; overflow: visible; }
figure.curves > svg { max-width: none; }
.plot { --plot-background: transparent; }
figure.live > svg { display: none; }
.chart { width: 100%; }
.readout { min-height: 2.6em; margin: 0.25rem 0 0; color: var(--muted); font-size: 0.8125rem; line-height: 1.3; }

#lines { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 20rem), 1fr)); gap: 0.125rem 1rem; max-height: 16rem; margin: 0.5rem 0; padding: 0; overflow: auto; list-style: none; font-size: 0.875rem; }
#lines li, #lines label { display: flex; gap: 0.5rem; align-items: center; min-width: 0; }
#lines label { flex: 1; min-height: 1.75rem; cursor: pointer; }
#lines svg { flex: none; }
#lines span { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
#curves button { min-height: 2rem; padding: 0 0.75rem; border: 1px solid var(--rule); border-radius: 0.375rem; background: var(--card); color: var(--text); font: inherit; font-size: 0.875rem; cursor: pointer; }
/* Some 20 lines: of hundreds of configurations nobody scrolls past all. */
.list { max-height: 36rem; margin: 0.75rem 0; overflow: auto; }
details { margin: 0.4rem 0; }
summary { cursor: pointer; overflow-wrap: anywhere; }
footer { margin-top: 3rem; font-size: 0.875rem; }

@media (max-width: 36rem) {
  body { padding: 1.25rem 0.875rem 2rem; }
  dl div { grid-template-columns: 1fr; gap: 0; }
  figure { padding: 0.5rem; }
}
@media print {
  body { max-width: none; padding: 0; font-size: 0.8125rem; }
  nav, #curves button, #lines input, .readout, .chart { display: none; }
  figure.live > svg { display: block; }
  .scroll, .list, #lines { max-height: none; overflow: visible; border: 0; }
  th, th:first-child, td:first-child { position: static; }
  th button::after { display: none; }
  th, td { padding: 0.15rem 0.4rem; white-space: normal; }
  figure, tr, li { break-inside: avoid; }
  h2, h3 { break-after: avoid; }
}
`;
