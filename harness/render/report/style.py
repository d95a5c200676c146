"""The style of a report: light and dark by the reader's choice, narrow screens, and paper.

Okabe and Ito's colours, darkened or lightened where text needs contrast.
"""

STYLE = """
:root { color-scheme: light dark; --ink: #1c2328; --quiet: #5b6873; --line: #dde3e7;
  --paper: #ffffff; --box: #f6f8f9; --good: #00694d; --good-bg: #e3f4ee; --watch: #8a5a00;
  --watch-bg: #fdf1d9; --bad: #a84300; --bad-bg: #fdebe0; --alarm: #b3141d; --alarm-bg: #fde8e8;
  --link: #00578c; --track: #e6ebee; --sky: #1f78ad; }
@media screen and (prefers-color-scheme: dark) { :root { --ink: #e4e9ec; --quiet: #9aa7b1;
  --line: #313b44; --paper: #11161a; --box: #1a2128; --good: #4cc9a3; --good-bg: #12332a;
  --watch: #f0b94a; --watch-bg: #3a2c10; --bad: #ff9a5c; --bad-bg: #402110; --alarm: #ff8a8a;
  --alarm-bg: #451618; --link: #7cc4f5; --track: #2a333b; --sky: #7cc4f5; } }
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body { margin: 0; background: var(--paper); color: var(--ink);
  font: 1rem/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", Arial, sans-serif; }
main { max-width: 66rem; margin: 0 auto; padding: 2rem 1.25rem 4rem; }
h1 { font-size: 1.75rem; line-height: 1.25; margin: 0 0 .35rem; display: flex; flex-wrap: wrap;
  gap: .3rem .7rem; align-items: center; }
h2 { font-size: 1.2rem; margin: 0 0 .6rem; }
h3 { font-size: 1rem; margin: 0 0 .3rem; display: flex; flex-wrap: wrap; gap: .2rem .6rem;
  align-items: center; }
p { margin: 0 0 .5rem; max-width: 48rem; overflow-wrap: anywhere; }
section { margin-top: 2.4rem; }
a { color: var(--link); }
.name { overflow-wrap: anywhere; }
.quiet { color: var(--quiet); font-size: .92rem; }
.figures { font-variant-numeric: tabular-nums; }
.unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%);
  white-space: nowrap; }
.badge { font-size: 1.05rem; font-weight: 700; text-transform: uppercase; letter-spacing: .04em;
  padding: .15rem .8rem; border-radius: 2rem; white-space: nowrap; }
.badge.small { font-size: .75rem; padding: .05rem .6rem; }
.promote { color: var(--good); background: var(--good-bg); }
.reject { color: var(--alarm); background: var(--alarm-bg); }
.inconclusive { color: var(--watch); background: var(--watch-bg); }
.override { color: var(--alarm); background: var(--alarm-bg); border-left: 4px solid var(--alarm);
  padding: .5rem .8rem; border-radius: .3rem; font-weight: 600; }
.tag { font-size: .78rem; font-weight: 500; color: var(--quiet); background: var(--box);
  border: 1px solid var(--line); border-radius: .3rem; padding: 0 .4rem; overflow-wrap: anywhere; }
.lines { margin: 0; padding-left: 1.15rem; max-width: 52rem; }
.lines li { margin: .25rem 0; overflow-wrap: anywhere; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: .93rem; margin: 0 0 1.2rem;
  position: relative; }
caption { overflow-wrap: anywhere; text-align: left; font-weight: 600; padding: 0 0 .35rem; }
th, td { text-align: left; padding: .4rem .8rem .4rem 0; border-bottom: 1px solid var(--line);
  vertical-align: middle; font-weight: 400; overflow-wrap: break-word; }
thead th { font-weight: 600; color: var(--quiet); font-size: .82rem; vertical-align: bottom;
  overflow-wrap: normal; }
tbody tr:last-child th, tbody tr:last-child td { border-bottom: 0; }
tfoot th, tfoot td { border: 0; padding-top: 0; padding-bottom: 0; }
.word { white-space: nowrap; }
.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
thead .number { white-space: normal; }
.chart { width: 26%; min-width: 9rem; }
.state { font-weight: 500; font-size: .92em; }
.drawing { display: block; overflow: visible; }
.drawing .zero { stroke: var(--quiet); stroke-width: 1; }
.drawing .margin { stroke: var(--bad); stroke-width: 1.5; stroke-dasharray: 3 3; }
.drawing .beyond { fill: var(--bad-bg); opacity: .75; }
.drawing .track { stroke: var(--track); stroke-width: 6; stroke-linecap: round; }
.drawing .reach { stroke: currentColor; stroke-width: 2.5; stroke-linecap: round; }
.drawing .bar { stroke: currentColor; stroke-width: 9; }
.drawing .before { fill: var(--paper); stroke: var(--quiet); stroke-width: 2; }
.drawing .sign { fill: currentColor; font-size: 13px; text-anchor: middle; }
.drawing .tick { fill: var(--quiet); font-size: 11px; font-variant-numeric: tabular-nums; }
.tone-worse, .tone-broken { color: var(--bad); }
.tone-better, .tone-fixed { color: var(--good); }
.tone-not-worse { color: var(--good); }
.tone-open { color: var(--watch); }
.tone-reworded { color: var(--sky); }
.tone-changed { color: var(--ink); }
.tone-identical, .tone-same, .tone-missing { color: var(--quiet); }
article { border: 1px solid var(--line); border-radius: .6rem; padding: .9rem 1.1rem;
  margin: 0 0 1rem; scroll-margin-top: 1rem; }
article:target { border-color: var(--link); box-shadow: 0 0 0 2px var(--link); }
article > .wide { margin-top: .8rem; }
.checks { margin: 0 0 .5rem; padding-left: 1.15rem; font-size: .92rem; overflow-wrap: anywhere; }
.texts { margin: .4rem 0 0; display: grid; gap: .55rem 1.1rem;
  grid-template-columns: repeat(auto-fit, minmax(min(100%, 26rem), 1fr)); }
dt { font-size: .82rem; color: var(--quiet); overflow-wrap: anywhere; }
dd { margin: 0; }
.texts div:first-child { grid-column: 1 / -1; }
.texts dd { white-space: pre-wrap; overflow-wrap: anywhere; background: var(--box);
  border-radius: .4rem; padding: .45rem .7rem; }
del { color: var(--bad); background: var(--bad-bg); border-radius: .2rem; padding: 0 .15rem; }
ins { color: var(--good); background: var(--good-bg); text-decoration: none; font-weight: 600;
  border-radius: .2rem; padding: 0 .15rem; }
details > summary { cursor: pointer; margin-bottom: .8rem; color: var(--quiet); }
summary h2 { display: inline; color: var(--ink); margin-right: .5rem; }
.origin, .commands { margin: 0; font-size: .92rem; }
.origin div, .commands div { display: grid; grid-template-columns: 13rem 1fr; gap: .8rem;
  padding: .22rem 0; border-bottom: 1px solid var(--line); }
.origin div:last-child, .commands div:last-child { border-bottom: 0; }
.origin dd, .commands dd { overflow-wrap: anywhere; font-variant-numeric: tabular-nums; }
code { font: .9em ui-monospace, SFMono-Regular, Menlo, Consolas, monospace;
  background: var(--box); padding: .1rem .35rem; border-radius: .25rem; }
@media (max-width: 46rem) {
  main { padding: 1.2rem .9rem 3rem; }
  h1 { font-size: 1.4rem; }
  table, tbody, tfoot, caption { display: block; }
  thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  tr { display: grid; grid-template-columns: minmax(0, 4fr) minmax(0, 4fr) minmax(0, 6fr);
    gap: 0 .6rem;
    border-bottom: 1px solid var(--line); padding: .5rem 0; }
  tbody tr:last-child, tfoot tr { border-bottom: 0; padding-bottom: 0; }
  th, td, .number, .word { display: block; border: 0; padding: .1rem 0; text-align: left;
    white-space: normal; grid-column: 1 / -1; }
  .number { grid-column: auto; }
  td[data-name]::before { content: attr(data-name); color: var(--quiet); font-size: .78rem;
    display: block; line-height: 1.3; }
  td.word::before { display: inline; margin-right: .5rem; }
  tbody th { font-weight: 600; }
  td:empty, tfoot th, tfoot td:not(.chart) { display: none; }
  .chart { width: auto; min-width: 0; }
  .origin div, .commands div { grid-template-columns: 1fr; gap: 0; }
}
@media print {
  :root { color-scheme: light; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  @page { margin: 1.6cm 1.4cm; }
  html { font-size: 9.5pt; }
  main { padding: 0; max-width: none; }
  .wide { overflow: visible; }
  table { font-size: .86rem; }
  .chart { min-width: 6rem; }
  section { margin-top: 1.4rem; }
  h2, h3, caption, summary { break-after: avoid; }
  tr, .texts div, .origin div { break-inside: avoid; }
  tbody tr:first-child { break-before: avoid; }
  thead { display: table-header-group; }
  tfoot { display: table-row-group; }
  details::details-content { content-visibility: visible; block-size: auto; }
  details > summary { list-style: none; }
  a { color: inherit; text-decoration: none; }
  .texts { grid-template-columns: 1fr 1fr; }
}
"""
