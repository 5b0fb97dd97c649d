/** How a chart looks. A page that shows one may set any of the custom properties itself. */

/** Whose colours a picture has: those the reader's system asks for, or always the same. */
export type Theme = 'auto' | 'light' | 'dark';

const light = `
  --chart-ground: #ffffff;
  --chart-state: #f3f5f8;
  --chart-border: #b9c1cd;
  --chart-frame: #d5dae2;
  --chart-text: #1c2430;
  --chart-quiet: #5c6778;
  --chart-line: #7a8699;
  --chart-active: #1f5fd6;
  --chart-active-fill: #e0ebff;
  --chart-active-text: #123c8c;
  --chart-deadline: #a15303;`;

const dark = `
  --chart-ground: #12161c;
  --chart-state: #1d232c;
  --chart-border: #465161;
  --chart-frame: #303946;
  --chart-text: #e8ecf2;
  --chart-quiet: #9aa6b8;
  --chart-line: #7d8a9e;
  --chart-active: #7fb0ff;
  --chart-active-fill: #1b3157;
  --chart-active-text: #d6e5ff;
  --chart-deadline: #f0b05a;`;

const rules = `
.chart { font: 11px Helvetica, Arial, 'Liberation Sans', sans-serif; }
.chart .ground { fill: var(--chart-ground); }
.chart .box { fill: var(--chart-state); stroke: var(--chart-border); stroke-width: 1; }
.chart .frame { fill: var(--chart-ground); stroke: var(--chart-frame); stroke-width: 1; }
.chart .region > .frame { stroke-dasharray: 4 3; stroke: var(--chart-border); }
.chart .inset { fill: none; stroke: var(--chart-border); stroke-width: 1; }
.chart .name { font-size: 13px; font-weight: bold; fill: var(--chart-text); }
.chart .machine > .name { fill: var(--chart-quiet); }
.chart .event { fill: var(--chart-text); }
.chart .guard, .chart .action { fill: var(--chart-quiet); }
.chart .deadline .event { fill: var(--chart-deadline); }
.chart .sign { fill: none; stroke: var(--chart-quiet); stroke-width: 1.2; stroke-linecap: round; }
.chart .deadline .sign { stroke: var(--chart-deadline); }
.chart .line { fill: none; stroke: var(--chart-line); stroke-width: 1.25; }
.chart .tip, .chart .dot { fill: var(--chart-line); }
.chart .label { fill: var(--chart-ground); }
.chart .active > .box { fill: var(--chart-active-fill); stroke: var(--chart-active); stroke-width: 2; }
.chart .active > .inset { stroke: var(--chart-active); }
.chart .active > .frame { stroke: var(--chart-active); stroke-width: 1.5; }
.chart .active > .name { fill: var(--chart-active-text); }
`;

/** The style sheet of a picture. */
export function chartStyle(theme: Theme): string {
  switch (theme) {
    case 'light':
      return `\n.chart {${light}\n}${rules}`;
    case 'dark':
      return `\n.chart {${dark}\n}${rules}`;
    case 'auto':
      return `\n.chart {${light}\n}\n@media (prefers-color-scheme: dark) { .chart {${dark}\n} }${rules}`;
  }
}
