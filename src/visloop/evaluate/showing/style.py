"""How a report looks."""

from __future__ import annotations

from typing import Final

POLICY: Final = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
STYLE: Final = """
:root { color-scheme: light dark; font: 14px/1.5 system-ui, "DejaVu Sans", sans-serif;
  --line: light-dark(#dde1e8, #2b323e); --muted: light-dark(#566072, #a3adbd);
  --panel: light-dark(#fff, #181c24); --sunk: light-dark(#eceef2, #10141b); --ink: #0b6bcb; }
body { margin: 0 auto; padding: 24px; max-width: 1180px; background: light-dark(#f4f5f8, #0f1218);
  color: light-dark(#18202e, #e8ebf1); }
h1 { font-size: 22px; margin: 0; overflow-wrap: anywhere; }
h2 { font-size: 16px; margin: 0 0 4px; }
h3 { font-size: 14px; margin: 16px 0 6px; }
p { margin: 0 0 10px; max-width: 76ch; }
.muted, figcaption .path { color: var(--muted); }
.headline { font-size: 34px; font-weight: 650; margin: 8px 0 0; font-variant-numeric: tabular-nums; }
.headline small { font-size: 14px; font-weight: 400; color: var(--muted); }
section { background: var(--panel); border: 1px solid var(--line); border-radius: 10px;
  padding: 16px 18px; margin: 16px 0; break-inside: avoid-page; }
.columns { display: flex; flex-wrap: wrap; gap: 12px 40px; align-items: flex-start; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: 4px 12px 4px 0; text-align: left; border-bottom: 1px solid var(--line);
  vertical-align: top; }
th { font-weight: 600; color: var(--muted); font-size: 12px; white-space: nowrap; }
td.n, th.n { text-align: right; white-space: nowrap; }
td.wide { min-width: 14em; }
img.small { display: block; max-width: 160px; max-height: 120px; border-radius: 6px; }
.good { color: light-dark(#15803d, #4ade80); } .bad { color: light-dark(#b91c1c, #f87171); }
.confusion td, .confusion th { padding: 3px 8px; border: 1px solid var(--panel); text-align: center; }
.confusion tbody th { text-align: right; } .confusion td { min-width: 2.2em; background: var(--sunk); }
.confusion td.right { background: color-mix(in srgb, #16a34a var(--share), var(--sunk)); }
.confusion td.wrong { background: color-mix(in srgb, #dc2626 var(--share), var(--sunk)); }
.chart text { font: 11px system-ui, sans-serif; fill: var(--muted); }
.grid { stroke: var(--line); fill: none; } .rule { stroke: var(--muted); stroke-dasharray: 4 4; }
.whisker { stroke: light-dark(#18202e, #e8ebf1); stroke-width: 1.2; fill: none; opacity: .7; }
.track { fill: var(--sunk); } .fill { fill: var(--ink); opacity: .75; } .bar { display: block; }
.legend { display: flex; flex-wrap: wrap; gap: 2px 16px; list-style: none; margin: 6px 0; padding: 0;
  max-width: 330px; font-size: 12.5px; }
.legend li::before { content: ""; display: inline-block; width: 10px; height: 10px; margin-right: 6px;
  border-radius: 3px; background: var(--kind); }
.sheet { display: grid; grid-template-columns: repeat(auto-fill, minmax(200px, 1fr)); gap: 12px;
  margin: 8px 0 12px; }
figure { margin: 0; min-width: 0; font-size: 12px; }
figure svg { display: block; width: 100%; height: auto; max-height: 240px; border-radius: 6px;
  background: var(--sunk); }
.whole { margin: 8px 0 12px; } .whole img { max-width: 100%; height: auto; border-radius: 6px; }
figcaption { margin-top: 4px; overflow-wrap: anywhere; }
figcaption .path { display: block; font-size: 11px; }
figure text { fill: #fff; stroke: #000; paint-order: stroke; font-weight: 650; }
.halo { fill: none; stroke: #000; stroke-opacity: .5; stroke-width: 4; vector-effect: non-scaling-stroke; }
.mark { fill: none; stroke-width: 2; vector-effect: non-scaling-stroke; }
details { border-top: 1px solid var(--line); padding: 6px 0; } summary { cursor: pointer; }
.warning { border-left: 3px solid #f59e0b; padding-left: 10px; }
"""
