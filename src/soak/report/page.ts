/**
 * A report as one page that opens anywhere: no network, no script, every text escaped. Its content
 * security policy allows nothing but its own style.
 */
import type { Violation } from '../check/verdict.ts';
import {
  faultLanes,
  gaugePlots,
  latencyPlot,
  outcomePlot,
  recoveryPlot,
  type Plot,
} from './plots.ts';
import type { Report } from './report.ts';
import { pageStyle } from './style.ts';
import { countText, escapeText, timeText } from './words.ts';

const headings = {
  held: 'Every invariant held',
  violated: 'Invariants were broken',
  worthless: 'The run proves nothing',
} as const;

function verdictCard({ verdict, header, isTorn }: Report): string {
  const { result, reasons, source, runId, seed, invariants } = verdict;
  const broken = invariants.filter((one) => one.result === 'violated');
  const names = broken.map((one) => one.invariant).join(', ');
  const title = broken.length > 0 ? `${headings[result]}: ${names}` : headings[result];
  const about = [
    source,
    `run ${runId}`,
    seed === null ? '' : `seed ${seed}`,
    header.time === 'virtual' ? 'virtual time' : startText(verdict.startedAt),
  ].filter((text) => text !== '');
  const torn = isTorn ? ['the last line of the history was cut off and is not part of this'] : [];
  const said = [...reasons, ...torn].map((text) => `<li>${escapeText(text)}</li>`).join('');
  const list = said === '' ? '' : `<ul class="small">${said}</ul>`;
  return `<div class="verdict ${result}"><h1>${escapeText(title)}</h1><p class="small soft">${escapeText(about.join(' · '))}</p>${list}</div>`;
}

function startText(at: number): string {
  const time = new Date(at);
  return Number.isNaN(time.getTime()) ? '' : `${time.toISOString().slice(0, 19)}Z`;
}

function figures({ verdict, durationMs }: Report): string {
  const { calls, records, latency, recovery, faults, invariants } = verdict;
  const happened = faults.reduce((sum, fault) => sum + fault.happened, 0);
  const violations = invariants.reduce((sum, one) => sum + one.violations, 0);
  const rows: readonly (readonly [string, string])[] = [
    ['calls', countText(calls)],
    ['violations', countText(violations)],
    ['faults', countText(happened)],
    ['duration', timeText(durationMs)],
    ['latency p50', latency.count === 0 ? '–' : timeText(latency.p50)],
    ['latency p99', latency.count === 0 ? '–' : timeText(latency.p99)],
    ['recovery p99', recovery.count === 0 ? '–' : timeText(recovery.p99)],
    ['records', countText(records)],
  ];
  const items = rows.map(([name, value]) => {
    const shown = escapeText(value);
    return `<div class="figure"><dt>${escapeText(name)}</dt><dd>${shown}</dd></div>`;
  });
  return `<dl class="figures">${items.join('')}</dl>`;
}

function violationItem(violation: Violation, startAt: number): string {
  const { invariant, message, call, sessionId, records, at } = violation;
  const ids = call
    ? [
        `epoch ${call.epoch ?? 'unknown'}`,
        `session ${call.sessionId}`,
        `turn ${call.turnId}`,
        `call ${call.callId}`,
        `request ${JSON.stringify(call.requestId)}`,
      ]
    : sessionId === null
      ? []
      : [`session ${sessionId}`];
  const proof = records.length === 0 ? '' : `records ${records.join(', ')}`;
  const where = [`at ${timeText(at - startAt)}`, proof, ...ids].filter((text) => text !== '');
  return `<li><strong>${invariant}</strong> ${escapeText(message)}<br><code class="ids">${escapeText(where.join(' · '))}</code></li>`;
}

function violationList(report: Report): string {
  const { verdict } = report;
  if (verdict.violations.length === 0) return '';
  const items = verdict.violations.map((one) => violationItem(one, verdict.startedAt));
  const all = verdict.invariants.reduce((sum, one) => sum + one.violations, 0);
  const omitted = all - items.length;
  const rest = omitted > 0 ? `<p class="small soft">and ${countText(omitted)} more</p>` : '';
  return `<section><header><h2>Violations</h2></header><ol class="violations">${items.join('')}</ol>${rest}</section>`;
}

