/** A report for a terminal: the verdict first, then what it rests on. */
import type { Violation } from '../check/verdict.ts';
import type { Report } from './report.ts';
import { countText, plainText, timeText } from './words.ts';

/** Colours a text, or leaves it as it is. */
export type Paint = (style: 'bold' | 'dim' | 'green' | 'red' | 'yellow', text: string) => string;

const colours = { held: 'green', violated: 'red', worthless: 'yellow', unseen: 'dim' } as const;

/** The part of a report that a table shows. */
export type Reported = Pick<Report, 'verdict' | 'durationMs' | 'isTorn'>;

function invariantRows({ verdict }: Reported, paint: Paint): string[] {
  return verdict.invariants.map(({ invariant, title, result, checked, violations }) => {
    const state = paint(colours[result], result.padEnd(8));
    const often = countText(result === 'violated' ? violations : checked).padStart(11);
    const unit = result === 'violated' ? 'broken ' : 'checked';
    const count = result === 'unseen' ? ' '.repeat(19) : `${often} ${unit}`;
    return `  ${invariant.padEnd(7)} ${state} ${count}  ${title}`;
  });
}

function violationLines(violation: Violation, startedAt: number, paint: Paint): string[] {
  const { invariant, message, call, sessionId, records, at } = violation;
  const ids = call
    ? `epoch ${call.epoch ?? '?'}, session ${call.sessionId}, turn ${call.turnId}, call ${call.callId}, request ${JSON.stringify(call.requestId)}`
    : `session ${sessionId ?? '?'}`;
  const proof = records.length === 0 ? '' : `, records ${records.join(', ')}`;
  const where = `at ${timeText(at - startedAt)}${proof}`;
  const whose = call || sessionId !== null ? [paint('dim', `     ${plainText(ids)}`)] : [];
  return [
    `  ${paint('red', invariant)} ${plainText(message)}`,
    paint('dim', `     ${plainText(where)}`),
    ...whose,
  ];
}

function figureLines({ verdict, durationMs }: Reported): string[] {
  const { calls, records, faults, latency, recovery, outcomes } = verdict;
  const spread = (name: string, { count, p50, p99, max }: typeof latency) =>
    count === 0
      ? []
      : [`  ${name.padEnd(9)} p50 ${timeText(p50)}, p99 ${timeText(p99)}, max ${timeText(max)}`];
  const ended = Object.entries(outcomes).map(([name, count]) => `${countText(count)} ${name}`);
  const happened = faults.map(({ fault, happened: count }) => `${countText(count)} ${fault}`);
  return [
    `  calls     ${countText(calls)} in ${timeText(durationMs)}, ${countText(records)} records`,
    ...(ended.length === 0 ? [] : [`  outcomes  ${ended.join(', ')}`]),
    ...spread('latency', latency),
    ...spread('recovery', recovery),
    ...(happened.length === 0 ? [] : [`  faults    ${plainText(happened.join(', '))}`]),
  ];
}

const headings = {
  held: 'held: every invariant that was put to the test',
  violated: 'violated',
  worthless: 'worthless: the history cannot show that the invariants held',
} as const;

/** The report as lines of text. Shows the first `violationsMax` violations. */
export function renderTable(
  report: Reported,
  paint: Paint = (_, text) => text,
  violationsMax = 20,
): string {
  const { verdict } = report;
  const { result, violations, reasons, notes, startedAt } = verdict;
  const all = verdict.invariants.reduce((sum, one) => sum + one.violations, 0);
  const seed = verdict.seed === null ? '' : `, seed ${verdict.seed}`;
  const shown = violations.slice(0, violationsMax);
  const omitted = all - shown.length;
  const torn = report.isTorn ? ['the last line was cut off and is left out'] : [];
  const lines = [
    paint('bold', `${plainText(verdict.source)} ${plainText(verdict.runId)}${seed}`),
    ...figureLines(report),
    '',
    ...invariantRows(report, paint),
    '',
    ...shown.flatMap((violation) => violationLines(violation, startedAt, paint)),
    ...(omitted > 0 ? [`  and ${countText(omitted)} more`] : []),
    ...(all > 0 ? [''] : []),
    ...reasons.map((reason) => `  ${paint('yellow', plainText(reason))}`),
    ...[...notes, ...torn].map((note) => paint('dim', `  ${plainText(note)}`)),
    paint(colours[result], headings[result]),
  ];
  return `${lines.join('\n')}\n`;
}
