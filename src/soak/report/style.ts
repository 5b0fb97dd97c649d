/** The style of a report's page: light and dark by the reader's own setting. */
export const pageStyle = `
:root {
  color-scheme: light dark;
  --page: #f6f7f9; --card: #ffffff; --ink: #1a1f27; --soft: #5b6675; --edge: #dde2e9;
  --grid: #e8ecf1; --good: #14794a; --good-back: #e2f4ea; --bad: #b3261e; --bad-back: #fce8e6;
  --poor: #8a5a00; --poor-back: #fdf1d8; --fault: #d9480f; --fault-back: rgba(217, 72, 15, 0.1);
  --middle: #1f6feb; --high: #8250df; --most: #9aa5b4;
  --answered: #4c8df6; --refused: #c2410c; --expired: #b7791f; --cancelled: #94a3b8;
  --abandoned: #7c5cc4; --unknown: #be123c;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #0f1318; --card: #171c23; --ink: #e6eaf0; --soft: #9aa6b5; --edge: #2a323d;
    --grid: #242b35; --good: #5cd394; --good-back: #12301f; --bad: #ff8a80; --bad-back: #3a1715;
    --poor: #f0c060; --poor-back: #33270c; --fault: #ff8f5a; --fault-back: rgba(255, 143, 90, 0.13);
    --middle: #6aa6ff; --high: #c297ff; --most: #66717f;
    --answered: #4f8ff0; --refused: #f0834a; --expired: #d9a441; --cancelled: #7d8b9c;
    --abandoned: #a68ae8; --unknown: #f4637f;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; background: var(--page); color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', sans-serif;
}
main { max-width: 1080px; margin: 0 auto; padding: 28px 20px 60px; }
h1 { font-size: 22px; line-height: 1.25; margin: 0 0 4px; overflow-wrap: anywhere; }
h2 { font-size: 16px; margin: 0; }
h3 { font-size: 13px; margin: 0; font-weight: 600; overflow-wrap: anywhere; }
p { margin: 0; }
.soft { color: var(--soft); }
.small { font-size: 13px; }
.verdict { border: 1px solid; border-radius: 10px; padding: 18px 20px; margin: 0 0 16px; }
.verdict.held { background: var(--good-back); border-color: var(--good); }
.verdict.held h1 { color: var(--good); }
.verdict.violated { background: var(--bad-back); border-color: var(--bad); }
.verdict.violated h1 { color: var(--bad); }
.verdict.worthless { background: var(--poor-back); border-color: var(--poor); }
.verdict.worthless h1 { color: var(--poor); }
.verdict ul { margin: 8px 0 0; padding-left: 20px; }
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(max(150px, 22%), 1fr)); gap: 10px; margin: 0 0 16px; }
.figure, section { background: var(--card); border: 1px solid var(--edge); border-radius: 10px; }
.figure { padding: 12px 14px; }
.figure dt { color: var(--soft); font-size: 13px; }
.figure dd { margin: 0; font-size: 20px; font-weight: 600; font-variant-numeric: tabular-nums; }
section { padding: 16px 18px; margin: 0 0 16px; }
section > header { display: flex; flex-wrap: wrap; gap: 2px 14px; align-items: baseline; margin-bottom: 8px; }
.legend { display: flex; flex-wrap: wrap; gap: 2px 14px; list-style: none; margin: 0 0 0 auto; padding: 0; font-size: 13px; }
.legend li { display: flex; align-items: center; gap: 6px; }
.legend svg { width: 16px; height: 10px; flex: none; }
svg { display: block; width: 100%; height: auto; }
.plot { overflow-x: auto; }
.plot > svg { min-width: 640px; }
.grid { stroke: var(--grid); stroke-width: 1; }
.tick { fill: var(--soft); font-size: 11px; font-variant-numeric: tabular-nums; }
.strong { fill: var(--ink); font-weight: 600; }
.line { fill: none; stroke-width: 1.8; stroke-linejoin: round; stroke-linecap: round; }
.line-middle { stroke: var(--middle); }
.line-high { stroke: var(--high); }
.line-max { stroke: var(--most); stroke-dasharray: 2 3; }
.stem { stroke: var(--high); stroke-width: 1.5; opacity: 0.6; }
.dot { fill: var(--high); }
.bound { stroke: var(--bad); stroke-width: 1.2; stroke-dasharray: 6 4; }
.phase { stroke: var(--soft); stroke-width: 1; stroke-dasharray: 1 3; }
.violation-line { stroke: var(--bad); stroke-width: 1.2; }
.fault-band { fill: var(--fault-back); }
.fault-mark { fill: var(--fault); opacity: 0.75; }
.window { fill: transparent; }
.window:hover { fill: var(--ink); fill-opacity: 0.06; }
.fill-answered { fill: var(--answered); } .fill-refused { fill: var(--refused); }
.fill-expired { fill: var(--expired); } .fill-cancelled { fill: var(--cancelled); }
.fill-abandoned { fill: var(--abandoned); } .fill-unknown { fill: var(--unknown); }
.pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 440px), 1fr)); gap: 16px 24px; }
table { border-collapse: collapse; width: 100%; font-size: 14px; }
th { text-align: left; font-weight: 600; color: var(--soft); font-size: 13px; }
th, td { padding: 5px 10px 5px 0; border-bottom: 1px solid var(--edge); vertical-align: top; }
tr:last-child td { border-bottom: 0; }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.state { font-weight: 600; white-space: nowrap; }
.state.held { color: var(--good); } .state.violated { color: var(--bad); } .state.unseen { color: var(--soft); font-weight: 400; }
.scroll { overflow-x: auto; }
.violations { list-style: none; margin: 0; padding: 0; }
.violations > li { border-left: 3px solid var(--bad); padding: 2px 0 2px 12px; margin: 0 0 12px; overflow-wrap: anywhere; }
.violations > li:last-child { margin-bottom: 0; }
code { font: 12.5px/1.5 ui-monospace, 'SF Mono', Menlo, Consolas, monospace; }
.ids { color: var(--soft); }
pre { margin: 8px 0 0; overflow-x: auto; font: 12.5px/1.5 ui-monospace, Menlo, Consolas, monospace; }
summary { cursor: pointer; }
@media print { body { background: none; } section, .figure { break-inside: avoid; } }
`;
