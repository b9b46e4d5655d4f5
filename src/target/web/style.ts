/** The page's `style.css`. */

export const styleText = `:root {
  color-scheme: light dark;
  --page: #fcfcfb;
  --card: #ffffff;
  --text: #1d2126;
  --muted: #5b6470;
  --line: #e3e5e8;
  --accent: #1f5fbf;
  --on-accent: #ffffff;
  --raw: #b4cbee;
  --held-out: #b4530a;
  --alert: #a1260d;
  --alert-page: #fdf0ec;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #15181c;
    --card: #1c2026;
    --text: #e6e8eb;
    --muted: #a0a9b4;
    --line: #30363e;
    --accent: #7db0f7;
    --on-accent: #10151c;
    --raw: #38537a;
    --held-out: #f0a35e;
    --alert: #ffb4a0;
    --alert-page: #3a1d16;
  }
}

* { box-sizing: border-box; }
[hidden] { display: none !important; }
body {
  margin: 0 auto;
  max-width: 60rem;
  padding: 2.5rem 1.25rem 3rem;
  background: var(--page);
  color: var(--text);
  font: 1rem/1.5 system-ui, sans-serif;
}
h1 { margin: 0; font-size: 1.75rem; line-height: 1.2; }
h2 { margin: 0 0 0.25rem; font-size: 1.0625rem; }
p { margin: 0.25rem 0; }
a { color: var(--accent); }
code, pre { font-family: ui-monospace, "SF Mono", Menlo, Consolas, monospace; font-size: 0.9em; }
header p, footer, section > p { color: var(--muted); }
#device { font-size: 0.875rem; }
main > * { margin: 1.5rem 0; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }

#alert, .alert {
  padding: 0.75rem 1rem;
  border-left: 3px solid var(--alert);
  background: var(--alert-page);
  color: var(--alert);
}

.controls { display: flex; flex-wrap: wrap; align-items: center; gap: 0.75rem; }
button {
  min-height: 2.75rem;
  padding: 0 1.125rem;
  border: 1px solid var(--line);
  border-radius: 0.5rem;
  background: var(--card);
  color: var(--text);
  font: inherit;
  cursor: pointer;
}
button.primary { min-width: 9rem; border-color: var(--accent); background: var(--accent); color: var(--on-accent); font-weight: 600; }
button:hover:enabled { filter: brightness(1.08); }
button:disabled { border-color: var(--line); background: transparent; color: var(--muted); cursor: default; }
#status { margin: 0; color: var(--muted); }
progress { flex: 1 1 8rem; height: 0.5rem; accent-color: var(--accent); }

.readouts {
  display: grid;
  grid-template-columns: repeat(auto-fit, minmax(max(8.5rem, 22%), 1fr));
  gap: 1px;
  overflow: hidden;
  border: 1px solid var(--line);
  border-radius: 0.75rem;
  background: var(--card);
}
.readouts div { padding: 0.75rem 1rem; box-shadow: 0 0 0 1px var(--line); }
.readouts dt { color: var(--muted); font-size: 0.8125rem; }
.readouts dd { margin: 0; font-size: 1.125rem; font-variant-numeric: tabular-nums; white-space: nowrap; }

figure { padding: 1rem 1rem 0.5rem; border: 1px solid var(--line); border-radius: 0.75rem; background: var(--card); }
figcaption { margin-bottom: 0.5rem; font-weight: 600; }
.u-legend { color: var(--muted); font-size: 0.8125rem; }
.u-legend .u-value { min-width: 3.5rem; font-variant-numeric: tabular-nums; text-align: left; }
.u-cursor-x { border-color: var(--muted); }
.u-cursor-y { display: none; }

.scroll { max-height: 20rem; overflow: auto; }
table:not(.u-legend) { border-collapse: collapse; font-variant-numeric: tabular-nums; }
table:not(.u-legend) :is(th, td) { padding: 0.375rem 1.5rem 0.375rem 0; border-bottom: 1px solid var(--line); text-align: right; }
table:not(.u-legend) thead th { position: sticky; top: 0; background: var(--page); color: var(--muted); font-size: 0.8125rem; font-weight: 400; }

.facts { margin: 0.5rem 0; }
.facts div { display: grid; grid-template-columns: 10rem 1fr; gap: 0.5rem; padding: 0.375rem 0; border-bottom: 1px solid var(--line); }
.facts dt { color: var(--muted); }
.facts dd { margin: 0; overflow-wrap: anywhere; }
details { margin: 0.75rem 0; }
summary { cursor: pointer; }
pre { overflow-x: auto; }
footer { margin-top: 2.5rem; font-size: 0.875rem; }

@media (max-width: 32rem) {
  .facts div { grid-template-columns: 1fr; gap: 0; }
}
`;