function invariantTable({ verdict }: Report): string {
  const rows = verdict.invariants.map(({ invariant, title, result, checked, violations }) => {
    const state = `<td class="state ${result}">${result}</td>`;
    const numbers = [checked, violations].map((n) => `<td class="number">${countText(n)}</td>`);
    return `<tr><td><strong>${invariant}</strong></td><td>${escapeText(title)}</td>${state}${numbers.join('')}</tr>`;
  });
  const head =
    '<tr><th></th><th>invariant</th><th>result</th><th class="number">checked</th><th class="number">broken</th></tr>';
  return `<section><header><h2>Invariants</h2></header><div class="scroll"><table><thead>${head}</thead><tbody>${rows.join('')}</tbody></table></div></section>`;
}

function legendItem([name, words]: readonly [string, string]): string {
  const isFilled = name.startsWith('fill-') || name === 'fault-band';
  const dot = name === 'dot' ? '<circle class="dot" cx="8" cy="5" r="4"/>' : '';
  const sample = isFilled
    ? `<rect class="${name}" width="16" height="10" rx="2"/>`
    : dot || `<path class="line ${name}" d="M1 5h14"/>`;
  return `<li><svg viewBox="0 0 16 10" aria-hidden="true">${sample}</svg>${escapeText(words)}</li>`;
}

function plotSection(plot: Plot | null): string {
  if (!plot) return '';
  const { title, caption, legend, svg } = plot;
  const list =
    legend.length === 0 ? '' : `<ul class="legend">${legend.map(legendItem).join('')}</ul>`;
  const words = `<p class="small soft">${escapeText(caption)}</p>`;
  return `<section><header><h2>${escapeText(title)}</h2>${words}${list}</header><div class="plot" tabindex="0">${svg}</div></section>`;
}

function plotGroup(title: string, caption: string, plots: readonly Plot[]): string {
  if (plots.length === 0) return '';
  const items = plots.map(
    (plot) =>
      `<div><h3>${escapeText(plot.title)}</h3><p class="small soft">${escapeText(plot.caption)}</p>${plot.svg}</div>`,
  );
  return `<section><header><h2>${escapeText(title)}</h2><p class="small soft">${escapeText(caption)}</p></header><div class="pair">${items.join('')}</div></section>`;
}

function faultTable({ verdict }: Report): string {
  const missed = verdict.faults.filter(({ planned, happened }) => planned && happened === 0);
  const names = missed.map(({ fault }) => fault).join(', ');
  if (names === '') return '';
  return `<section><header><h2>Faults that never happened</h2></header><p>${escapeText(names)}</p></section>`;
}

function aboutRun({ header, verdict, faultsOmitted }: Report): string {
  const left = faultsOmitted > 0 ? [`${countText(faultsOmitted)} later faults are not drawn`] : [];
  const notes = [...verdict.notes, ...left].map((text) => `<li>${escapeText(text)}</li>`);
  const list = notes.length === 0 ? '' : `<ul class="small">${notes.join('')}</ul>`;
  const about = escapeText(JSON.stringify(header.about)).replaceAll(',&quot;', ',\n &quot;');
  return `<section><details><summary>About this run</summary>${list}<pre>${about}</pre></details></section>`;
}

/** The page as HTML. */
export function renderPage(report: Report): string {
  const { memory, queues } = gaugePlots(report);
  const title = `${headings[report.verdict.result]} – ${report.verdict.source} ${report.verdict.runId}`;
  const levels = 'The highest of all processes in each stretch of time.';
  const body = [
    verdictCard(report),
    figures(report),
    violationList(report),
    plotSection(latencyPlot(report)),
    plotSection(outcomePlot(report)),
    plotSection(faultLanes(report)),
    plotSection(recoveryPlot(report)),
    plotGroup('Queues, caches, timers', levels, queues),
    plotGroup('Memory', levels, memory),
    invariantTable(report),
    faultTable(report),
    aboutRun(report),
  ].join('\n');
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="content-security-policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeText(title)}</title>
<style>${pageStyle}</style>
</head>
<body>
<main>
${body}
</main>
</body>
</html>
`;
}
