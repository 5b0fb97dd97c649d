/** I5: queues, caches, timers, sockets and memory stay within their bounds, and go back to idle. */
import type { HistoryEventOf } from '../../history/record.ts';
import type { Findings } from './findings.ts';
import type { RunFacts } from './run-facts.ts';

type Gauges = HistoryEventOf<'world.gauges'>;
type Bound = HistoryEventOf<'world.bound'>;

/** Samples, and calls they must span, before a straight line through them says anything. */
const samplesMin = 10;
const callsMin = 1_000;

/** The sums of a straight line through samples of a level over calls. */
interface Line {
  count: number;
  x: number;
  y: number;
  xx: number;
  xy: number;
  firstX: number;
  lastX: number;
  firstSeq: number;
}

interface Level {
  readonly process: string;
  readonly gauge: string;
  value: number;
  seq: number;
  at: number;
  /** The phase in which it was sampled last is `idle`. */
  isIdle: boolean;
  isBroken: boolean;
  readonly line: Line;
}

function slopeOf({ count, x, y, xx, xy }: Line): number {
  const spread = count * xx - x * x;
  return spread === 0 ? 0 : (count * xy - x * y) / spread;
}

function extend(line: Line, x: number, y: number, seq: number): void {
  if (line.count === 0) {
    line.firstX = x;
    line.firstSeq = seq;
  }
  line.count += 1;
  line.lastX = x;
  line.x += x;
  line.y += y;
  line.xx += x * x;
  line.xy += x * y;
}

/** The levels of a run and their bounds. */
export class Bounds {
  readonly #bounds = new Map<string, Bound>();
  readonly #levels = new Map<string, Level>();

  onBound(event: Bound): void {
    this.#bounds.set(event.gauge, event);
  }

  onGauges(run: RunFacts, findings: Findings, event: Gauges, seq: number): void {
    for (const [gauge, value] of Object.entries(event.values)) {
      const level = this.#level(event.process, gauge);
      level.value = value;
      level.seq = seq;
      level.at = run.at;
      level.isIdle = run.phase === 'idle';
      if (run.phase !== 'warm-up') extend(level.line, run.measured, value, seq);
      const max = this.#bounds.get(gauge)?.max ?? null;
      if (max === null) continue;
      findings.checked('I5');
      if (value <= max || level.isBroken) continue;
      level.isBroken = true;
      const message = `${gauge} of ${event.process} was ${value}, above its bound of ${max}`;
      findings.violated('I5', message, { at: run.at, records: [seq] });
    }
  }

  finish(run: RunFacts, findings: Findings): void {
    const idleSeen = new Set<string>();
    for (const level of this.#levels.values()) {
      const bound = this.#bounds.get(level.gauge);
      if (!bound) continue;
      const { idleMax, perCallMax } = bound;
      if (idleMax !== null && level.isIdle) {
        idleSeen.add(level.gauge);
        this.#checkIdle(findings, level, idleMax);
      }
      if (perCallMax !== null) this.#checkGrowth(findings, level, perCallMax);
    }
    for (const { gauge, idleMax } of this.#bounds.values()) {
      if (idleMax === null || idleSeen.has(gauge) || run.phase !== 'idle') continue;
      findings.worthless(`${gauge} was never measured while the run was idle`);
    }
  }

  #checkIdle(findings: Findings, level: Level, idleMax: number): void {
    findings.checked('I5');
    if (level.value <= idleMax) return;
    const { gauge, process, value, at, seq } = level;
    const message = `${gauge} of ${process} was still ${value} when all was done, above ${idleMax}`;
    findings.violated('I5', message, { at, records: [seq] });
  }

  #checkGrowth(findings: Findings, { gauge, process, line, at, seq }: Level, max: number): void {
    if (line.count < samplesMin || line.lastX - line.firstX < callsMin) return;
    findings.checked('I5');
    const slope = slopeOf(line);
    if (slope <= max) return;
    const grown = `${slope.toPrecision(3)} for each call, above ${max}`;
    const message = `${gauge} of ${process} grew by ${grown}`;
    findings.violated('I5', message, { at, records: [line.firstSeq, seq] });
  }

  #level(process: string, gauge: string): Level {
    const key = `${process} ${gauge}`;
    const known = this.#levels.get(key);
    if (known) return known;
    const line = { count: 0, x: 0, y: 0, xx: 0, xy: 0, firstX: 0, lastX: 0, firstSeq: 0 };
    const none = { value: 0, seq: 0, at: 0, isIdle: false, isBroken: false };
    const level: Level = { process, gauge, ...none, line };
    this.#levels.set(key, level);
    return level;
  }
}
